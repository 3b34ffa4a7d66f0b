"""Books, pages and questions in the admin. Rows come from builds; titles, order, prices and
feedback are edited here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.admin import ReadOnly, RulesAdmin, RulesInline
from books import editing
from books.models import Author, Book, Feedback, Page, Question, Release


def count_of(model: type[Model], path: str) -> Coalesce:
    """Return the number of `model` rows whose `path` is this row: a subquery, so no join grows."""
    rows = model._default_manager.filter(**{path: OuterRef("pk")}).order_by().values(path)
    counted = rows.annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def list_link(model: type[Model], query: str, text: object) -> SafeString:
    """Return a link to the list of `model` rows that `query` filters."""
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, query, text)


class AuthorInline(RulesInline):
    model = Author
    autocomplete_fields = ("user",)


class PageInline(ReadOnly, RulesInline):
    model = Page
    fields = ("title", "url", "index", "access", "source_id")
    show_change_link = True

    def permission(self, act: str) -> str:
        return "books.change_page"


@admin.register(Book)
class BookAdmin(RulesAdmin):
    list_display = ("title", "project", "url", "pages", "questions", "price", "is_published")
    list_filter = ("project",)
    search_fields = ("title", "project", "url")
    fields = ("title", "source_title", "price", "project", "url", "release")
    readonly_fields = ("source_title", "project", "url", "release")
    inlines = (AuthorInline, PageInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        books: QuerySet[Book] = super().get_queryset(request).select_related("release")
        return books.annotate(
            page_count=count_of(Page, "book"), question_count=count_of(Question, "page__book")
        )

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # a book comes from a build

    @admin.display(description=_("pages"), ordering="page_count")
    def pages(self, book: Any) -> SafeString:
        return list_link(Page, f"book__id__exact={book.pk}", book.page_count)

    @admin.display(description=_("questions"), ordering="question_count")
    def questions(self, book: Any) -> SafeString:
        return list_link(Question, f"page__book__id__exact={book.pk}", book.question_count)

    @admin.display(description=_("published"), boolean=True)
    def is_published(self, book: Book) -> bool:
        return book.release_id is not None


class QuestionInline(ReadOnly, RulesInline):
    model = Question
    fields = ("label", "grader", "points_possible", "prompt")
    show_change_link = True


@admin.register(Page)
class PageAdmin(RulesAdmin):
    list_display = ("title", "book", "url", "index", "access", "questions")
    list_filter = (("book", admin.RelatedOnlyFieldListFilter), "access")
    list_select_related = ("book",)
    search_fields = ("title", "url", "source_id")
    ordering = ("book__title", "position")
    fields = (
        "title",
        "source_title",
        "index",
        "source_index",
        "book",
        "url",
        "source_id",
        "access",
    )
    readonly_fields = ("source_title", "source_index", "book", "url", "source_id", "access")
    inlines = (QuestionInline,)

    def permission(self, act: str) -> str:
        # To read a page in the book is another right than to see it here.
        return "books.change_page" if act == "view" else super().permission(act)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Page]:
        pages: QuerySet[Page] = super().get_queryset(request)
        return pages.annotate(question_count=count_of(Question, "page"))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=_("questions"), ordering="question_count")
    def questions(self, page: Any) -> SafeString:
        return list_link(Question, f"page__id__exact={page.pk}", page.question_count)

    def view_on_site(self, page: Page) -> str:
        return page.get_absolute_url()


class PointsFormField(forms.DecimalField):
    def to_python(self, value: Any) -> Any:
        """A signalling NaN raises where it is compared, which Django does at once."""
        if isinstance(value, str) and "nan" in value.lower():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class FeedbackForm(forms.ModelForm):
    """An answer foreseen and the reply to it. A changed reply is Markdown from then on."""

    points = PointsFormField(min_value=0, max_digits=8, decimal_places=2, initial=0)

    class Meta:
        model = Feedback
        fields = ("answer", "points", "text")
        widgets = {
            "answer": forms.Textarea(attrs={"rows": 2, "cols": 24}),
            "text": forms.Textarea(attrs={"rows": 4, "cols": 48}),
        }

    def clean_answer(self) -> str:
        answer: str = self.cleaned_data["answer"]
        if self.instance.question_id:
            editing.check_answer(self.instance.question, answer)
        return answer

    def save(self, commit: bool = True) -> Any:
        if "text" in self.changed_data:
            editing.set_reply(self.instance, self.cleaned_data["text"])
        return super().save(commit)


class FeedbackInline(RulesInline):
    model = Feedback
    form = FeedbackForm
    fields = ("answer", "points", "text", "shown", "origin", "markup")
    readonly_fields = ("shown", "origin", "markup")
    verbose_name_plural = _("Feedback: a reply that you change is Markdown from then on")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # A choice's text stands in the page, where an edit here would not change it.
        is_choice = obj is not None and obj.grader in editing.WITH_CHOICES
        return (*self.readonly_fields, "answer") if is_choice else self.readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and not editing.takes_new_feedback(obj):
            return False
        return super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and not editing.takes_new_feedback(obj):
            return False
        return super().has_delete_permission(request, obj)

    @admin.display(description=_("as shown"))
    def shown(self, feedback: Feedback) -> SafeString:
        # The author's own build made it, or our renderer, which sanitises.
        return mark_safe(feedback.feedback)  # nosec B308 B703


@admin.register(Question)
class QuestionAdmin(RulesAdmin):
    list_display = ("label", "page", "grader", "points_possible", "feedback_rows", "short_prompt")
    list_filter = (("page__book", admin.RelatedOnlyFieldListFilter), "grader")
    list_select_related = ("page__book",)
    search_fields = ("label", "prompt", "page__title", "page__url")
    ordering = ("page__book__title", "page__position", "index")
    linked_filters = ("page",)
    fields = ("label", "page", "grader", "points_possible", "prompt", "options")
    readonly_fields = fields
    inlines = (FeedbackInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        questions: QuerySet[Question] = super().get_queryset(request)
        return questions.annotate(feedback_count=count_of(Feedback, "question"))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # with its answers, by a sync that asks

    @admin.display(description=_("feedback"), ordering="feedback_count")
    def feedback_rows(self, question: Any) -> int:
        return int(question.feedback_count)

    @admin.display(description=_("prompt"))
    def short_prompt(self, question: Question) -> str:
        return question.prompt[:80]


@admin.register(Release)
class ReleaseAdmin(ReadOnly, RulesAdmin):
    list_display = ("project", "created_at", "created_by", "summary")
    list_filter = ("project",)
    list_select_related = ("created_by",)
    fields = ("project", "created_at", "created_by", "summary", "folder")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        releases: QuerySet[Release] = super().get_queryset(request).defer("files")
        return releases
