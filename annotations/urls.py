from django.urls import path

from annotations import views
from annotations.plain import views as plain

urlpatterns = [
    path("notes/", views.notes, name="notes"),
    path("notes/export.<str:kind>", views.export, name="export-notes"),
    path("notes/letters/", views.reply_letters, name="reply-letters"),
    path("notes/letters/<str:token>/", views.stop_letters, name="stop-note-letters"),
    path("notes/<uuid:uuid>/as-it-was/", views.as_it_was, name="note-as-it-was"),
    path("notes/on/<slug:project>/<path:docname>", plain.notes_on_page, name="page-notes"),
    path("notes/<uuid:uuid>/change/", plain.change_note, name="change-note"),
    path("notes/<uuid:uuid>/reply/", plain.reply_to_note, name="reply-to-note"),
    path("notes/<uuid:uuid>/delete/", plain.delete_note, name="delete-note"),
    path("notes/<uuid:uuid>/do/<slug:act>/", plain.act_on_note, name="act-on-note"),
]
