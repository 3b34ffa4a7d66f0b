"""Releases in the admin, which are read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnly, RulesAdmin
from books.admin.links import count_of
from books.models import Book, Release


@admin.register(Release)
class ReleaseAdmin(ReadOnly, RulesAdmin):
    list_display = ("created_at", "project", "number", "made_by", "summary", "is_current")
    list_filter = ("project",)
    list_select_related = ("created_by",)
    fields = ("project", "created_at", "made_by", "summary", "folder")
    readonly_fields = fields
    change_form_template = "admin/books/release/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        releases: QuerySet[Release] = super().get_queryset(request).defer("files", "names")
        return releases.annotate(book_count=count_of(Book, "release"))

    @admin.display(description=_("number"), ordering="pk")
    def number(self, release: Release) -> int:
        """Return what `sphinx_sync --release` takes."""
        return release.pk

    @admin.display(description=_("live"))
    def is_current(self, release: Any) -> str:
        return gettext("Yes") if release.book_count else ""
