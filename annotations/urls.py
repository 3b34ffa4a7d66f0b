from django.urls import path

from annotations import views

urlpatterns = [
    path("notes/", views.notes, name="notes"),
    path("notes/export.<str:kind>", views.export, name="export-notes"),
    path("notes/letters/", views.reply_letters, name="reply-letters"),
    path("notes/letters/<str:token>/", views.stop_letters, name="stop-note-letters"),
    path("notes/<uuid:uuid>/as-it-was/", views.as_it_was, name="note-as-it-was"),
]
