"""What an operator asks of a sync, beside the builds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from books.sync.changes import Prefer

# Passes items on one by one, and may show how far it is: items, what is done, how many there are.
Each = Callable[[Iterable[Any], str, int], Iterable[Any]]


def silently(items: Iterable[Any], step: str, total: int) -> Iterable[Any]:
    return items


@dataclass(frozen=True)
class Options:
    """`prefer` decides conflicts of source and admin; `regrade` gives answers their new points."""

    prefer: Prefer | None = None
    regrade: bool = False
    each: Each = silently


NO_OPTIONS = Options()
