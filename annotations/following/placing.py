"""Where each note of a book goes with a new edition: pure, over both editions' texts.

A note's state tells how it stands to what it was made on: `kept` the same words on its page,
`moved` the same words elsewhere, `changed` other words in its place, `orphan` none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from annotations.anchoring import PageMap, find

CONTEXT = 32  # code points
SUGGESTED = 500  # code points of a suggestion that are kept


class Passage(NamedTuple):
    """What a note keeps of the words that it is on."""

    start: int
    end: int
    quote: str
    prefix: str
    suffix: str


def passage(text: str, start: int, end: int) -> Passage:
    before, after = text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT]
    return Passage(start, end, text[start:end], before, after)


class Row(NamedTuple):
    """A note as it stands: `key` names the page's text, None where the page has gone before."""

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
    """Where a note stands from now on; `key` None: it is an orphan, and keeps its quote.

    `outcome` is what this edition did to it, `state` what all since it was made have done.
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
class Editions:
    """Both texts of the pages of a book that differ, by key, and the ids of the new elements."""

    map: PageMap
    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # The primary keys, as texts, of the pages that differ; those of new ones are negative.
    pages: frozenset[str] = frozenset()
    # The key of each new text by its hash: a note whose page is again as it was goes home.
    homes: Mapping[str, str] = field(default_factory=dict)


def place_all(rows: Iterable[Row], books: Mapping[int, Editions]) -> list[Placed]:
    """Return what becomes of the notes on pages that differ, and of orphans that came back.

    A note stays in its book: `books` are the editions of each.
    """
    placed = (_place(row, books[row.book_id]) for row in rows)
    return [one for one in placed if one is not None]


def _place(row: Row, editions: Editions) -> Placed | None:
    home = _at_home(row, editions)
    if home or row.state == "orphan":
        return home or _retried(row, editions)
    if row.fragment:
        return _by_id(row, editions)
    if row.start is None or row.end is None:
        # On the whole page: it goes with its page alone.
        return None if row.key in editions.ids else Placed(row, "orphan", "orphan")
    old = editions.map.old.get(row.key or "", "")
    if old[row.start : row.end] != row.quote:
        return _retried(row, editions) or Placed(row, "orphan", "orphan")
    found = editions.map.place(row.key or "", row.start, row.end)
    if found.start is None or found.end is None:
        return _retried(row, editions) or _lost(row, editions)
    return _put(row, editions, found.state, found.docname, found.start, found.end)


def _at_home(row: Row, editions: Editions) -> Placed | None:
    """Where its page is again what the note was made on, it is where it was."""
    home = editions.homes.get(row.orig_sha256)
    if home is None:
        return None
    if row.orig_start is not None and row.orig_end is not None:
        return _put(row, editions, _way_home(row, home), home, row.orig_start, row.orig_end)
    is_there = not row.fragment or row.fragment in editions.ids.get(home, ())
    if row.state != "orphan" or not is_there:
        return None
    return Placed(row, "found", "kept" if home == row.orig_key else "moved", home)


def _way_home(row: Row, home: str) -> str:
    if row.state == "orphan":
        return "found"
    if row.quote != row.orig_quote:
        return "changed"
    return "kept" if row.key == home else "moved"


def _put(row: Row, editions: Editions, outcome: str, key: str, start: int, end: int) -> Placed:
    found = passage(editions.map.new[key], start, end)
    state = "kept" if key == row.orig_key else "moved"
    if "".join(found.quote.split()) != "".join(row.orig_quote.split()):
        state = "changed"
    return Placed(row, outcome, state, key, *found)


def _retried(row: Row, editions: Editions) -> Placed | None:
    """Look for the words as they last stood, and as they first did, in the pages that differ."""
    tries = [(row.quote, row.prefix, row.suffix)]
    tries.append((row.orig_quote, row.orig_prefix, row.orig_suffix))
    for quote, prefix, suffix in dict.fromkeys(tries):
        found = find(quote, prefix, suffix, editions.map.new)
        if found:
            return _put(row, editions, "found" if row.state == "orphan" else "moved", *found)
    return None


def _lost(row: Row, editions: Editions) -> Placed:
    """A passage that is gone: what resembles it is offered to its owner, never taken."""
    assert row.key is not None and row.start is not None and row.end is not None
    like = editions.map.suggest(row.key, row.start, row.end)
    if like is None or like.start is None or like.end is None:
        return Placed(row, "orphan", "orphan")
    end = min(like.end, like.start + SUGGESTED)
    words = editions.map.new[like.docname][like.start : end]
    return Placed(row, "orphan", "orphan", suggestion=(like.docname, like.start, end, words))


def _by_id(row: Row, editions: Editions) -> Placed | None:
    """A figure or a question stays with its id: on its page, or on the one that it went to."""
    if row.fragment in editions.ids.get(row.key or "", ()):
        return None
    homes = [key for key, ids in editions.ids.items() if row.fragment in ids]
    if len(homes) != 1:
        return Placed(row, "orphan", "orphan")
    return Placed(row, "moved", "kept" if homes[0] == row.orig_key else "moved", homes[0])
