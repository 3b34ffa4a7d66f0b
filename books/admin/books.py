"""Books and pages in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnly, RelatedFilter, RulesInline
from books.admin.conflicts import ConflictsAdmin, ConflictsFilter
from books.admin.links import count_of, list_link
from books.models import Author, Book, Page, Question


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
class BookAdmin(ConflictsAdmin):
    list_display = (
        "title", "project", "pages", "questions", "price", "published", "conflict_count",
    )  # fmt: skip
    list_filter = (ConflictsFilter, "project")
    search_fields = ("title", "project", "url")
    fields = ("title", "source_title", "price", "project", "url", "release")
    readonly_fields = ("source_title", "project", "url", "release")
    inlines = (AuthorInline, PageInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        books: QuerySet[Book] = super().get_queryset(request).select_related("release")
        books = books.defer("release__files", "release__names")
        return books.annotate(
            page_count=count_of(Page, "book"), question_count=count_of(Question, "page__book")
        )

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # books come from builds

    @admin.display(description=_("pages"), ordering="page_count")
    def pages(self, book: Any) -> SafeString:
        return list_link(Page, f"book__id__exact={book.pk}", book.page_count)

    @admin.display(description=_("questions"), ordering="question_count")
    def questions(self, book: Any) -> SafeString:
        return list_link(Question, f"page__book__id__exact={book.pk}", book.question_count)

    @admin.display(description=_("published"), ordering="release")
    def published(self, book: Book) -> str:
        return gettext("Yes") if book.release_id is not None else gettext("No")


class QuestionInline(ReadOnly, RulesInline):
    model = Question
    fields = ("label", "grader", "points_possible", "prompt")
    show_change_link = True


@admin.register(Page)
class PageAdmin(ConflictsAdmin):
    list_display = ("title", "book", "url", "index", "access", "questions", "conflict_count")
    list_filter = (ConflictsFilter, ("book", RelatedFilter), "access")
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
        # Reading a page in its book requires another permission than seeing it here.
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
