"""Students' answers and attempts in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnly, RelatedFilter, RulesAdmin, RulesInline
from books.models import Feedback
from grading import graders, points
from grading.models import Answer, Attempt, Regrade


class _GivenAdmin(ReadOnly, RulesAdmin):
    """The common base for answers and attempts, which can be viewed but not changed."""

    listed_for = "grading.export_gradebook"

    list_select_related = ("enrollment__user", "enrollment__course", "question__page")
    linked_filters = ("enrollment",)
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


class RegradeInline(ReadOnly, RulesInline):
    """The values of an answer before it was regraded."""

    model = Regrade
    fields = ("created_at", "string", "points", "reason")
    readonly_fields = fields
    verbose_name_plural = _("Before it was regraded")


@admin.register(Answer)
class AnswerAdmin(_GivenAdmin):
    inlines = (RegradeInline,)
    list_display = ("student", "course", "page", "question", "short", "earned", "answered_at")
    list_filter = (
        WaitsFilter,
        ("enrollment__course", RelatedFilter),
        "question__grader",
        "answered_at",
    )
    ordering = ("-answered_at", "-pk")
    fields = ("enrollment", "page", "question", "words", "earned", "answered_at")

    @admin.display(description=_("points"), ordering="points")
    def earned(self, answer: Answer) -> str:
        return points.in_words(answer.counted_points, answer.question.points_possible)


@admin.register(Attempt)
class AttemptAdmin(_GivenAdmin):
    list_display = ("student", "course", "page", "question", "short", "points", "created_at")
    list_filter = (("enrollment__course", RelatedFilter), "created_at")
    ordering = ("-pk",)
    fields = ("enrollment", "page", "question", "words", "points", "created_at")
