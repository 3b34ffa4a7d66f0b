"""Finds where each note of a book is in a new edition, from the texts of both editions alone.

The state of a note compares it with the passage on which it was made: `kept` means the same words
on the same page, `moved` the same words elsewhere, `changed` other words in the same position, and
`orphan` that there is no such passage.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from annotations.anchoring import PageMap, find

CONTEXT = 32  # code points
SUGGESTED = 500  # code points of a suggestion


class Passage(NamedTuple):
    """The words that a note is on, with their context; offsets count code points."""

    start: int
    end: int
    quote: str
    prefix: str
    suffix: str


def passage(text: str, start: int, end: int) -> Passage:
    """Return the passage between two offsets in a text, with `CONTEXT` code points on each side."""
    before, after = text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT]
    return Passage(start, end, text[start:end], before, after)


class Row(NamedTuple):
    """A note: `key` is the page's key as a text; None if the page was deleted earlier."""

    pk: int
    user_id: int
    book_id: int
    key: str | None
    fragment: str
    start: int | None
    end: int | None
    quote: str
    prefix: str
    suffix: str
    state: str
    orig_quote: str
    orig_prefix: str
    orig_suffix: str
    orig_key: str | None
    orig_start: int | None = None
    orig_end: int | None = None
    orig_sha256: str = ""


@dataclass(frozen=True)
class Placed:
    """Where a note is from now on. With `key` None it is an orphan, and keeps its quote.

    `outcome` is what this edition does to it, `state` what all editions together have done.
    """

    row: Row
    outcome: str
    state: str
    key: str | None = None
    start: int | None = None
    end: int | None = None
    quote: str = ""
    prefix: str = ""
    suffix: str = ""
    suggestion: tuple[str, int, int, str] | None = None


@dataclass(frozen=True)
class TextDiff:
    """Both texts of the changed pages of a book, by key, and the ids of the new elements."""

    map: PageMap
    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # The primary keys, as texts, of the changed pages; those of new ones are negative.
    pages: frozenset[str] = frozenset()
    # The key of each new text by its hash: a page can become again what it was.
    homes: Mapping[str, str] = field(default_factory=dict)


def place_all(rows: Iterable[Row], diffs: Mapping[int, TextDiff]) -> list[Placed]:
    """Return the new places of the notes that change.

    `rows` are orphans and notes on changed pages. `diffs` are by the key of the book, in which a
    note always stays.
    """
    placed = (_place(row, diffs[row.book_id]) for row in rows)
    return [note for note in placed if note is not None]


def _place(row: Row, diff: TextDiff) -> Placed | None:
    home = _at_home(row, diff)
    if home or row.state == "orphan":
        return home or _retried(row, diff)
    if row.fragment:
        return _by_id(row, diff)
    if row.start is None or row.end is None:
        # On the whole page: it is lost only together with its page.
        return None if row.key in diff.ids else Placed(row, "orphan", "orphan")
    old = diff.map.old.get(row.key or "", "")
    if old[row.start : row.end] != row.quote:
        return _retried(row, diff) or Placed(row, "orphan", "orphan")
    location = diff.map.locate(row.key or "", row.start, row.end)
    if location.start is None or location.end is None:
        return _retried(row, diff) or _lost(row, diff)
    return _put(row, diff, location.state, location.docname, location.start, location.end)


def _at_home(row: Row, diff: TextDiff) -> Placed | None:
    """Put a note back where it was created, if a page has the text of that time again."""
    home = diff.homes.get(row.orig_sha256)
    if home is None:
        return None
    if row.orig_start is not None and row.orig_end is not None:
        return _put(row, diff, _way_home(row, home), home, row.orig_start, row.orig_end)
    is_there = not row.fragment or row.fragment in diff.ids.get(home, ())
    if row.state != "orphan" or not is_there:
        return None
    return Placed(row, "found", "kept" if _is_home(home, row, diff) else "moved", home)


def _is_home(key: str, row: Row, diff: TextDiff) -> bool:
    """Return whether a note was created on this page, or on one that had its text and is gone."""
    if row.orig_key is not None:
        return key == row.orig_key
    return diff.homes.get(row.orig_sha256) == key


def _way_home(row: Row, home: str) -> str:
    """Return the outcome of an edition that puts a note back where it was created."""
    if row.state == "orphan":
        return "found"
    if row.quote != row.orig_quote:
        return "changed"
    return "kept" if row.key == home else "moved"


def _put(row: Row, diff: TextDiff, outcome: str, key: str, start: int, end: int) -> Placed:
    words = passage(diff.map.new[key], start, end)
    state = "kept" if _is_home(key, row, diff) else "moved"
    if "".join(words.quote.split()) != "".join(row.orig_quote.split()):
        state = "changed"
    return Placed(row, outcome, state, key, *words)


def _retried(row: Row, diff: TextDiff) -> Placed | None:
    """Search the changed pages for the note's latest words, and then for its original ones."""
    latest = (row.quote, row.prefix, row.suffix)
    first = (row.orig_quote, row.orig_prefix, row.orig_suffix)
    for quote, prefix, suffix in dict.fromkeys((latest, first)):
        location = find(quote, prefix, suffix, diff.map.new)
        if location:
            return _put(row, diff, "found" if row.state == "orphan" else "moved", *location)
    return None


def _lost(row: Row, diff: TextDiff) -> Placed:
    """Return an orphan. A similar passage is only suggested to the owner, never used by itself."""
    assert row.key is not None and row.start is not None and row.end is not None
    like = diff.map.suggest(row.key, row.start, row.end)
    if like is None or like.start is None or like.end is None:
        return Placed(row, "orphan", "orphan")
    end = min(like.end, like.start + SUGGESTED)
    words = diff.map.new[like.docname][like.start : end]
    return Placed(row, "orphan", "orphan", suggestion=(like.docname, like.start, end, words))


def _by_id(row: Row, diff: TextDiff) -> Placed | None:
    """Place a note on a figure or a question by its id. Return None if its page still has it."""
    if row.fragment in diff.ids.get(row.key or "", ()):
        return None
    homes = [key for key, ids in diff.ids.items() if row.fragment in ids]
    if len(homes) != 1:
        return Placed(row, "orphan", "orphan")
    return Placed(row, "moved", "kept" if _is_home(homes[0], row, diff) else "moved", homes[0])
