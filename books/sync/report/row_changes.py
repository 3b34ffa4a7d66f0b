"""What a plan does to the rows of a table: created, changed, renamed, moved, removed. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import gettext as _

from books.sequences import longest_run
from books.sync.plan import BookPlan, Changes, Row


@dataclass(frozen=True)
class Table:
    """How changes of a table are classified: by the fields of a row's name, parent and position.

    `silent` are fields that change together with another row, or that people do not see.
    """

    name: str
    names: tuple[str, ...]
    parent: str
    position: str
    silent: tuple[str, ...] = ()


PAGES = Table(
    "pages",
    ("url",),
    "book_id",
    "position",
    ("index", "source_index", "source_id", "level", "caption"),
)
QUESTIONS = Table("questions", ("label",), "page_id", "index", ("former_labels",))
FEEDBACK = Table("feedback", (), "question_id", "index", ("key",))


@dataclass
class RowChanges:
    """Names of rows by what happens to them, maybe several things at once.

    `renumbered` are rows that change their position because neighbours come or go.
    """

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renumbered: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        return {
            "created": len(self.created),
            "changed": len(self.changed),
            "renamed": len(self.renamed),
            "moved": len(self.moved),
            "removed": len(self.removed),
        }

    def line(self) -> str:
        """Return the counts that are not 0, in words; empty if there are none."""
        words = {
            "created": _("created"),
            "changed": _("changed"),
            "renamed": _("renamed"),
            "moved": _("moved"),
            "removed": _("removed"),
        }
        return ", ".join(f"{count} {words[kind]}" for kind, count in self.counts().items() if count)


def of_table(table: Table, changes: Changes[Row]) -> RowChanges:
    """Return what happens to the rows of a table."""
    rows = RowChanges(
        created=[name_of(row) for row in changes.create],
        removed=[name_of(row) for row in changes.delete],
    )
    moved = _moved(table, changes.update)
    quiet = {*table.names, table.parent, table.position, *table.silent}
    for old, new in changes.update:
        kinds = []
        if any(getattr(old, name) != getattr(new, name) for name in table.names):
            kinds.append(rows.renamed)
        if new.pk in moved:
            kinds.append(rows.moved)
        visible = [name for name in old._fields if name not in quiet]
        if any(getattr(old, name) != getattr(new, name) for name in visible):
            kinds.append(rows.changed)
        for kind in kinds or [rows.renumbered]:
            kind.append(name_of(new))
    return rows


def name_of(row: object) -> str:
    """Return the name of a row of content as people know it."""
    for name in ("url", "label", "answer"):
        if hasattr(row, name):
            return str(getattr(row, name))
    return ""


def _moved(table: Table, pairs: Sequence[tuple[Row, Row]]) -> set[int]:
    """Return the keys of the rows with another parent, or another position among neighbours.

    As many rows as possible count as not moved: the longest run in which the order is the same.
    A row that only makes room for another has not moved.
    """
    by_parent: dict[int, list[tuple[Row, Row]]] = defaultdict(list)
    moved = set()
    for old, new in pairs:
        if getattr(old, table.parent) != getattr(new, table.parent):
            moved.add(new.pk)
        elif getattr(old, table.position) != getattr(new, table.position):
            by_parent[getattr(old, table.parent)].append((old, new))
    for group in by_parent.values():
        group.sort(key=lambda pair: getattr(pair[0], table.position))
        stays = set(longest_run([getattr(new, table.position) for _old, new in group]))
        moved |= {new.pk for number, (_old, new) in enumerate(group) if number not in stays}
    return moved


class BookChanges(NamedTuple):
    """What happens to the rows of one book."""

    pages: RowChanges
    questions: RowChanges
    feedback: RowChanges


def of_book(part: BookPlan) -> BookChanges:
    return BookChanges(
        of_table(PAGES, part.pages),
        of_table(QUESTIONS, part.questions),
        of_table(FEEDBACK, part.feedback),
    )
