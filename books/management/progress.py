"""Progress bars on standard error; silent where that is no terminal."""

import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import OutputWrapper
from tqdm import tqdm

from books.sync.options import Each, silently


def shown_on(stream: OutputWrapper, *, is_wanted: bool) -> Each:
    """Return what shows a bar for each long step."""
    if not is_wanted or not stream.isatty():
        return silently

    def each(items: Iterable[Any], step: str, total: int) -> Iterable[Any]:
        # A step that is done in a moment needs no bar.
        return tqdm(items, desc=step, total=total, file=sys.stderr, leave=False, delay=0.5)

    return each
