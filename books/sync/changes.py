"""The plan of a sync as a value: what happens to each table, and what a person should know of it.

Rows to create have negative primary keys, which their children refer to; `apply` exchanges them
for real ones.
"""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from books.sync.snapshot import BookRow, FeedbackRow, PageRow, QuestionRow

Row = TypeVar("Row", BookRow, PageRow, QuestionRow, FeedbackRow)


@dataclass(frozen=True)
class Changes(Generic[Row]):
    """What happens to one table: rows to create, (old, new) pairs to update, rows to delete."""

    create: tuple[Row, ...] = ()
    update: tuple[tuple[Row, Row], ...] = ()
    delete: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.delete)


@dataclass(frozen=True)
class FileChanges:
    """How the published files of a project change; `files` is what they will be."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    files: dict[str, Any]


@dataclass(frozen=True)
class Match:
    """A page or question that was found again under another name, and by what."""

    kind: str
    pk: int
    old: str
    new: str
    by: str


@dataclass(frozen=True)
class KeptEdit:
    """A field that an admin changed: it stays. `is_conflict`: the source has changed it too."""

    kind: str
    pk: int
    name: str
    field: str
    is_conflict: bool


@dataclass(frozen=True)
class Loss:
    """A question that goes, with how many rows of people's it takes along."""

    question_id: int
    page_url: str
    label: str
    counts: dict[str, int]


@dataclass(frozen=True)
class MissingPageId:
    """A page id that the source file does not have yet."""

    project: str
    source: str
    page_id: str


@dataclass(frozen=True)
class Plan:
    projects: tuple[str, ...]
    books: Changes[BookRow]
    pages: Changes[PageRow]
    questions: Changes[QuestionRow]
    feedback: Changes[FeedbackRow]
    releases: dict[str, FileChanges]
    withdrawn: tuple[BookRow, ...] = ()
    # Books whose pages go for more than half: a wrong path, or two projects of one slug.
    gutted: tuple[BookRow, ...] = ()
    matches: tuple[Match, ...] = ()
    kept_edits: tuple[KeptEdit, ...] = ()
    # Names of feedback that an admin had edited or added, and that goes.
    lost_edits: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    missing_page_ids: tuple[MissingPageId, ...] = ()
    book_titles: dict[int, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do; page ids that only the sources lack do not count."""
        tables = (self.books, self.pages, self.questions, self.feedback)
        return not (any(tables) or self.releases or self.withdrawn)

    @property
    def needs_permission_to_delete(self) -> bool:
        return bool(self.losses or self.gutted)
