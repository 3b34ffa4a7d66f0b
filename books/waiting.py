"""What waits for authors and admins; see `accounts.waiting`."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import ngettext

from accounts import access, waiting
from accounts.models import User
from books.editing.conflicts import with_conflicts
from books.models import Book, Edition, Page, Question


def editions(user: User) -> "QuerySet[Edition]":
    """Return the editions that are planned, and wait for a yes."""
    return Edition.objects.visible_to(user).filter(state=Edition.State.PLANNED)


def _books(user: User) -> Any:
    return with_conflicts(Book.objects.filter(access.rows(user, "books.change_book")))


def _pages(user: User) -> Any:
    return with_conflicts(Page.objects.filter(access.rows(user, "books.change_page")))


def _questions(user: User) -> Any:
    return with_conflicts(Question.objects.filter(access.rows(user, "books.change_question")))


def fill() -> None:
    """Add this app's kinds to the table."""
    waiting.add(
        waiting.Kind(
            lambda n: ngettext("%d edition to approve", "%d editions to approve", n) % n,
            editions,
            "touched_at",
            "admin:books_edition_changelist",
            "?state__exact=planned",
        )
    )
    for rows, url, words in (
        (
            _books,
            "admin:books_book_changelist",
            lambda n: ngettext("%d book with conflicts", "%d books with conflicts", n) % n,
        ),
        (
            _pages,
            "admin:books_page_changelist",
            lambda n: ngettext("%d page with conflicts", "%d pages with conflicts", n) % n,
        ),
        (
            _questions,
            "admin:books_question_changelist",
            lambda n: ngettext("%d question with conflicts", "%d questions with conflicts", n) % n,
        ),
    ):
        waiting.add(waiting.Kind(words, rows, "", url, "?conflicts=open"))
