from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import RelatedFilter
from annotations import moderation
from annotations.admin.base import InboxAdmin, IsSetFilter, KnownChoicesFilter
from annotations.models import Annotation, ProblemReport

Status = ProblemReport.Status


@admin.register(ProblemReport)
class ProblemReportAdmin(InboxAdmin):
    """Problem reports by readers of a book, with the status that its authors give them."""

    listed_for = "accounts.enter_admin"
    list_display = (
        "short", "status", "problem", "passage", "in_the_text", "book", "who", "replies",
        "written_on",
    )  # fmt: skip
    list_filter = (
        ("status", KnownChoicesFilter),
        ("problem", KnownChoicesFilter),
        ("book", RelatedFilter),
        ("page", RelatedFilter),
        ("displaced_at", IsSetFilter),
    )
    search_fields = ("body", "quote", "page__title")
    fieldsets = (
        (None, {"fields": ("problem", "whole_passage", "text", "thread", "status", "reply")}),
        (
            _("About it"),
            {"fields": ("book", "in_the_text", "displaced", "who", "written_on")},
        ),
    )
    written = ("reply", "status")
    actions = ("accept", "mark_fixed", "decline")

    @admin.display(description=_("reporter"), ordering="user__last_name")
    def who(self, note: Annotation) -> str:
        return note.user.get_full_name()

    @admin.display(description=_("passage"))
    def displaced(self, report: ProblemReport) -> str:
        """Whether an edition has changed or removed the passage since the report, and when."""
        if report.displaced_at is None:
            return gettext("has not changed since the report")
        day = {"day": date_format(report.displaced_at, "SHORT_DATE_FORMAT")}
        gone, changed = gettext("has been gone since %(day)s"), gettext("has changed on %(day)s")
        return (gone if report.is_orphan else changed) % day

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "status" in form.changed_data:
            moderation.set_status(ProblemReport.objects.get(pk=obj.pk), obj.status)

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "status":
            kwargs["choices"] = Status.choices[1:]
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        if field is not None and db_field.name == "status":
            field.required = True  # the empty status is for notes that are not reports
        return field

    def _each(self, request: HttpRequest, reports: QuerySet[Any], status: str) -> None:
        mine = list(reports)
        for report in mine:
            moderation.set_status(report, status)
        text = _("Reports changed: %(n)d.") % {"n": len(mine)}
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Accept"), permissions=["change"])
    def accept(self, request: HttpRequest, reports: QuerySet[ProblemReport]) -> None:
        self._each(request, reports, Status.ACCEPTED)

    @admin.action(description=_("Mark as fixed, and tell the reporter"), permissions=["change"])
    def mark_fixed(self, request: HttpRequest, reports: QuerySet[ProblemReport]) -> None:
        self._each(request, reports, Status.FIXED)

    @admin.action(description=_("Decline"), permissions=["change"])
    def decline(self, request: HttpRequest, reports: QuerySet[ProblemReport]) -> None:
        self._each(request, reports, Status.DECLINED)
