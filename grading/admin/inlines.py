"""The inlines at the bottom of a course's page: instructors and question switches."""

from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import access, mail
from accounts.admin.base import RulesInline, may
from accounts.http import signed_in
from books.models import Question
from grading import invitations, rules
from grading.models import Instructor, Interactive, Invitation


class InstructorInline(RulesInline):
    """The current instructors: they are removed here, and appointed in `AppointInline`."""

    model = Instructor
    fields = ("user",)
    readonly_fields = ("user",)
    verbose_name_plural = _("Instructors")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # For this course, not for any: an author sees its instructors but cannot remove them.
        return may(request, "grading.export_gradebook", obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instructor]:
        rows: QuerySet[Instructor] = super().get_queryset(request).select_related("user")
        return rows


class AppointForm(forms.ModelForm):
    """Appoints an instructor by e-mail address, without revealing whether it has an account."""

    class Meta:
        model = Invitation
        fields = ("email",)

    def clean_email(self) -> str:
        email: str = mail.check_address(self.cleaned_data["email"].lower())
        self.instance.role = Invitation.Role.INSTRUCTOR
        if self.instance.course_id:
            reasons = invitations.reasons_against(self.instance.course, self.instance.role)
            if email in reasons:
                raise forms.ValidationError(reasons[email])
        return email


class AppointFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        emails = [form.cleaned_data.get("email", "") for form in self.forms]
        given = [email for email in emails if email]
        if len(set(given)) < len(given):
            raise forms.ValidationError(_("The same person is listed twice."))
        course = self.instance
        if len(given) > 1 and not (course.pk and course.instructors.exists()):
            raise forms.ValidationError(_("Appoint one instructor, who appoints the others."))


class AppointInline(RulesInline):
    """Appoints instructors. Existing invitations are not shown."""

    model = Invitation
    form = AppointForm
    formset = AppointFormSet
    verbose_name = _("instructor")
    verbose_name_plural = _("Appoint an instructor")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if obj is None:
            return may(request, "grading.add_course")  # the first instructor of a new course
        return may(request, "grading.add_instructor", obj)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_add_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        return Invitation.objects.none()


class InteractiveForm(forms.ModelForm):
    class Meta:
        model = Interactive
        fields = ("question", *rules.OF_QUESTION)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        question = self.cleaned_data.get("question")
        if question and question.page.book_id != self.instance.course.book_id:
            raise forms.ValidationError(_("This question is not in the course's book."))
        switched = Interactive.objects.filter(course=self.instance.course_id, question=question)
        if question and switched.exists():
            raise forms.ValidationError(_("This question is already listed above."))
        return cleaned


class InteractiveFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        questions = [form.cleaned_data.get("question") for form in self.forms]
        given = [question.pk for question in questions if question]
        if len(set(given)) < len(given):
            raise forms.ValidationError(_("The same question is listed twice."))


class InteractiveInline(RulesInline):
    """The existing switches.

    Their questions are text, since a widget for each would query the database for its label.
    """

    model = Interactive
    fields = ("question", *rules.OF_QUESTION)
    readonly_fields = ("question",)
    verbose_name_plural = _("Questions with rules of their own")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Shown even if there is no switch yet, so that the names of the form fields stay the same.
        return may(request, "grading.add_interactive", obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interactive]:
        rows: QuerySet[Interactive] = super().get_queryset(request).select_related("question__page")
        return rows


class NewInteractiveInline(RulesInline):
    """Adds switches. The existing ones are shown by `InteractiveInline`."""

    model = Interactive
    form = InteractiveForm
    formset = InteractiveFormSet
    autocomplete_fields = ("question",)
    verbose_name = _("question")
    verbose_name_plural = _("Set rules for a question")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interactive]:
        return Interactive.objects.none()

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "question":
            mine = access.rows(signed_in(request), "books.view_question")
            kwargs["queryset"] = Question.objects.filter(mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
