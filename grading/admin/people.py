"""Enrollments and invitations in the admin."""

import io
import zipfile
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from import_export.admin import ImportMixin
from import_export.forms import ConfirmImportForm, ImportForm
from import_export.tmp_storages import CacheStorage

from accounts import access
from accounts.admin.base import RelatedFilter, RulesAdmin
from accounts.http import signed_in
from books.admin.links import count_of, list_link
from grading import enrolling, invitations, roster
from grading.models import Answer, Course, Enrollment, Invitation

SHOWN = 20  # rows that were left out, in a message


class GrantForm(forms.ModelForm):
    """An enrollment that an admin, who may see all accounts, grants by hand."""

    class Meta:
        model = Enrollment
        fields = ("course", "user")

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk:
            return super().clean()  # existing enrollments are not changed here
        course = self.cleaned_data.get("course")
        self.instance.origin = Enrollment.Origin.GRANTED
        if course is not None:
            try:
                enrolling.check_seats(enrolling.lock(course.pk))
            except enrolling.EnrollError as error:
                raise forms.ValidationError(str(error)) from None
        return super().clean()


@admin.register(Enrollment)
class EnrollmentAdmin(RulesAdmin):
    listed_for = "grading.export_gradebook"
    list_display = ("user", "course", "origin", "status", "created_at", "answers")
    list_filter = (("course", RelatedFilter), "status", "origin")
    list_select_related = ("course", "user")
    search_fields = ("user__email", "user__last_name", "user__first_name", "course__name")
    ordering = ("course__name", "user__last_name", "user__first_name")
    autocomplete_fields = ("user", "course")
    form = GrantForm
    fields = ("course", "user", "origin", "status", "created_at", "ended_at")
    actions = ("end_enrollments", "restore_enrollments")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrollment]:
        enrollments: QuerySet[Enrollment] = super().get_queryset(request)
        return enrollments.annotate(answer_count=count_of(Answer, "enrollment"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Enrollments are ended and restored by the actions, which also set the date.
        return self.fields if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields if obj else ("course", "user")

    @admin.display(description=_("answers"), ordering="answer_count")
    def answers(self, enrollment: Any) -> SafeString:
        return list_link(Answer, f"enrollment__id__exact={enrollment.pk}", enrollment.answer_count)

    @admin.action(description=_("End the enrollments (answers stay)"), permissions=["change"])
    def end_enrollments(self, request: HttpRequest, enrollments: QuerySet[Enrollment]) -> None:
        count = enrolling.end(enrollments)
        self.message_user(request, _("Enrollments ended: %(n)d.") % {"n": count}, messages.SUCCESS)

    @admin.action(description=_("Restore ended enrollments"), permissions=["change"])
    def restore_enrollments(self, request: HttpRequest, enrollments: QuerySet[Enrollment]) -> None:
        try:
            count = enrolling.restore(enrollments)
        except enrolling.EnrollError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.message_user(
            request, _("Enrollments restored: %(n)d.") % {"n": count}, messages.SUCCESS
        )


class RosterForm(ImportForm):
    course = forms.ModelChoiceField(Course.objects.none(), label=_("Course"))
    field_order = ("course", "import_file", "format")

    def clean_import_file(self) -> Any:
        """Return the file. Raises ValidationError if it is too large to be read quickly."""
        file = self.cleaned_data["import_file"]
        roster.check_size(file)
        file.seek(0)
        return file


class ConfirmRosterForm(ConfirmImportForm):
    course = forms.ModelChoiceField(Course.objects.none(), widget=forms.HiddenInput())
    format = forms.ChoiceField(choices=[("0", "csv"), ("1", "xlsx")], widget=forms.HiddenInput())
    resource = forms.ChoiceField(choices=[("0", "0")], required=False, widget=forms.HiddenInput())

    def clean(self) -> dict[str, Any] | None:
        """Check that the file from the preview is still there and has the given format.

        It is kept for an hour.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        name = cleaned.get("import_file_name")
        data = CacheStorage(name=name).read() if name else None
        is_sheet = isinstance(data, bytes) and zipfile.is_zipfile(io.BytesIO(data))
        if data is None or is_sheet != (cleaned.get("format") == "1"):
            raise forms.ValidationError(_("The file is no longer available. Upload it again."))
        return cleaned


@admin.register(Invitation)
class InvitationAdmin(ImportMixin, RulesAdmin):
    listed_for = "grading.export_gradebook"
    list_display = ("email", "course", "role", "created_at", "mailed_at", "accepted_at")
    list_filter = (("course", RelatedFilter), "role")
    list_select_related = ("course",)
    search_fields = ("email", "course__name")
    ordering = ("course__name", "email")
    fields = ("email", "course", "role", "invited_by", "created_at", "mailed_at", "accepted_at")
    actions = ("send_again",)
    resource_classes = (roster.RosterResource,)
    import_form_class = RosterForm
    confirm_form_class = ConfirmRosterForm
    import_template_name = "admin/grading/invitation/import.html"
    skip_import_confirm = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # added by a roster, which reserves the seats

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_import_formats(self) -> list[type[Any]]:
        return [roster.RosterCSV, roster.RosterXLSX]

    def _courses(self, request: HttpRequest) -> QuerySet[Course]:
        mine = access.rows(signed_in(request), "grading.add_invitation")
        return Course.objects.filter(mine).select_related("book")

    def create_import_form(self, request: HttpRequest) -> Any:
        form = super().create_import_form(request)
        form.fields["course"].queryset = self._courses(request)
        return form

    def create_confirm_form(self, request: HttpRequest, import_form: Any = None) -> Any:
        form = super().create_confirm_form(request, import_form)
        form.fields["course"].queryset = self._courses(request)
        return form

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        if import_form:
            initial["course"] = import_form.cleaned_data["course"].pk
        return initial

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        # Without a valid form, the resource is needed only for the names of its columns.
        given = getattr(kwargs.get("form"), "cleaned_data", {})
        return {"course": given.get("course", Course()), "invited_by": signed_in(request)}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        # The preview shows, for each row that is left out, the reason.
        ours = {"rollback_on_validation_errors": True, "retain_instance_in_row_result": True}
        return super().get_import_data_kwargs(**kwargs) | ours

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """Send the e-mails, or say that the course has changed so that nobody was invited."""
        if result.has_errors() or result.has_validation_errors():
            what = _("The course has changed meanwhile: nobody was invited. Upload the file again.")
            self.message_user(request, what, messages.ERROR)
            return redirect("admin:grading_invitation_import")
        if result.faults:
            left_out = ngettext(
                "%(n)d row was left out: %(rows)s",
                "%(n)d rows were left out: %(rows)s",
                len(result.faults),
            )
            told = [f"{fault.email} ({fault.reason})" for fault in result.faults[:SHOWN]]
            rows = ", ".join(told) + (", …" if len(result.faults) > SHOWN else "")
            self.message_user(
                request, left_out % {"n": len(result.faults), "rows": rows}, messages.WARNING
            )
        new = [row.object_id for row in result if row.is_new()]
        sent = invitations.send(Invitation.objects.filter(pk__in=new))
        if sent < len(new):
            what = _("%(n)d e-mails could not be sent: choose Send the e-mail again.")
            self.message_user(request, what % {"n": len(new) - sent}, messages.WARNING)
        return super().process_result(result, request)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.faults))
        own = path("import/faults/", view, name="grading_invitation_faults")
        return [own, *super().get_urls()]

    def faults(self, request: HttpRequest) -> HttpResponse:
        """Return the rows of the file in the preview that cannot be taken, as a file to mend."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        if not form.is_valid():
            self.message_user(request, form.non_field_errors().as_text(), messages.ERROR)
            return redirect("admin:grading_invitation_import")
        data = CacheStorage(name=form.cleaned_data["import_file_name"]).read()
        dataset = self.get_import_formats()[int(form.cleaned_data["format"])]().create_dataset(data)
        resource = roster.RosterResource(form.cleaned_data["course"], signed_in(request))
        resource.import_data(dataset, dry_run=True, retain_instance_in_row_result=True)
        response = HttpResponse(roster.as_file(resource.faults), content_type="text/csv")
        response["Content-Disposition"] = 'attachment; filename="left-out.csv"'
        return response

    @admin.action(description=_("Send the e-mail again"), permissions=["delete"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        sent = invitations.send(rows)
        self.message_user(request, _("E-mails sent: %(n)d.") % {"n": sent}, messages.SUCCESS)
