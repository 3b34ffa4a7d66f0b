from django.contrib import admin
from django.urls import include, path, re_path

from bookbinder.site import api, pages

urlpatterns = [
    path("", pages.bookshelf, name="bookshelf"),
    path("books/<slug:project>/", pages.project, name="project"),
    path("books/<slug:project>/<str:folder>/", pages.book, name="book"),
    path("", include("books.urls")),
    path("answer/<slug:project>/<path:docname>", pages.answer, name="answer"),
    path("", include("grading.urls")),
    path("", include("annotations.urls")),
    path("", include("billing.urls")),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/", api.api.urls),
    re_path(r"^api/[\s\S]*\Z", api.nothing),
    path("healthz", api.healthz, name="healthz"),
    path("readyz", api.readyz, name="readyz"),
]
