"""What the database holds of some projects, as plain rows: a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar

from books.models import Book, Feedback, Page, Question, Release
from books.sync.content_rows import BookRow, FeedbackRow, PageRow, QuestionRow
from books.sync.follower import registered_followers

Key = TypeVar("Key")


@dataclass(frozen=True)
class Snapshot:
    """Rows by what they belong to; a project's files are those of its current release."""

    books: dict[str, list[BookRow]] = field(default_factory=dict)
    pages: dict[int, list[PageRow]] = field(default_factory=dict)
    questions: dict[int, list[QuestionRow]] = field(default_factory=dict)
    feedback: dict[int, list[FeedbackRow]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    # Page id -> a name for the page, of pages in other projects.
    elsewhere: dict[str, str] = field(default_factory=dict)
    kept_books: frozenset[int] = frozenset()
    counts: dict[int, dict[str, int]] = field(default_factory=dict)


def take(projects: Iterable[str], page_ids: Iterable[str] = ()) -> Snapshot:
    """Return what the database holds of `projects`, and who else has one of `page_ids`."""
    projects = sorted(projects)
    books = _rows(BookRow, Book.objects.filter(project__in=projects))
    known = [book.pk for book in books]
    pages = _rows(PageRow, Page.objects.filter(book__in=known))
    questions = _rows(QuestionRow, Question.objects.filter(page__book__in=known))
    feedback = _rows(FeedbackRow, Feedback.objects.filter(question__page__book__in=known))
    files, folders = _files(books)
    counts = [follower.counts(projects) for follower in registered_followers()]
    return Snapshot(
        books=_grouped(books, "project", "pk"),
        pages=_grouped(pages, "book_id", "position", "pk"),
        questions=_grouped(questions, "page_id", "index", "pk"),
        feedback=_grouped(feedback, "question_id", "index", "pk"),
        files=files,
        folders=folders,
        elsewhere=_elsewhere(projects, page_ids),
        kept_books=frozenset().union(*(count.kept_books for count in counts)),
        counts=_summed(count.by_question for count in counts),
    )


def _rows(row: Any, rows: Any) -> list[Any]:
    return list(map(row._make, rows.order_by().values_list(*row._fields)))


def _grouped(rows: list[Any], parent: str, *order: str) -> dict[Any, list[Any]]:
    """Return the rows of each parent in order. Small lists are sorted faster here than there."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    name = attrgetter(parent)
    for row in rows:
        groups[name(row)].append(row)
    place = attrgetter(*order)
    for group in groups.values():
        group.sort(key=place)
    return dict(groups)


def _files(books: list[BookRow]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    releases = Release.objects.filter(pk__in={book.release_id for book in books}).order_by("pk")
    files: dict[str, dict[str, Any]] = {}
    folders = {}
    for release in releases:
        files[release.project] = release.files
        folders[release.project] = release.folder
    return files, folders


def _elsewhere(projects: list[str], page_ids: Iterable[str]) -> dict[str, str]:
    pages = Page.objects.filter(source_id__in=sorted(page_ids)).exclude(book__project__in=projects)
    named = pages.values_list("source_id", "book__project", "book__url", "url")
    return {page_id: f"{project}: {book}/{url}" for page_id, project, book, url in named}


def _summed(parts: Iterable[Mapping[int, Mapping[str, int]]]) -> dict[int, dict[str, int]]:
    total: dict[int, dict[str, int]] = {}
    for part in parts:
        for pk, kinds in part.items():
            total.setdefault(pk, {}).update(kinds)
    return total
