"""Which old row is which new item: a name that lasts first, then the place, then the text. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

Old = TypeVar("Old")
New = TypeVar("New")
Name = Callable[[Any], Any]


class Matching(Generic[Old, New]):
    """Pairs what is alike by one rule after another; what a rule has paired is taken."""

    def __init__(self, old: Iterable[Old], new: Iterable[New]) -> None:
        self.old = list(old)
        self.new = list(new)
        self.pairs: list[tuple[Old, New, str]] = []

    def by(self, rule: str, old_name: Name, new_name: Name) -> None:
        """Pair items of one name that is unique on both sides; None is no name."""
        if not self.old or not self.new:
            return
        olds, news = _unique(self.old, old_name), _unique(self.new, new_name)
        common = [name for name in news if name in olds]
        if not common:
            return
        self.pairs += [(olds[name], news[name], rule) for name in common]
        gone = {id(olds[name]) for name in common}
        come = {id(news[name]) for name in common}
        self.old = [item for item in self.old if id(item) not in gone]
        self.new = [item for item in self.new if id(item) not in come]

    def pair(self, old: Old, new: New, rule: str) -> None:
        self.pairs.append((old, new, rule))
        self.old = [item for item in self.old if item is not old]
        self.new = [item for item in self.new if item is not new]


def _unique(items: Sequence[Any], name: Name) -> dict[Any, Any]:
    named = {name(item): item for item in items}
    if len(named) != len(items):
        counts = Counter(map(name, items))
        named = {key: item for key, item in named.items() if counts[key] == 1}
    named.pop(None, None)
    return named
