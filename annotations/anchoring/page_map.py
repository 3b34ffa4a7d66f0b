"""Finds where a passage of the old pages is in the new ones.

The states of a passage are:

`kept`: the same words on the same page, as the diff shows (their section may have moved).
`moved`: the same words on another page, or anywhere if an exact search found what the diff lost.
`changed`: the same position, as the diff shows, but with other words.
`orphan`: the passage is gone; the docname is the old one, and start and end are None.

Words are the same even if the white space differs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal, NamedTuple

from annotations.anchoring.exact import Quotes
from annotations.anchoring.matching import match, page_ranges
from annotations.anchoring.text import PageText, read
from annotations.anchoring.tokens import Block, Run, Token, runs

State = Literal["kept", "moved", "changed", "orphan"]


class Location(NamedTuple):
    """Where a passage is in the new pages; offsets are in the page's canonical text."""

    docname: str
    start: int | None
    end: int | None
    state: State


class _Spot(NamedTuple):
    """The span of a new page, inside one block, that corresponds to a part of the passage."""

    block: int
    start: int
    end: int


def map_pages(old: Mapping[str, str], new: Mapping[str, str]) -> "PageMap":
    """Compare the HTML of two editions, by docname.

    All changed, added and removed pages are given together, so that moves between them are found.
    """
    return PageMap(
        {docname: read(html) for docname, html in old.items()},
        {docname: read(html) for docname, html in new.items()},
    )


class PageMap:
    """The correspondence between the old and the new pages of a book."""

    def __init__(self, old: Mapping[str, PageText], new: Mapping[str, PageText]) -> None:
        self.old = {docname: page.text for docname, page in old.items()}
        self.new = {docname: page.text for docname, page in new.items()}
        self._same = {name for name, text in self.old.items() if self.new.get(name) == text}
        self._old_blocks = _blocks(old, self._same)
        self._new_blocks = _blocks(new, self._same)
        self._pages = page_ranges(self._old_blocks)
        self._pairs = match(self._old_blocks, self._new_blocks)
        self._runs: dict[int, list[Run]] = {}

    def locate(self, docname: str, start: int, end: int) -> Location:
        """Return where a passage of an old page is now. Raises KeyError if the page is unknown."""
        quote = self.old[docname][start:end]
        if docname in self._same and quote:
            return Location(docname, start, start + len(quote), "kept")
        found = self._follow(docname, start, end)
        if found and _letters(self._text(found)) == _letters(quote):
            return found._replace(state="kept" if found.docname == docname else "moved")
        exact = self._exact(docname, start, end)
        return exact or found or Location(docname, None, None, "orphan")

    def suggest(self, docname: str, start: int, end: int) -> Location | None:
        """Return the passage most similar to a lost one, as a suggestion only, or None."""
        quote = self.old[docname][start:end].strip()
        found = self._quotes.like(quote, self._tokens(docname, start, end))
        return found and Location(*found, "changed")

    def _text(self, location: Location) -> str:
        return self.new[location.docname][location.start : location.end]

    @cached_property
    def _quotes(self) -> Quotes:
        return Quotes(self.new, self._new_blocks)

    @cached_property
    def _taken(self) -> dict[int, int]:
        return {j: i for i, j in self._pairs.items()}

    def _parts(self, docname: str, start: int, end: int) -> Iterator[tuple[int, range]]:
        """Yield the indices of the old blocks in the passage, and the ranges of their tokens."""
        if start >= end:
            return
        blocks = self._pages.get(docname, range(0))
        first = bisect_right(blocks, start, key=lambda at: self._old_blocks[at].start) - 1
        for at in blocks[max(first, 0) :]:
            block = self._old_blocks[at]
            if block.start >= end:
                return
            here = bisect_right(block.tokens, start, key=lambda token: token.end)
            there = bisect_left(block.tokens, end, key=lambda token: token.start)
            if here < there:
                yield at, range(here, there)

    def _tokens(self, docname: str, start: int, end: int) -> list[Token]:
        parts = self._parts(docname, start, end)
        return [self._old_blocks[at].tokens[n] for at, those in parts for n in those]

    def _follow(self, docname: str, start: int, end: int) -> Location | None:
        """Return where the passage, or its largest part, is according to the diff, or None."""
        groups: list[list[_Spot]] = []
        for spot in self._spots(docname, start, end):
            if not (groups and self._continues(groups[-1][-1], spot, (end - start) / 2)):
                groups.append([])
            groups[-1].append(spot)
        if not groups:
            return None
        most = max(groups, key=lambda group: sum(spot.end - spot.start for spot in group))
        page = self._new_blocks[most[0].block].docname
        return Location(page, most[0].start, most[-1].end, "changed")

    def _continues(self, first: _Spot, second: _Spot, room: float) -> bool:
        """Whether two parts of a passage are still one, despite what was inserted between them."""
        return (
            self._new_blocks[first.block].docname == self._new_blocks[second.block].docname
            and 0 <= second.start - first.end <= room
        )

    def _spots(self, docname: str, start: int, end: int) -> Iterator[_Spot]:
        for at, tokens in self._parts(docname, start, end):
            if at not in self._pairs:
                continue
            there = self._pairs[at]
            new = self._new_blocks[there].tokens
            spans = list(_counterparts(self._runs_of(at), tokens))
            if not spans:
                continue
            left, right = new[spans[0].start], new[spans[-1].stop - 1]
            first, last = (self._old_blocks[at].tokens[n] for n in (tokens[0], tokens[-1]))
            # A selection may start or end inside a word.
            into = max(0, start - first.start) if left.word == first.word else 0
            off = max(0, last.end - end) if right.word == last.word else 0
            if left.start + into >= right.end - off:
                into = off = 0
            yield _Spot(there, left.start + into, right.end - off)

    def _runs_of(self, at: int) -> list[Run]:
        if at not in self._runs:
            old, new = self._old_blocks[at], self._new_blocks[self._pairs[at]]
            words = [[token.word for token in block.tokens] for block in (old, new)]
            self._runs[at] = runs(*words)
        return self._runs[at]

    def _exact(self, docname: str, start: int, end: int) -> Location | None:
        """Return the only place with the same words, unless another passage had it before."""
        quote = self.old[docname][start:end].strip()
        found = self._quotes.once(quote, self._tokens(docname, start, end))
        if found is None or self._is_another(found[0], quote, (docname, start)):
            return None
        page = self._new_blocks[found[0]].docname
        return Location(page, found[1], found[1] + len(quote), "moved")

    def _is_another(self, block: int, quote: str, own: tuple[str, int]) -> bool:
        """Return whether the block had the quote before, as a passage other than `own`.

        `own` is the passage's docname and start. If so, the passage is gone and the other is left.
        """
        if block not in self._taken:
            return False
        was = self._old_blocks[self._taken[block]]
        low, high = max(0, was.start - len(quote)), was.end + len(quote)
        at = self.old[was.docname].find(quote, low, high)
        return at >= 0 and not (was.docname == own[0] and abs(at - own[1]) <= 1)


def _blocks(pages: Mapping[str, PageText], but: set[str]) -> list[Block]:
    return [
        Block(docname, start, page.text[start:end])
        for docname, page in pages.items()
        if docname not in but
        for start, end in page.blocks
    ]


def _letters(text: str) -> str:
    return "".join(text.split())


def _counterparts(found: list[Run], tokens: range) -> Iterator[range]:
    """Yield the ranges of new tokens that correspond to a range of old ones."""
    at = bisect_right(found, tokens.start, key=lambda run: run.old.stop)
    for run in found[at:]:
        if run.old.start >= tokens.stop:
            return
        if not run.old:
            continue
        low = max(tokens.start, run.old.start) - run.old.start
        high = min(tokens.stop, run.old.stop) - run.old.start
        if not run.is_equal:
            # Take a proportional part of the tokens that replaced the run.
            low, high = low * len(run.new) // len(run.old), -(-high * len(run.new) // len(run.old))
        if low < high and run.new[low:high]:
            yield run.new[low:high]
