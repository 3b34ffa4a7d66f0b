"""Which rows the names in a release belong to, so that going back finds them whatever has moved."""

from collections.abc import Mapping
from typing import Any

from books.models import Page, Question, Release

# By the url of a book, and then of a page: the page's primary key, and those of its questions by
# label. Keys that no longer exist are of no effect.
Names = Mapping[str, Mapping[str, tuple[int, Mapping[str, int]]]]


def of(release: Release) -> dict[str, Any]:
    """Return the names that the rows of a current release have."""
    names: dict[str, Any] = {}
    entries: dict[int, dict[str, int]] = {}
    pages = Page.objects.filter(book__release=release).order_by()
    for pk, book, url in pages.values_list("pk", "book__url", "url"):
        entries[pk] = {}
        names.setdefault(book, {})[url] = [pk, entries[pk]]
    questions = Question.objects.filter(page__book__release=release).order_by()
    for page, pk, label in questions.values_list("page", "pk", "label"):
        entries[page][label] = pk
    return names
