from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.http import signed_in
from annotations import course_export, moderation
from annotations.admin.base import InboxAdmin, IsSetFilter, KnownChoicesFilter
from annotations.models import Annotation, SharedNote


@admin.register(SharedNote)
class SharedNoteAdmin(InboxAdmin):
    """What students share with their instructors, or with the whole course."""

    listed_for = "grading.export_gradebook"
    list_display = (
        "short", "passage", "who", "in_the_text", "course", "audience", "replies", "is_resolved",
        "is_hidden", "flagged", "written_on",
    )  # fmt: skip
    list_filter = (
        ("course", admin.RelatedOnlyFieldListFilter),
        ("page", admin.RelatedOnlyFieldListFilter),
        ("user", admin.RelatedOnlyFieldListFilter),
        ("audience", KnownChoicesFilter),
        ("motivation", KnownChoicesFilter),
        ("resolved_at", IsSetFilter),
        "flagged",
        ("hidden_at", IsSetFilter),
        "state",
    )
    search_fields = ("body", "quote", "user__last_name", "user__email", "page__title")
    fieldsets = (
        (None, {"fields": ("whole_passage", "text", "thread", "reply")}),
        (
            _("About it"),
            {
                "fields": (
                    "who", "course", "audience", "anonymous", "in_the_text", "state", "tagged",
                    "is_resolved", "is_hidden", "pinned", "flagged", "written_on",
                )
            },
        ),
    )  # fmt: skip
    actions = ("resolve", "reopen", "hide", "show", "pin", "unpin", "export")

    @admin.display(description=_("resolved"), boolean=True, ordering="resolved_at")
    def is_resolved(self, note: SharedNote) -> bool:
        return note.resolved_at is not None

    @admin.display(description=_("hidden"), boolean=True, ordering="hidden_at")
    def is_hidden(self, note: SharedNote) -> bool:
        return note.hidden_at is not None

    def _each(self, request: HttpRequest, notes: QuerySet[Any], act: moderation.Act) -> None:
        shared = notes.order_by().values("pk")
        living = Annotation.objects.visible_to(request.user).filter(deleted_at=None)
        mine = list(living.filter(pk__in=shared))
        for note in mine:
            act(note, signed_in(request))
        told = _("Notes changed: %(n)d.") % {"n": len(mine)}
        self.message_user(request, told, messages.SUCCESS)

    @admin.action(description=_("Mark as resolved"), permissions=["change"])
    def resolve(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> None:
        self._each(request, notes, moderation.resolve)

    @admin.action(description=_("Reopen"), permissions=["change"])
    def reopen(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> None:
        self._each(request, notes, moderation.reopen)

    @admin.action(description=_("Hide from the course"), permissions=["change"])
    def hide(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> None:
        self._each(request, notes, moderation.hide)

    @admin.action(description=_("Show to the course"), permissions=["change"])
    def show(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> None:
        self._each(request, notes, moderation.show)

    @admin.action(description=_("Pin"), permissions=["change"])
    def pin(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> None:
        self._each(request, notes, moderation.pin)

    @admin.action(description=_("Unpin"), permissions=["change"])
    def unpin(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> None:
        self._each(request, notes, moderation.unpin)

    @admin.action(description=_("Export with replies (CSV)"), permissions=["view"])
    def export(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> HttpResponse:
        response = HttpResponse(course_export.as_csv(notes), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="course-notes.csv"'
        return response
