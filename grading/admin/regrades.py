"""Regrades: made after a look at what changes, listed, and undone."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access
from accounts.admin.base import RelatedFilter, may
from accounts.http import signed_in
from books.admin.links import count_of
from grading.admin.given import KeptAdmin
from grading.errors import GradingError
from grading.models import Course, Regrade, RegradedAttempt
from grading.regrade import regrade, regrades, report


class RegradeForm(forms.Form):
    """A regrade; `shown` identifies what the person has been shown, empty before that."""

    course = forms.ModelChoiceField(Course.objects.none(), label=gettext_lazy("Course"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Shown to other instructors."), max_length=1_000,
    )  # fmt: skip
    only_raise = forms.BooleanField(label=gettext_lazy("Only raise points"), required=False)
    shown = forms.CharField(widget=forms.HiddenInput(), required=False)


@dataclass(frozen=True)
class Preview:
    """What a regrade would do: lines for people, and what identifies it."""

    lines: tuple[str, ...]
    mark: str
    is_empty: bool


@admin.register(Regrade)
class RegradeAdmin(KeptAdmin):
    list_display = ("reason", "course", "attempts", "only_raise", "who", "created_at",
                    "undone_at")  # fmt: skip
    list_filter = (("course", RelatedFilter), "undone_at")
    list_select_related = ("course", "created_by")
    ordering = ("-pk",)
    actions = ("undo_regrades",)
    fields = (
        "course",
        "reason",
        "only_raise",
        "created_by",
        "created_at",
        "undone_by",
        "undone_at",
    )

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, "grading.add_regrade")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Show what a regrade of a course would change and, once that was shown, write it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RegradeForm(request.POST or None, initial={"course": request.GET.get("course")})
        chooser: Any = form.fields["course"]
        mine = access.rows(signed_in(request), "grading.add_regrade")
        chooser.queryset = Course.objects.filter(mine).order_by("name")
        preview = None
        if request.method == "POST" and form.is_valid():
            plan, preview = self.preview(form)
            if form.cleaned_data["shown"] == preview.mark and not preview.is_empty:
                return self.write(request, plan, form)
            data = request.POST.copy()
            data["shown"] = preview.mark
            form.data = data
        context = self.admin_site.each_context(request) | {
            "opts": self.opts, "form": form, "preview": preview, "title": _("Regrade a course"),
        }  # fmt: skip
        return render(request, "admin/grading/regrade/add.html", context)

    def preview(self, form: RegradeForm) -> tuple[regrade.Regrading, Preview]:
        course = form.cleaned_data["course"]
        materials = regrade.of_course(course)
        plan = regrade.compute(materials, course=course, only_raise=form.cleaned_data["only_raise"])
        lines = report.describe(plan, materials, is_wanted=True).lines
        points = [
            (*change.pair, change.before.points, change.after.points) for change in plan.changes
        ]
        mark = str(points)
        digest = hashlib.sha256(mark.encode()).hexdigest()[:16]
        return plan, Preview(lines, digest, plan.is_empty)

    def write(
        self, request: HttpRequest, plan: regrade.Regrading, form: RegradeForm
    ) -> HttpResponse:
        given = form.cleaned_data
        try:
            regrades.run(plan, given["course"], given["reason"], signed_in(request))
        except GradingError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            text = _("The course was regraded. To take it back, choose Undo here.")
            self.message_user(request, text, messages.SUCCESS)
        return redirect("admin:grading_regrade_changelist")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Regrade]:
        rows: QuerySet[Regrade] = super().get_queryset(request)
        return rows.annotate(attempt_count=count_of(RegradedAttempt, "regrade"))

    @admin.display(description=gettext_lazy("attempts"), ordering="attempt_count")
    def attempts(self, regrade: Any) -> int:
        count: int = regrade.attempt_count
        return count

    @admin.action(description=gettext_lazy("Undo"), permissions=["end"])
    def undo_regrades(self, request: HttpRequest, rows: QuerySet[Regrade]) -> None:
        by = signed_in(request)
        self.each(request, rows, lambda row: regrades.undo(row, by), _("Regrades undone: %(n)d."))
