"""The plan of a sync as a value: what happens to each table, and what people should know.

Rows to create have negative primary keys, which their children refer to; `apply` replaces them
with real ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, Literal, TypeVar

from books.progress_bars import Each, silently
from books.releases.contents import FileChanges
from books.releases.stored_csp import Refusal
from books.sync.content_rows import BookRow, FeedbackRow, PageRow, QuestionRow

Row = TypeVar("Row", BookRow, PageRow, QuestionRow, FeedbackRow)
Prefer = Literal["source", "admin"]


@dataclass(frozen=True)
class Changes(Generic[Row]):
    """What happens to one table: rows to create, (old, new) pairs to update, rows to delete."""

    create: tuple[Row, ...] = ()
    update: tuple[tuple[Row, Row], ...] = ()
    delete: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.delete)


class Collector(Generic[Row]):
    """Collects what happens to the rows of one table while a book is planned."""

    def __init__(self) -> None:
        self.create: list[Row] = []
        self.update: list[tuple[Row, Row]] = []
        self.delete: list[Row] = []

    def put(self, old: Row | None, new: Row) -> None:
        """Add the row to those to create if there is no old one, or to update if it differs."""
        if old is None:
            self.create.append(new)
        elif old != new:
            self.update.append((old, new))

    def changes(self) -> Changes[Row]:
        return Changes(tuple(self.create), tuple(self.update), tuple(self.delete))


@dataclass(frozen=True)
class Match:
    """A page, question or choice that has another name now, and the rule that found it."""

    kind: str
    pk: int
    old: str
    new: str
    by: str


@dataclass(frozen=True)
class NearMiss:
    """A deleted and a new page or question that are so alike that they may be the same.

    `was` is the option with which the author says so; `counts` is the user data of the old one.
    """

    kind: str
    old: str
    new: str
    was: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Edit:
    """A field that an admin has changed to `shown`, while the source says `source` now.

    It is a conflict if the source has changed too, and nobody has decided between the two.
    `stays` tells whether the admin's text is still shown after the sync.
    """

    kind: str
    pk: int
    name: str
    field: str
    shown: str
    source: str
    is_conflict: bool
    stays: bool


@dataclass(frozen=True)
class Loss:
    """A question that is deleted, with the numbers of rows of user data deleted with it."""

    question_id: int
    page_url: str
    label: str
    counts: dict[str, int]


@dataclass(frozen=True)
class MissingPageId:
    """A page id that the source file lacks."""

    project: str
    source: str
    page_id: str


@dataclass(frozen=True)
class BookPlan:
    """What happens to one book.

    `row` is the book as it will be, or as it was if it is deleted. `is_gutted` tells whether more
    than half of its pages are deleted (a wrong path, or two projects with the same slug).
    `lost_edits` names deleted feedback that an admin had edited or added.
    """

    row: BookRow
    fate: Literal["published", "withdrawn", "deleted"]
    book: Changes[BookRow] = field(default_factory=Changes)
    pages: Changes[PageRow] = field(default_factory=Changes)
    questions: Changes[QuestionRow] = field(default_factory=Changes)
    feedback: Changes[FeedbackRow] = field(default_factory=Changes)
    is_gutted: bool = False
    matches: tuple[Match, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    edits: tuple[Edit, ...] = ()
    lost_edits: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    missing_page_ids: tuple[MissingPageId, ...] = ()

    @property
    def is_empty(self) -> bool:
        tables = (self.book, self.pages, self.questions, self.feedback)
        return not any(tables) and self.fate != "withdrawn"


def _joined(parts: Iterable[Changes[Row]]) -> Changes[Row]:
    parts = tuple(parts)
    return Changes(
        tuple(row for part in parts for row in part.create),
        tuple(pair for part in parts for pair in part.update),
        tuple(row for part in parts for row in part.delete),
    )


@dataclass(frozen=True)
class Plan:
    """The changes that make the database mirror some builds: book by book, and of the files."""

    projects: tuple[str, ...]
    parts: tuple[BookPlan, ...]
    releases: dict[str, FileChanges]
    # What browsers will refuse to run: a warning, which alone is no reason to publish.
    refused: tuple[Refusal, ...] = ()

    @cached_property
    def books(self) -> Changes[BookRow]:
        return _joined(part.book for part in self.parts)

    @cached_property
    def pages(self) -> Changes[PageRow]:
        return _joined(part.pages for part in self.parts)

    @cached_property
    def questions(self) -> Changes[QuestionRow]:
        return _joined(part.questions for part in self.parts)

    @cached_property
    def feedback(self) -> Changes[FeedbackRow]:
        return _joined(part.feedback for part in self.parts)

    @property
    def published(self) -> tuple[int, ...]:
        """Primary keys of the books in the builds; those of new books are negative."""
        return tuple(part.row.pk for part in self.parts if part.fate == "published")

    @property
    def withdrawn(self) -> tuple[BookRow, ...]:
        return tuple(part.row for part in self.parts if part.fate == "withdrawn")

    @property
    def gutted(self) -> tuple[BookRow, ...]:
        return tuple(part.row for part in self.parts if part.is_gutted)

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        return tuple(loss for part in self.parts for loss in part.losses)

    @property
    def missing_page_ids(self) -> tuple[MissingPageId, ...]:
        return tuple(missing for part in self.parts for missing in part.missing_page_ids)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do. Page ids that only the sources lack do not count."""
        return not self.releases and all(part.is_empty for part in self.parts)

    @property
    def needs_permission_to_delete(self) -> bool:
        return bool(self.losses or self.gutted)


@dataclass(frozen=True)
class Options:
    """What the operator asks for: which side wins conflicts, and whether to regrade.

    `each` shows the progress of long steps.
    """

    prefer: Prefer | None = None
    regrade: bool = False
    each: Each = silently


NO_OPTIONS = Options()
