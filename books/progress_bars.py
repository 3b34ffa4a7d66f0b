"""Shows the progress of long steps: as a bar on standard error, or not at all."""

import sys
from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.core.management.base import OutputWrapper

Item = TypeVar("Item")


class Each(Protocol):
    """A function that yields the items of a step, and may show how many of `total` are done."""

    def __call__(self, items: Iterable[Item], step: str, total: int) -> Iterable[Item]: ...


def silently(items: Iterable[Item], step: str, total: int) -> Iterable[Item]:
    """Return the items without showing any progress."""
    return items


def shown_on(stream: OutputWrapper, *, is_wanted: bool) -> Each:
    """Return an `Each` that shows a progress bar for each long step.

    It shows none if that is not wanted, or if `stream` is not a terminal.
    """
    if not is_wanted or not stream.isatty():
        return silently

    def each(items: Iterable[Item], step: str, total: int) -> Iterable[Item]:
        from tqdm import tqdm

        # Because of the delay, a short step shows no bar.
        bar: Iterable[Item] = tqdm(
            items, desc=step, total=total, file=sys.stderr, leave=False, delay=0.5
        )
        return bar

    return each
