"""Progress of a long step: a bar on standard error, or nothing."""

import sys
from collections.abc import Iterable
from typing import Protocol, TypeVar

from django.core.management.base import OutputWrapper

Item = TypeVar("Item")


class Each(Protocol):
    """Passes on the items of a step one by one, and may show how many of `total` are done."""

    def __call__(self, items: Iterable[Item], step: str, total: int) -> Iterable[Item]: ...


def silently(items: Iterable[Item], step: str, total: int) -> Iterable[Item]:
    return items


def shown_on(stream: OutputWrapper, *, is_wanted: bool) -> Each:
    """Return an `Each` that shows a bar for each long step, or a silent one without a terminal."""
    if not is_wanted or not stream.isatty():
        return silently

    def each(items: Iterable[Item], step: str, total: int) -> Iterable[Item]:
        from tqdm import tqdm

        # A step of a moment needs no bar.
        bar: Iterable[Item] = tqdm(
            items, desc=step, total=total, file=sys.stderr, leave=False, delay=0.5
        )
        return bar

    return each
