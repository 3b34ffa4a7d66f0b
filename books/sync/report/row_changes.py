"""What a plan does to rows in a person's words: created, changed, renamed, moved, removed. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from books.sequences import longest_run
from books.sync.plan import BookPlan, Changes

WORDS = ("created", "changed", "renamed", "moved", "removed")


@dataclass(frozen=True)
class Kind:
    """How to tell of a table's rows: the fields of a row's name, of its parent, of its place."""

    table: str
    names: tuple[str, ...]
    parent: str
    place: str
    # Fields that follow from another row's change, or that nobody sees.
    silent: tuple[str, ...] = ()


PAGES = Kind("pages", ("url",), "book_id", "position", ("index", "source_index", "source_id"))
QUESTIONS = Kind("questions", ("label",), "page_id", "index")
FEEDBACK = Kind("feedback", (), "question_id", "index", ("key",))


@dataclass
class Told:
    """Names of rows by word; `renumbered` are those whose neighbours came or went."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renumbered: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        return {word: len(getattr(self, word)) for word in WORDS}

    def line(self) -> str:
        """Return the counts that are not 0, in words; empty where nothing is told."""
        return ", ".join(f"{count} {word}" for word, count in self.counts().items() if count)


def tell(kind: Kind, changes: Changes[Any]) -> Told:
    """Return what happens to a table's rows; a row may be under several words."""
    told = Told(
        created=[name_of(row) for row in changes.create],
        removed=[name_of(row) for row in changes.delete],
    )
    moved = {id(pair) for pair in _moved(kind, changes.update)}
    quiet = {*kind.names, kind.parent, kind.place, *kind.silent}
    for pair in changes.update:
        old, new = pair
        words = []
        if any(getattr(old, name) != getattr(new, name) for name in kind.names):
            words.append(told.renamed)
        if id(pair) in moved:
            words.append(told.moved)
        seen = [name for name in old._fields if name not in quiet]
        if any(getattr(old, name) != getattr(new, name) for name in seen):
            words.append(told.changed)
        for word in words or [told.renumbered]:
            word.append(name_of(new))
    return told


def name_of(row: Any) -> str:
    for name in ("url", "label", "answer"):
        if hasattr(row, name):
            return str(getattr(row, name))
    return ""


def _moved(kind: Kind, pairs: Sequence[tuple[Any, Any]]) -> Iterable[tuple[Any, Any]]:
    """Return the pairs whose row has another parent, or another place among its neighbours.

    The most that can stay stay: the longest run whose order is as it was. A row that only makes
    room for another has not moved.
    """
    groups: dict[Any, list[tuple[Any, Any]]] = defaultdict(list)
    moved = []
    for pair in pairs:
        old, new = pair
        if getattr(old, kind.parent) != getattr(new, kind.parent):
            moved.append(pair)
        elif getattr(old, kind.place) != getattr(new, kind.place):
            groups[getattr(old, kind.parent)].append(pair)
    for group in groups.values():
        group.sort(key=lambda pair: getattr(pair[0], kind.place))
        stays = set(longest_run([getattr(new, kind.place) for _old, new in group]))
        moved += [pair for number, pair in enumerate(group) if number not in stays]
    return moved


def of_book(part: BookPlan) -> Iterator[Told]:
    yield tell(PAGES, part.pages)
    yield tell(QUESTIONS, part.questions)
    yield tell(FEEDBACK, part.feedback)
