"""What apps above `books` hold on its rows: a sync asks them before it changes or deletes one.

Filled by each app in `AppConfig.ready`; `books` imports none of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from books.sync.plan import Options, Plan


@dataclass(frozen=True)
class Counts:
    """What hangs on the rows of some projects.

    `by_question` maps a question's pk to how many rows of each kind (`answers`) would go with
    it; `kept_books` are the pks of books that must not be deleted.
    """

    by_question: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    kept_books: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Effects:
    """What a plan does to a follower's rows.

    `lines` to show, `figures` for programs, `losses` (whose data goes, by name) for admins' eyes,
    `rows` for its own use; `is_work`: there is something to do even where the plan is empty.
    """

    lines: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    rows: Any = None
    is_work: bool = False


class Follower(Protocol):
    name: str

    def counts(self, projects: Iterable[str]) -> Counts:
        """Return what hangs on the projects' rows, in a constant number of queries."""

    def compute_effects(
        self,
        plan: "Plan",
        old_files: Mapping[str, Path],
        new_files: Mapping[str, Path],
        options: "Options",
    ) -> Effects:
        """Do all slow reading and computing, and write nothing.

        The files are each project's folder of published and of built HTML.
        """

    def going(self, plan: "Plan") -> "Iterable[QuerySet[Any]]":
        """Return the rows that the plan's deletions take, for the archive."""

    def mark(self, plan: "Plan") -> Any:
        """Return what differs once anybody has written to the rows that go with the plan."""

    def lock_rows(self, plan: "Plan") -> None:
        """Stop others from writing what `follow` and the plan's deletions touch.

        Called first in the transaction; it lasts until its end.
        """

    def drop(self, plan: "Plan") -> None:
        """Delete the rows that go with the plan, before their questions: fast, and no others."""

    def follow(self, plan: "Plan", effects: Effects, pks: Mapping[int, int]) -> None:
        """Write rows, within the transaction that applies the plan.

        `pks` maps the plan's negative keys to those of the rows made.
        """


_followers: list[Follower] = []


def register_follower(follower: Follower) -> None:
    _followers.append(follower)


def registered_followers() -> tuple[Follower, ...]:
    return tuple(_followers)
