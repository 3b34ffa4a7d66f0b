"""Students' answers and attempts in the admin."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnly, RelatedFilter, RulesAdmin, RulesInline
from books.models import Feedback
from grading import graders, points
from grading.models import Answer, Attempt, RegradedAttempt
from grading.scores import kept, reasons
from grading.scores.kept import Pair


class _GivenAdmin(ReadOnly, RulesAdmin):
    """The common base for answers and attempts, which can be viewed but not changed."""

    listed_for = "grading.export_gradebook"

    list_select_related = ("enrollment__user", "enrollment__course", "question__page")
    linked_filters: tuple[str, ...] = ("enrollment",)
    search_fields = ("enrollment__user__email", "enrollment__user__last_name", "question__label")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        choices = Feedback.objects.choices().only("question_id", "key", "answer")
        given: QuerySet[Any] = super().get_queryset(request)
        return given.prefetch_related(Prefetch("question__feedback", choices))

    @admin.display(description=_("student"), ordering="enrollment__user__last_name")
    def student(self, given: Answer | Attempt) -> str:
        return str(given.enrollment.user)

    @admin.display(description=_("course"), ordering="enrollment__course__name")
    def course(self, given: Answer | Attempt) -> str:
        return str(given.enrollment.course)

    @admin.display(description=_("page"), ordering="question__page__position")
    def page(self, given: Answer | Attempt) -> str:
        return str(given.question.page)

    @admin.display(description=_("answer"))
    def words(self, given: Answer | Attempt) -> str:
        choices = list(given.question.feedback.all())
        return graders.in_words(given.string, given.question, choices)

    @admin.display(description=_("answer"), ordering="string")
    def short(self, given: Answer | Attempt) -> str:
        return Truncator(self.words(given)).chars(80)


class WaitsFilter(admin.SimpleListFilter):
    title = _("waits for a person")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.ungraded() if self.value() == "yes" else queryset


@admin.register(Answer)
class AnswerAdmin(_GivenAdmin):
    list_display = ("student", "course", "page", "question", "short", "earned", "answered_at")
    list_filter = (
        WaitsFilter,
        ("enrollment__course", RelatedFilter),
        "question__grader",
        "answered_at",
    )
    linked_filters = ("enrollment", "question")
    ordering = ("-answered_at", "-pk")
    fields = ("enrollment", "page", "question", "words", "earned", "why", "answered_at", "acts")

    @admin.display(description=_("points"), ordering="points")
    def earned(self, answer: Answer) -> str:
        if answer.attempt_id is None and answer.points is None:
            return ""
        return points.in_words(answer.points, answer.question.points_possible)

    @admin.display(description=_("how they came about"))
    def why(self, answer: Answer) -> str:
        return "; ".join(reasons.in_words(answer.reasons))

    @admin.display(description=_("attempts and points"))
    def acts(self, answer: Answer) -> SafeString:
        """Links to what the score is derived from, and to what a person can do about it."""
        student = f"enrollment__id__exact={answer.enrollment_id}"
        here = f"{student}&question__id__exact={answer.question_id}"
        new = f"enrollment={answer.enrollment_id}&question={answer.question_id}"
        links = [
            ("admin:grading_attempt_changelist", here, gettext("Attempts")),
            ("admin:grading_override_changelist", here, gettext("Points set so far")),
            ("admin:grading_override_add", new, gettext("Set points")),
        ]
        if answer.attempt_id is not None:
            grade = ("admin:grading_grade_add", f"attempt={answer.attempt_id}", gettext("Grade"))
            links.insert(1, grade)
        return links_to(links)


class RegradedInline(ReadOnly, RulesInline):
    """What an attempt earns in the regrades of its course, the newest of which counts."""

    model = RegradedAttempt
    fields = ("reason", "at", "points", "undone_at")
    readonly_fields = fields
    verbose_name_plural = _("Regrades")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegradedAttempt]:
        rows: QuerySet[RegradedAttempt] = super().get_queryset(request)
        return rows.select_related("regrade").order_by("regrade")

    @admin.display(description=_("reason"))
    def reason(self, row: RegradedAttempt) -> str:
        return row.regrade.reason

    @admin.display(description=_("regraded"))
    def at(self, row: RegradedAttempt) -> datetime:
        return row.regrade.created_at

    @admin.display(description=_("undone"))
    def undone_at(self, row: RegradedAttempt) -> datetime | None:
        return row.regrade.undone_at


@admin.register(Attempt)
class AttemptAdmin(_GivenAdmin):
    inlines = (RegradedInline,)
    list_display = ("student", "course", "page", "question", "short", "points", "received_at")
    list_filter = (("enrollment__course", RelatedFilter), "received_at")
    linked_filters = ("enrollment", "question")
    ordering = ("-pk",)
    fields = (
        "enrollment", "page", "question", "words", "points", "earned", "received_at", "acts",
    )  # fmt: skip

    @admin.display(description=_("points by now"))
    def earned(self, attempt: Attempt) -> str:
        """What the attempt earns before hints and lateness, and who gave it."""
        pair = Pair(attempt.enrollment_id, attempt.question_id)
        own = next(one for one in kept.attempts_at(pair) if one.pk == attempt.pk)
        earned = points.in_words(own.raw.points, attempt.question.points_possible)
        return "; ".join([earned, *reasons.in_words(own.reasons)])

    @admin.display(description=_("grades"))
    def acts(self, attempt: Attempt) -> SafeString:
        of_attempt = f"attempt__id__exact={attempt.pk}"
        return links_to(
            [
                ("admin:grading_grade_changelist", of_attempt, gettext("Grades so far")),
                ("admin:grading_grade_add", f"attempt={attempt.pk}", gettext("Grade")),
            ]
        )


def links_to(links: list[tuple[str, str, str]]) -> SafeString:
    """Return links, each given by the name of its view, its query and its text."""
    return format_html_join(
        " · ",
        '<a href="{}?{}">{}</a>',
        ((reverse(view), query, text) for view, query, text in links),
    )
