"""What people give beside the graders: points that are set, grades and changed rules.

The rows are kept as they are. Each list has an action that ends or undoes what it lists.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access
from accounts.admin.base import ReadOnly, RelatedFilter, RulesAdmin, may
from accounts.http import signed_in
from books.models import Question
from grading import graders, grades, overrides, rules
from grading.errors import GradingError
from grading.models import (
    Attempt,
    Enrollment,
    Grade,
    Override,
    RuleChange,
)
from grading.points import plain


class KeptAdmin(ReadOnly, RulesAdmin):
    """The common base: rows are added by a form or not at all, and never changed or deleted."""

    listed_for = "grading.export_gradebook"

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the form again if somebody has changed something between its check and the act."""
        try:
            return super().add_view(request, form_url, extra_context)
        except GradingError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect(request.get_full_path())

    @admin.display(description=gettext_lazy("by"), ordering="created_by__last_name")
    def who(self, row: Any) -> str:
        return row.created_by.get_full_name() if row.created_by else ""

    def has_end_permission(self, request: HttpRequest) -> bool:
        return may(request, self.permission("change"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return a form that knows who fills it in; for an existing row, one without fields."""
        if obj is not None:
            return super().get_form(request, obj, form=forms.ModelForm, **kwargs)
        form: Any = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"by": signed_in(request)})

    def each(
        self, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object], text: str
    ) -> None:
        """Do something to each row, and say to how many; errors are shown."""
        count = 0
        for row in rows:
            try:
                act(row)
            except GradingError as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                count += 1
        if count:
            self.message_user(request, text % {"n": count}, messages.SUCCESS)


class OverrideForm(forms.ModelForm):
    class Meta:
        model = Override
        fields = ("enrollment", "question", "points", "reason", "is_private")

    by: Any = None  # set by the admin class

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given: list[Any] = [cleaned.get(name) for name in ("enrollment", "question", "points")]
        if None not in given:
            try:
                overrides.check(given[0], given[1], given[2], self.by)
            except overrides.OverrideError as error:
                raise forms.ValidationError(str(error)) from None
        return cleaned


@admin.register(Override)
class OverrideAdmin(KeptAdmin):
    form = OverrideForm
    list_display = ("student", "question", "points", "reason", "who", "created_at",
                    "ended_at")  # fmt: skip
    list_filter = (("enrollment__course", RelatedFilter), "ended_at")
    linked_filters = ("enrollment", "question")
    list_select_related = ("enrollment__user", "enrollment__course", "question__page", "created_by")
    search_fields = ("enrollment__user__email", "enrollment__user__last_name", "question__label")
    autocomplete_fields = ("enrollment", "question")
    ordering = ("-pk",)
    actions = ("end_overrides",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, "grading.add_override")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.form.Meta.fields
        return (*self.form.Meta.fields, "created_by", "created_at", "ended_by", "ended_at")

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        user = signed_in(request)
        if db_field.name == "enrollment":
            mine = access.rows(user, "grading.add_override")
            kwargs["queryset"] = Enrollment.objects.filter(mine)
        if db_field.name == "question":
            mine = access.rows(user, "books.view_question")
            kwargs["queryset"] = Question.objects.filter(mine).select_related("page")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Override, form: Any, change: bool) -> None:
        given = overrides.give(
            obj.enrollment, obj.question, obj.points, signed_in(request), obj.reason,
            is_private=obj.is_private,
        )  # fmt: skip
        obj.pk = given.pk
        if obj.points > obj.question.points_possible:
            text = _("These are more points than the %(n)s that are possible.")
            possible = {"n": plain(obj.question.points_possible)}
            self.message_user(request, text % possible, messages.WARNING)

    @admin.display(description=gettext_lazy("student"), ordering="enrollment__user__last_name")
    def student(self, override: Override) -> str:
        return str(override.enrollment.user)

    @admin.action(description=gettext_lazy("End: let the answers count again"), permissions=["end"])
    def end_overrides(self, request: HttpRequest, rows: QuerySet[Override]) -> None:
        by = signed_in(request)
        self.each(request, rows, lambda row: overrides.end(row, by), _("Overrides ended: %(n)d."))


class GradeForm(forms.ModelForm):
    """A grade of an attempt; `seen` is the key of the grade that the form was made with."""

    student = forms.CharField(
        label=gettext_lazy("Student"), disabled=True, required=False,
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
    )  # fmt: skip
    asked = forms.CharField(
        label=gettext_lazy("Question"), disabled=True, required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )  # fmt: skip
    answer = forms.CharField(
        label=gettext_lazy("Answer"), disabled=True, required=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
    )  # fmt: skip
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput())

    class Meta:
        model = Grade
        fields = ("attempt", "points", "comment")
        widgets = {"attempt": forms.HiddenInput()}

    by: Any = None  # set by the admin class

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.data.get("attempt") or self.initial.get("attempt")
        chooser: Any = self.fields["attempt"]
        attempts = chooser.queryset
        attempt = attempts.filter(pk=chosen).first() if str(chosen).isdigit() else None
        if attempt is not None:
            self.show(attempt)

    def show(self, attempt: Attempt) -> None:
        """Say what is graded, and fill in the current grade."""
        question = attempt.question
        words = graders.in_words(attempt.string, question, list(question.feedback.all()))
        current = grades.current(attempt)
        self.initial.update(
            student=attempt.enrollment.user,
            asked=question.prompt or question,
            answer=words,
            seen=current and current.pk,
        )
        if current is not None:
            self.initial.update(points=current.points, comment=current.comment)
        possible = _("Of %(n)s that are possible.") % {"n": plain(question.points_possible)}
        self.fields["points"].help_text = possible

    def clean(self) -> dict[str, Any] | None:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        attempt, points = cleaned.get("attempt"), cleaned.get("points")
        if attempt is None:
            text = _("Open this form from an attempt that you may grade.")
            raise forms.ValidationError(text)
        if points is None:
            return cleaned
        try:
            grades.check(attempt, points, self.by)
        except grades.GradeError as error:
            raise forms.ValidationError(str(error)) from None
        current = grades.current(attempt)
        if (current.pk if current else None) != cleaned.get("seen"):
            # Sent again, it replaces what this message tells of.
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            data["seen"] = "" if current is None else str(current.pk)
            self.data = data
            raise forms.ValidationError(str(grades.GradedMeanwhile(current)))
        return cleaned


@admin.register(Grade)
class GradeAdmin(KeptAdmin):
    form = GradeForm
    list_display = ("student", "question", "points", "comment", "who", "created_at",
                    "ended_at")  # fmt: skip
    list_filter = (("attempt__enrollment__course", RelatedFilter), "ended_at")
    linked_filters = ("attempt",)
    list_select_related = ("attempt__enrollment__user", "attempt__question__page", "created_by")
    search_fields = ("attempt__enrollment__user__email", "attempt__question__label")
    ordering = ("-pk",)
    actions = ("end_grades",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, "grading.add_grade")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("student", "asked", "answer", "points", "comment", "attempt", "seen")
        kept = ("points", "comment", "created_by", "created_at", "ended_by", "ended_at")
        return ("student", "question", *kept)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "attempt":
            mine = access.rows(signed_in(request), "grading.add_grade")
            attempts = Attempt.objects.filter(mine)
            kwargs["queryset"] = attempts.select_related("enrollment__user", "question")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Grade, form: Any, change: bool) -> None:
        given = grades.give(
            obj.attempt, obj.points, signed_in(request), obj.comment,
            seen=form.cleaned_data["seen"],
        )  # fmt: skip
        obj.pk = given.pk

    @admin.display(description=gettext_lazy("student"))
    def student(self, grade: Grade) -> str:
        return str(grade.attempt.enrollment.user)

    @admin.display(description=gettext_lazy("question"))
    def question(self, grade: Grade) -> str:
        return str(grade.attempt.question)

    @admin.action(
        description=gettext_lazy("End: let the grader's points count"), permissions=["end"]
    )
    def end_grades(self, request: HttpRequest, rows: QuerySet[Grade]) -> None:
        by = signed_in(request)
        self.each(request, rows, lambda row: grades.end(row, by), _("Grades ended: %(n)d."))


@admin.register(RuleChange)
class RuleChangeAdmin(KeptAdmin):
    list_display = ("course", "question", "rule", "before", "after", "reason", "who",
                    "created_at")  # fmt: skip
    list_filter = (("course", RelatedFilter), "name")
    list_select_related = ("course", "question__page", "created_by")
    ordering = ("-pk",)
    actions = ("undo_changes",)
    fields = ("course", "question", "rule", "before", "after", "reason", "created_by", "created_at")

    @admin.display(description=gettext_lazy("rule"), ordering="name")
    def rule(self, change: RuleChange) -> str:
        return rules.label(change.name)

    @admin.action(description=gettext_lazy("Undo"), permissions=["end"])
    def undo_changes(self, request: HttpRequest, rows: QuerySet[RuleChange]) -> None:
        by = signed_in(request)
        self.each(request, rows, lambda row: rules.undo(row, by), _("Changes undone: %(n)d."))
