from django.urls import path

from books import views

urlpatterns = [
    path("books/<slug:project>/<path:path>", views.read, name="reader"),
    path("preview/<str:token>/<path:path>", views.preview, name="preview"),
]
