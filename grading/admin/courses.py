"""Courses in the admin. Instructors see only their own."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.admin.base import RelatedFilter, RulesAdmin, may
from accounts.http import signed_in
from books.admin.links import count_of, list_link
from books.models import Book
from grading import enrolling, gradebook_files, invitations, rules, time_zones
from grading.admin.answers import links_to
from grading.admin.inlines import (
    AppointInline,
    InstructorInline,
    InteractiveInline,
    NewInteractiveInline,
)
from grading.models import Answer, Course, Enrollment, Interactive, Invitation


class CourseActionForm(ActionForm):
    file_format = forms.ChoiceField(
        label=_("as"),
        choices=[(name, name.upper()) for name in gradebook_files.FORMATS],
        required=False,
    )


@admin.register(Course)
class CourseAdmin(RulesAdmin):
    list_display = ("name", "book", "students", "answers", "opens_at", "closes_at", "join_link")
    list_filter = (("book", RelatedFilter),)
    list_select_related = ("book",)
    search_fields = ("name", "book__title", "join_code")
    readonly_fields = ("students", "answers", "join_page", "points")
    fieldsets = (
        (None, {"fields": ("name", "book", "price", "join_page")}),
        (_("People"), {"fields": ("students", "answers", "seat_limit")}),
        (_("Time"), {"fields": ("time_zone", "opens_at", "closes_at")}),
        (
            _("Answers"),
            {"fields": ("attempts_policy", "attempt_limit", "allows_tries", "points")},
        ),
        (_("Notes"), {"fields": ("course_notes", "notes_after", "notes_from")}),
    )
    inlines = (InstructorInline, AppointInline, InteractiveInline, NewInteractiveInline)
    # Without the fields that need an existing course.
    add_fieldsets = (
        (None, {"fields": ("name", "book", "price", "seat_limit")}),
        fieldsets[2],
        (_("Answers"), {"fields": ("attempts_policy", "attempt_limit", "allows_tries")}),
        fieldsets[4],
    )
    actions = ("export_gradebook", "draw_join_codes")
    action_form = CourseActionForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        courses: QuerySet[Course] = super().get_queryset(request)
        return courses.annotate(
            student_count=_students(), answer_count=count_of(Answer, "enrollment__course")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the fields that the person cannot edit.

        Only authors set the book and the price. The book of an existing course cannot be changed.
        """
        if obj is None:
            return ()
        is_author = may(request, "grading.add_course", obj.book)
        return (*self.readonly_fields, "book", *(() if is_author else ("price",)))

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "book":
            mine = access.rows(signed_in(request), "grading.add_course")
            kwargs["queryset"] = Book.objects.exclude(url="").filter(mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else (AppointInline,)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may(request, "grading.export_gradebook")

    @admin.action(description=_("Export gradebook"), permissions=["export"])
    def export_gradebook(
        self, request: HttpRequest, courses: QuerySet[Course]
    ) -> HttpResponse | None:
        """Return the gradebook's file, or show an error unless one taught course is selected."""
        mine = courses.filter(access.rows(signed_in(request), "grading.export_gradebook"))
        if mine.count() != 1 or courses.count() != 1:
            what = _("Select one course that you teach: each gradebook is for one course.")
            self.message_user(request, what, messages.ERROR)
            return None
        course = mine.get()
        file_format = request.POST.get("file_format") or "csv"
        if file_format not in gradebook_files.FORMATS:
            file_format = "csv"
        content_type = gradebook_files.FORMATS[file_format]().get_content_type()
        response = HttpResponse(
            gradebook_files.export(course, file_format), content_type=content_type
        )
        name = gradebook_files.file_name(course, file_format)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @admin.action(
        description=_("Draw a new join code (the old one stops working)"), permissions=["change"]
    )
    def draw_join_codes(self, request: HttpRequest, courses: QuerySet[Course]) -> None:
        count = enrolling.draw_join_codes(courses)
        self.message_user(request, _("Join codes drawn: %(n)d.") % {"n": count}, messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Course, form: Any, change: bool) -> None:
        """Save a course; its rules for points are changed with history, and scores follow."""
        if change:
            values = {name: getattr(obj, name) for name in rules.OF_COURSE}
            rules.change_course(obj, signed_in(request), **values)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows of an inline.

        Rules of questions are changed with history, and scores follow. The invitations that this
        form creates are sent; one to oneself takes effect at once.
        """
        if formset.model is Interactive:
            for row in formset.save(commit=False):
                values = {name: getattr(row, name) for name in rules.OF_QUESTION}
                rules.change_questions(row.course, [row.question], signed_in(request), **values)
            rules.forget_questions(formset.deleted_objects, signed_in(request))
            return
        super().save_formset(request, form, formset, change)
        if formset.model is Invitation:
            invitations.accept_all(signed_in(request))
            invitations.mail_later([invitation.pk for invitation in formset.new_objects])

    @admin.display(description=_("students"), ordering="student_count")
    def students(self, course: Any) -> SafeString | str:
        query = f"course__id__exact={course.pk}&status__exact=active"
        return list_link(Enrollment, query, course.student_count)

    @admin.display(description=_("answers"), ordering="answer_count")
    def answers(self, course: Any) -> SafeString | str:
        query = f"enrollment__course__id__exact={course.pk}"
        return list_link(Answer, query, course.answer_count)

    @admin.display(description=_("points"))
    def points(self, course: Course) -> SafeString:
        """Links to what people give beside the graders."""
        here = f"course__id__exact={course.pk}"
        of_student = f"enrollment__{here}"
        return links_to(
            [
                ("admin:grading_regrade_add", f"course={course.pk}", gettext("Regrade")),
                ("admin:grading_regrade_changelist", here, gettext("Regrades")),
                ("admin:grading_override_changelist", of_student, gettext("Overrides")),
                (
                    "admin:grading_grade_changelist",
                    f"attempt__enrollment__{here}",
                    gettext("Grades"),
                ),
                ("admin:grading_rulechange_changelist", here, gettext("Changes of rules")),
            ]
        )

    @admin.display(description=_("join code"))
    def join_link(self, course: Course) -> SafeString:
        return format_html('<a href="{}">{}</a>', course.get_absolute_url(), course.join_code)

    @admin.display(description=_("join page"))
    def join_page(self, course: Course) -> SafeString:
        """The address that students are given, with a button that copies it."""
        address = settings.BOOKBINDER_SITE_URL + course.get_absolute_url()
        return format_html(
            '<a href="{0}">{0}</a> <button type="button" class="button" data-copy="{0}"'
            ' data-copied="{2}">{1}</button>',
            address, gettext("Copy"), gettext("Copied."),
        )  # fmt: skip

    class Media:
        css = {"all": ("books/admin/admin.css",)}
        js = (forms.Script("books/admin/copy.js", type="module"),)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer the time zones to choose from, by region; type the first letters to find one."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "time_zone":
            return forms.ChoiceField(
                label=field.label,
                initial=field.initial,
                choices=time_zones.choices,
                validators=field.validators,
            )
        return field


def _students() -> Any:
    enrollments = Enrollment.objects.filter(course=OuterRef("pk")).in_gradebook().order_by()
    counted = enrollments.values("course").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
