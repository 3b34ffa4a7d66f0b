"""Courses and answers in the admin: each instructor sees their own."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Count, IntegerField, Model, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.admin import ReadOnly, RulesAdmin, RulesInline, may
from accounts.http import signed_in
from accounts.models import User
from books.admin import count_of, list_link
from books.models import Book, Feedback, Question
from grading import enrolling, graders, points, resources
from grading.models import Answer, Attempt, Course, Enrollment, Instructor, Interactive


class InstructorForm(forms.ModelForm):
    """Appoints by e-mail: no list of people for who has no right to see one."""

    email = forms.EmailField(label=_("e-mail"))

    class Meta:
        model = Instructor
        fields = ()

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("Nobody with this address can be appointed."))
        self.instance.user = user
        return email

    def clean(self) -> dict[str, Any] | None:
        same = Instructor.objects.filter(course=self.instance.course_id, user=self.instance.user_id)
        if same.exists():
            raise forms.ValidationError(_("This person teaches the course already."))
        return super().clean()


class InstructorFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        emails = [form.cleaned_data.get("email", "").lower() for form in self.forms]
        given = [email for email in emails if email]
        if len(set(given)) < len(given):
            raise forms.ValidationError(_("The same person stands here twice."))


class InstructorInline(RulesInline):
    """Who teaches now: dismissed here, appointed below."""

    model = Instructor
    fields = ("user",)
    readonly_fields = ("user",)
    verbose_name_plural = _("Instructors")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instructor]:
        rows: QuerySet[Instructor] = super().get_queryset(request).select_related("user")
        return rows


class NewInstructorInline(RulesInline):
    model = Instructor
    form = InstructorForm
    formset = InstructorFormSet
    fields = ("email",)
    verbose_name = _("instructor")
    verbose_name_plural = _("Appoint an instructor")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if obj is None:
            return may(request, "grading.add_course")  # with a new course, its first instructor
        return super().has_add_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instructor]:
        return Instructor.objects.none()


class InteractiveForm(forms.ModelForm):
    class Meta:
        model = Interactive
        fields = ("question", "enabled", "provide_feedback")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        question = self.cleaned_data.get("question")
        if question and question.page.book_id != self.instance.course.book_id:
            raise forms.ValidationError(_("This question is not in the course's book."))
        return cleaned


class InteractiveInline(RulesInline):
    """The switches there are. Their questions are text: a widget each would ask for its label."""

    model = Interactive
    fields = ("question", "enabled", "provide_feedback")
    readonly_fields = ("question",)
    verbose_name_plural = _("Questions switched off, or without feedback")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Also where there is no switch yet, so that the forms keep their names.
        return may(request, "grading.add_interactive", obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interactive]:
        rows: QuerySet[Interactive] = super().get_queryset(request).select_related("question__page")
        return rows


class NewInteractiveInline(RulesInline):
    model = Interactive
    form = InteractiveForm
    autocomplete_fields = ("question",)
    verbose_name = _("question to switch")
    verbose_name_plural = _("Switch a question")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interactive]:
        return Interactive.objects.none()

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "question":
            mine = access.rows(signed_in(request), "books.view_question")
            kwargs["queryset"] = Question.objects.filter(mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class CourseActionForm(ActionForm):
    file_format = forms.ChoiceField(
        label=_("as"),
        choices=[(name, name.upper()) for name in resources.FORMATS],
        required=False,
    )


@admin.register(Course)
class CourseAdmin(RulesAdmin):
    list_display = ("name", "book", "students", "answers", "opens_at", "closes_at", "join_link")
    list_filter = (("book", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("book",)
    search_fields = ("name", "book__title", "join_code")
    readonly_fields = ("students", "answers", "join_link")
    fieldsets = (
        (None, {"fields": ("name", "book", "price", "join_code", "join_link")}),
        (_("People"), {"fields": ("students", "answers", "seat_limit")}),
        (_("Time"), {"fields": ("time_zone", "opens_at", "closes_at")}),
        (_("Answers and notes"), {"fields": ("attempts_policy", "attempt_limit", "course_notes")}),
    )
    inlines = (InstructorInline, NewInstructorInline, InteractiveInline, NewInteractiveInline)
    # What is known of a course only once it is there.
    add_fieldsets = (
        (None, {"fields": ("name", "book", "price", "seat_limit")}),
        *fieldsets[2:],
    )
    actions = ("export_gradebook",)
    action_form = CourseActionForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        courses: QuerySet[Course] = super().get_queryset(request)
        return courses.annotate(
            student_count=_students(), answer_count=count_of(Answer, "enrollment__course")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Book and price are an author's to set; the book stays once the course is made."""
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
        return self.inlines if obj else (NewInstructorInline,)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return may(request, "grading.export_gradebook")

    @admin.action(description=_("Export gradebook"), permissions=["export"])
    def export_gradebook(
        self, request: HttpRequest, courses: QuerySet[Course]
    ) -> HttpResponse | None:
        mine = courses.filter(access.rows(signed_in(request), "grading.export_gradebook"))
        if mine.count() != 1 or courses.count() != 1:
            what = _("Select one course: a gradebook is a file of one course that you teach.")
            self.message_user(request, what, messages.ERROR)
            return None
        course = mine.get()
        file_format = request.POST.get("file_format") or "csv"
        if file_format not in resources.FORMATS:
            file_format = "csv"
        content_type = resources.FORMATS[file_format]().get_content_type()
        response = HttpResponse(resources.export(course, file_format), content_type=content_type)
        name = resources.file_name(course, file_format)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @admin.display(description=_("students"), ordering="student_count")
    def students(self, course: Any) -> SafeString | str:
        query = f"course__id__exact={course.pk}&status__exact=active"
        return list_link(Enrollment, query, course.student_count)

    @admin.display(description=_("answers"), ordering="answer_count")
    def answers(self, course: Any) -> SafeString | str:
        query = f"enrollment__course__id__exact={course.pk}"
        return list_link(Answer, query, course.answer_count)

    @admin.display(description=_("join page"))
    def join_link(self, course: Course) -> SafeString:
        try:
            return format_html('<a href="{}">{}</a>', course.get_absolute_url(), course.join_code)
        except NoReverseMatch:
            return format_html("{}", course.join_code)  # as typed, and refused


def _students() -> Any:
    places = Enrollment.objects.filter(course=OuterRef("pk")).in_gradebook().order_by()
    counted = places.values("course").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@admin.register(Enrollment)
class EnrollmentAdmin(RulesAdmin):
    list_display = ("user", "course", "origin", "status", "created_at", "answers")
    list_filter = (("course", admin.RelatedOnlyFieldListFilter), "status", "origin")
    list_select_related = ("course", "user")
    search_fields = ("user__email", "user__last_name", "user__first_name", "course__name")
    ordering = ("course__name", "user__last_name", "user__first_name")
    autocomplete_fields = ("user", "course")
    fields = ("course", "user", "origin", "status", "created_at", "ended_at")
    actions = ("end_places", "restore_places")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrollment]:
        places: QuerySet[Enrollment] = super().get_queryset(request)
        return places.annotate(answer_count=count_of(Answer, "enrollment"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # A place is ended and restored by the actions, which keep the date.
        return self.fields if obj else ("status", "created_at", "ended_at")

    @admin.display(description=_("answers"), ordering="answer_count")
    def answers(self, place: Any) -> SafeString:
        return list_link(Answer, f"enrollment__id__exact={place.pk}", place.answer_count)

    @admin.action(description=_("End the places (answers stay)"), permissions=["change"])
    def end_places(self, request: HttpRequest, places: QuerySet[Enrollment]) -> None:
        count = enrolling.end(places)
        self.message_user(request, _("Places ended: %(n)d.") % {"n": count}, messages.SUCCESS)

    @admin.action(description=_("Restore ended places"), permissions=["change"])
    def restore_places(self, request: HttpRequest, places: QuerySet[Enrollment]) -> None:
        count = enrolling.restore(places)
        self.message_user(request, _("Places restored: %(n)d.") % {"n": count}, messages.SUCCESS)


class _GivenAdmin(ReadOnly, RulesAdmin):
    """What students gave: read, never written."""

    list_select_related = ("enrollment__user", "enrollment__course", "question__page")
    linked_filters = ("enrollment",)
    search_fields = ("enrollment__user__email", "enrollment__user__last_name", "question__label")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        choices = Feedback.objects.filter(key__isnull=False).only("question_id", "key", "answer")
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


@admin.register(Answer)
class AnswerAdmin(_GivenAdmin):
    list_display = ("student", "course", "page", "question", "short", "earned", "answered_at")
    list_filter = (
        ("enrollment__course", admin.RelatedOnlyFieldListFilter),
        "question__grader",
        "answered_at",
    )
    ordering = ("-answered_at", "-pk")
    fields = ("enrollment", "page", "question", "words", "earned", "answered_at")

    @admin.display(description=_("points"), ordering="points")
    def earned(self, answer: Answer) -> str:
        return points.told(answer.counted_points, answer.question.points_possible)


@admin.register(Attempt)
class AttemptAdmin(_GivenAdmin):
    list_display = ("student", "course", "page", "question", "short", "points", "created_at")
    list_filter = (("enrollment__course", admin.RelatedOnlyFieldListFilter), "created_at")
    ordering = ("-pk",)
    fields = ("enrollment", "page", "question", "words", "points", "created_at")
