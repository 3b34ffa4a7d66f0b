"""Pairs old rows with new items: by a permanent name, then by location, then by text. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

Old = TypeVar("Old")
New = TypeVar("New")
Name = Hashable | None


class Claims(NamedTuple, Generic[Old, New]):
    """How to read `:was:`: the names of rows and items, the former name of an item, and texts."""

    row: Callable[[Old], Name]
    item: Callable[[New], Name]
    was: Callable[[New], Name]
    row_text: Callable[[Old], Name]
    item_text: Callable[[New], Name]

    def is_meant(self, row: Old, item: New, own: Old | None, holder: New | None) -> bool:
        """Whether `item` still claims to have been `row`: `:was:` may stay long after its sync.

        `own` is the row that has the item's name, `holder` the item that has the row's name. If
        one of them makes the claim doubtful, the texts decide.
        """
        text = self.row_text(row)
        is_alike = self.item_text(item) == text
        if own is not None:
            return is_alike and self.row_text(own) != text
        return is_alike or holder is None or self.item_text(holder) != text


class Pair(NamedTuple, Generic[Old]):
    """The old row of a new item, and the rule that found it."""

    row: Old
    rule: str


class Matching(Generic[Old, New]):
    """Pairs rows and items by one rule after another; each can be paired once.

    Both sides are kept by position, since two of them may be equal.
    """

    def __init__(self, old: Iterable[Old], new: Iterable[New]) -> None:
        self._old = dict(enumerate(old))
        self._new = dict(enumerate(new))
        self._pairs: dict[int, Pair[Old]] = {}

    @property
    def old(self) -> list[Old]:
        """The rows that are not paired yet."""
        return list(self._old.values())

    @property
    def new(self) -> list[New]:
        """The items that are not paired yet."""
        return list(self._new.values())

    def pair_of(self, position: int) -> Pair[Old] | None:
        """Return the row of the item at `position` among all items, if it is paired."""
        return self._pairs.get(position)

    def by(
        self, rule: str, old_name: Callable[[Old], Name], new_name: Callable[[New], Name]
    ) -> None:
        """Pair those that have the same name, if it is unique on both sides; None is no name."""
        if not self._old or not self._new:
            return
        old, new = _unique(self._old, old_name), _unique(self._new, new_name)
        for name, position in new.items():
            if name in old:
                self._pair(old[name], position, rule)

    def by_was(self, claims: Claims[Old, New]) -> None:
        """Pair each item with the row that it says it was, if no other item says so.

        There may be several rounds, since pairing a row frees its name: a was b, b was c.
        """
        while claimed := self._claimed(claims):
            for old, new in claimed:
                self._pair(old, new, ":was:")

    def _claimed(self, claims: Claims[Old, New]) -> list[tuple[int, int]]:
        rows = {claims.row(row): position for position, row in self._old.items()}
        holders = {claims.item(item): item for item in self._new.values()}
        claimed: dict[Name, list[int]] = defaultdict(list)
        for position, item in self._new.items():
            was = claims.was(item)
            own = rows.get(claims.item(item))
            if was in rows and claims.is_meant(
                self._old[rows[was]],
                item,
                None if own is None else self._old[own],
                holders.get(was),
            ):
                claimed[was].append(position)
        return [(rows[was], items[0]) for was, items in claimed.items() if len(items) == 1]

    def by_order(
        self, rule: str, old_name: Callable[[Old], Name], new_name: Callable[[New], Name]
    ) -> None:
        """Pair those that share a name: the first row with the first item, and so on."""
        waiting: dict[Name, list[int]] = defaultdict(list)
        for old, row in reversed(self._old.items()):
            waiting[old_name(row)].append(old)
        for new, item in list(self._new.items()):
            name = new_name(item)
            if name is not None and waiting[name]:
                self._pair(waiting[name].pop(), new, rule)

    def by_likeness(self, rule: str, is_same: Callable[[Old, New], bool]) -> None:
        """Pair each item with the first row for which `is_same` holds."""
        for new, item in list(self._new.items()):
            old = next((at for at, row in self._old.items() if is_same(row, item)), None)
            if old is not None:
                self._pair(old, new, rule)

    def _pair(self, old: int, new: int, rule: str) -> None:
        self._pairs[new] = Pair(self._old.pop(old), rule)
        del self._new[new]


def _unique(items: Mapping[int, New], name: Callable[[New], Name]) -> dict[Name, int]:
    """Return the positions of the items whose name no other item has, by name."""
    names = {position: name(item) for position, item in items.items()}
    counts = Counter(names.values())
    return {
        own: position for position, own in names.items() if own is not None and counts[own] == 1
    }
