"""What the database contains about some projects, read in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet

from books.models import Book, Feedback, Page, Question, Release
from books.releases.contents import Files
from books.sync.content_rows import BookRow, FeedbackRow, PageRow, QuestionRow
from books.sync.follower import registered_followers
from books.sync.plan import Row


@dataclass(frozen=True)
class Snapshot:
    """Rows by parent, in order, with the files and the folder of each project's current release.

    `elsewhere` maps page ids of these projects to the pages of other projects that have them.
    `counts` are the numbers of rows of user data by question and kind.
    """

    books: dict[str, list[BookRow]] = field(default_factory=dict)
    pages: dict[int, list[PageRow]] = field(default_factory=dict)
    questions: dict[int, list[QuestionRow]] = field(default_factory=dict)
    feedback: dict[int, list[FeedbackRow]] = field(default_factory=dict)
    files: dict[str, Files] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    kept_books: frozenset[int] = frozenset()
    counts: dict[int, dict[str, int]] = field(default_factory=dict)


def take(projects: Iterable[str], page_ids: Iterable[str] = ()) -> Snapshot:
    """Return what the database contains about `projects`, and other pages that have `page_ids`."""
    projects = sorted(projects)
    books = _rows(BookRow, Book.objects.filter(project__in=projects))
    book_pks = [book.pk for book in books]
    pages = _rows(PageRow, Page.objects.filter(book__in=book_pks))
    questions = _rows(QuestionRow, Question.objects.filter(page__book__in=book_pks))
    feedback = _rows(FeedbackRow, Feedback.objects.filter(question__page__book__in=book_pks))
    releases = Release.objects.filter(pk__in={book.release_id for book in books}).order_by("pk")
    releases = releases.defer("names")
    current = {release.project: release for release in releases}
    strangers = Page.objects.exclude(book__project__in=projects)
    named = strangers.filter(source_id__in=sorted(page_ids)).values_list(
        "source_id", "book__project", "book__url", "url"
    )
    counts: dict[int, dict[str, int]] = {}
    kept_books: set[int] = set()
    for follower in registered_followers():
        own = follower.counts(projects)
        kept_books |= own.kept_books
        for pk, kinds in own.by_question.items():
            counts.setdefault(pk, {}).update(kinds)
    return Snapshot(
        books=_grouped(books, "project", "pk"),
        pages=_grouped(pages, "book_id", "position", "pk"),
        questions=_grouped(questions, "page_id", "index", "pk"),
        feedback=_grouped(feedback, "question_id", "index", "pk"),
        files={project: release.files for project, release in current.items()},
        folders={project: release.folder for project, release in current.items()},
        elsewhere={page_id: f"{project}: {book}/{url}" for page_id, project, book, url in named},
        kept_books=frozenset(kept_books),
        counts=counts,
    )


def _rows(row_type: type[Row], rows: QuerySet[Any]) -> list[Row]:
    return list(map(row_type._make, rows.order_by().values_list(*row_type._fields)))


def _grouped(rows: list[Row], parent: str, *order: str) -> dict[Any, list[Row]]:
    """Return the rows of each parent, sorted. Sorting them in the database would be slower."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    parent_of, position = attrgetter(parent), attrgetter(*order)
    for row in rows:
        groups[parent_of(row)].append(row)
    for group in groups.values():
        group.sort(key=position)
    return dict(groups)
