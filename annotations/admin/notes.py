from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import RelatedFilter
from accounts.http import signed_in
from annotations import course_export, moderation
from annotations.admin.base import InboxAdmin, IsSetFilter, KnownChoicesFilter
from annotations.models import Annotation, SharedNote

MODERATING = ("resolve", "reopen", "hide", "show", "pin", "unpin")


def _action(act: moderation.Act) -> Callable[..., None]:
    """Return an admin action that carries out an act on all selected notes."""

    @admin.action(description=act.label, permissions=["change"])
    def carry_out(
        model_admin: "SharedNoteAdmin", request: HttpRequest, notes: QuerySet[SharedNote]
    ) -> None:
        living = Annotation.objects.visible_to(request.user).filter(deleted_at=None)
        selected = list(living.filter(pk__in=notes.order_by().values("pk")))
        for note in selected:
            act.carry_out(note, signed_in(request))
        text = _("Notes changed: %(n)d.") % {"n": len(selected)}
        model_admin.message_user(request, text, messages.SUCCESS)

    carry_out.__name__ = act.name  # the value that the form sends
    return carry_out


@admin.register(SharedNote)
class SharedNoteAdmin(InboxAdmin):
    """Notes that are shared with the instructors of a course, or with the whole course."""

    listed_for = "grading.export_gradebook"
    list_display = (
        "short", "passage", "who", "in_the_text", "course", "audience", "replies", "marks",
        "written_on",
    )  # fmt: skip
    list_filter = (
        ("course", RelatedFilter),
        ("page", RelatedFilter),
        ("user", RelatedFilter),
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
                    "marks", "written_on",
                )
            },
        ),
    )  # fmt: skip
    actions = (
        *(_action(moderation.ACTS[name]) for name in MODERATING),
        "export",
    )

    @admin.display(description=_("marks"), ordering="resolved_at")
    def marks(self, note: SharedNote) -> str:
        """Return in words what has been done with the note."""
        marks = {
            gettext("resolved"): note.resolved_at,
            gettext("hidden"): note.hidden_at,
            gettext("pinned"): note.pinned,
            gettext("to be reviewed"): note.flagged,
        }
        return ", ".join(mark for mark, is_set in marks.items() if is_set)

    @admin.action(description=_("Export with replies (CSV)"), permissions=["view"])
    def export(self, request: HttpRequest, notes: QuerySet[SharedNote]) -> HttpResponse:
        response = HttpResponse(course_export.as_csv(notes), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="course-notes.csv"'
        return response
