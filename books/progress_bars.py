"""How far a long step is: shown as a bar on standard error, or not at all."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import OutputWrapper

# Passes items on one by one, and may show how far it is: items, what is done, how many there are.
Each = Callable[[Iterable[Any], str, int], Iterable[Any]]


def silently(items: Iterable[Any], step: str, total: int) -> Iterable[Any]:
    return items


def shown_on(stream: OutputWrapper, *, is_wanted: bool) -> Each:
    """Return what shows a bar for each long step; silent where `stream` is no terminal."""
    if not is_wanted or not stream.isatty():
        return silently

    def each(items: Iterable[Any], step: str, total: int) -> Iterable[Any]:
        from tqdm import tqdm

        # A step that is done in a moment needs no bar.
        return tqdm(items, desc=step, total=total, file=sys.stderr, leave=False, delay=0.5)

    return each
