"""Which old row is which new item: a name that lasts first, then the place, then the text. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

Old = TypeVar("Old")
New = TypeVar("New")
Name = Callable[[Any], Any]


class Claims(NamedTuple):
    """How to read `:was:`: names of rows and of items, the name that an item had, their texts."""

    row: Name
    item: Name
    was: Name
    row_text: Name
    item_text: Name

    def is_meant(self, row: Any, item: Any, own: Any, holder: Any) -> bool:
        """Whether `item` still means that it was `row`: it says so long after its sync.

        `own` is the row of the item's own name, `holder` the item of the row's name. Where one of
        them makes it doubtful, the texts decide.
        """
        text = self.row_text(row)
        is_alike = self.item_text(item) == text
        if own is not None:
            return bool(is_alike and self.row_text(own) != text)
        return is_alike or holder is None or self.item_text(holder) != text


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

    def by_was(self, claims: Claims) -> None:
        """Pair each item with the row that it says it was, if no other says so.

        Round by round, since a name is free once its row has gone to another: a is b, b is c.
        """
        while found := self._claimed(claims):
            for row, item in found:
                self.pair(row, item, ":was:")

    def _claimed(self, claims: Claims) -> list[tuple[Old, New]]:
        rows = {claims.row(row): row for row in self.old}
        holders = {claims.item(item): item for item in self.new}
        claimed: dict[Any, list[New]] = defaultdict(list)
        for item in self.new:
            was = claims.was(item)
            row, own = rows.get(was), rows.get(claims.item(item))
            if row is not None and claims.is_meant(row, item, own, holders.get(was)):
                claimed[was].append(item)
        return [(rows[was], items[0]) for was, items in claimed.items() if len(items) == 1]

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
