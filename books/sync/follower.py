"""The interface through which a sync updates rows of other apps, such as answers and notes.

Each app registers its follower in `AppConfig.ready`; `books` imports none of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from books.sync.plan import Options, Plan


@dataclass(frozen=True)
class Counts:
    """What depends on the rows of some projects.

    `by_question` maps the key of a question to the numbers of rows, by kind (`answers`), that are
    deleted with it. `kept_books` are the keys of books that must not be deleted.
    """

    by_question: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    kept_books: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Effects:
    """What a plan does to a follower's rows.

    `lines` are texts for people, `figures` are for programs. `losses` names the data that would be
    deleted; only admins may see them. `rows` is for the follower's own use. `is_work` tells
    whether there is something to do even if the plan is empty.
    """

    lines: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    rows: object = None
    is_work: bool = False


class Follower(Protocol):
    """What a sync does to the rows of one app; `name` identifies it in the effects."""

    name: str

    def counts(self, projects: Iterable[str]) -> Counts:
        """Return what depends on the projects' rows, in a constant number of queries."""

    def compute_effects(
        self,
        plan: "Plan",
        old_files: Mapping[str, Path],
        new_files: Mapping[str, Path],
        options: "Options",
    ) -> Effects:
        """Do all slow reading and computing, and write nothing.

        `old_files` and `new_files` map each project to its published and its built HTML folder.
        """

    def going(self, plan: "Plan") -> "Iterable[QuerySet[Any]]":
        """Return the rows that the plan deletes, for the archive."""

    def mark(self, plan: "Plan") -> object:
        """Return a value that changes if somebody writes to the rows that the plan deletes."""

    def lock_rows(self, plan: "Plan") -> None:
        """Keep others from writing the rows that `follow` and the plan's deletions touch.

        Called first in the transaction; the locks last until its end.
        """

    def drop(self, plan: "Plan") -> None:
        """Delete the rows of the questions that the plan deletes, fast, before the questions."""

    def follow(self, plan: "Plan", effects: Effects, pks: Mapping[int, int]) -> None:
        """Write rows, within the transaction that applies the plan.

        `pks` maps the plan's negative keys to those of the new rows.
        """

    def in_this_version(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of an archive, those that an earlier version wrote as they are now."""

    def restored(self, rows: "Sequence[Model]") -> None:
        """Derive what depends on rows that an archive has brought back, in its transaction."""


_followers: list[Follower] = []


def register_follower(follower: Follower) -> None:
    _followers.append(follower)


def registered_followers() -> tuple[Follower, ...]:
    return tuple(_followers)
