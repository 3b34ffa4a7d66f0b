"""Notes on pages under edits whose correct result is known, and the time for 10,000 notes."""

import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from annotations.anchoring import PageMap, map_pages
from benchmarks import prose
from benchmarks.edits import Book, Spot
from benchmarks.figures import Bound, seconds

SEEDS = 10
PAGES = 4
QUOTES = 200
LENGTHS = ((1, 3), (4, 12), (13, 40))  # words of a quote
PAGE_SIZE = 40_000
# Only pages with more of these are used.
SECTIONS = 5
PARAGRAPHS = 100


@dataclass
class Tally:
    """How many notes are placed right or wrong, or are orphans.

    `gone` counts only those whose text was deleted, `moved` those whose text is on another page.
    """

    all: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return " / ".join(f"{share(self.all, one):.2f}" for one in ("right", "wrong", "orphan"))


def share(counts: Counter[str], outcome: str) -> float:
    """Return the percentage of an outcome."""
    return 100 * counts[outcome] / max(1, counts.total())


def quotes(spots: list[Spot], dice: random.Random, count: int) -> Iterator[list[Spot]]:
    """Yield `count` random runs of words of a page: short, medium and long ones in turn."""
    for number in range(count):
        length = dice.randint(*LENGTHS[number % 3])
        start = dice.randrange(max(1, len(spots) - length))
        yield spots[start : start + length]


def by_page(spots: list[Spot]) -> dict[str, list[Spot]]:
    pages: dict[str, list[Spot]] = {}
    for spot in spots:
        pages.setdefault(spot.docname, []).append(spot)
    return pages


class Truth:
    """Where each word of the old pages is in the edited pages."""

    def __init__(self, spots: list[Spot]) -> None:
        self.pages = by_page(spots)
        self.now = {spot.word.origin: spot for spot in spots if spot.word.origin is not None}

    def of(self, quote: list[Spot]) -> set[Spot]:
        """Return where the words of a quote are now."""
        return {self.now[one.word.origin] for one in quote if one.word.origin in self.now}

    def covered(self, docname: str, start: int, end: int) -> set[Spot]:
        """Return the words in a span of an edited page, without inserted ones."""
        page = self.pages.get(docname, [])
        first = bisect_right(page, start, key=lambda spot: spot.end)
        last = bisect_left(page, end, key=lambda spot: spot.start)
        return {spot for spot in page[first:last] if spot.word.origin is not None}


def outcome(pages: PageMap, quote: list[Spot], truth: Truth) -> str:
    """Place a quote, and return "right", "wrong" or "orphan".

    It is right if the words meant and the words covered have a Jaccard index of at least 0.5.
    """
    location = pages.locate(quote[0].docname, quote[0].start, quote[-1].end)
    if location.start is None or location.end is None:
        return "orphan"
    meant, got = truth.of(quote), truth.covered(location.docname, location.start, location.end)
    return "right" if 2 * len(meant & got) >= len(meant | got) > 0 else "wrong"


def play(edit: Callable[[Book], None], tally: Tally, seed: int) -> None:
    """Edit some pages, and count how notes on them are placed."""
    book = Book(some_pages(seed), seed)
    old, before = book.html(), by_page(book.spots())
    edit(book)
    truth = Truth(book.spots())
    pages = map_pages(old, book.html())
    for docname, spots in before.items():
        for quote in quotes(spots, book.random, QUOTES):
            count(tally, docname, truth.of(quote), outcome(pages, quote, truth))


def count(tally: Tally, docname: str, meant: set[Spot], result: str) -> None:
    """Count a result; `docname` is the note's old page, and `meant` is where its words are now."""
    tally.all[result] += 1
    if all(spot.word.is_new for spot in meant):
        tally.gone[result] += 1
    elif all(spot.docname != docname for spot in meant):
        tally.moved[result] += 1


def some_pages(seed: int) -> dict[str, str]:
    """Return random pages with enough sections and paragraphs, as HTML by docname."""
    every = prose.manual(PAGE_SIZE)
    fit = [
        name
        for name, html in every.items()
        if html.count("<section") > SECTIONS and html.count("<p>") > PARAGRAPHS
    ]
    return {name: every[name] for name in random.Random(seed).sample(fit, PAGES)}


def few_words(book: Book) -> None:
    book.change_words(0.05)
    book.move_sections(2)


def paragraphs_gone(book: Book) -> None:
    few_words(book)
    book.drop_paragraphs(0.1)


def many_words(book: Book) -> None:
    book.change_words(0.2)
    book.move_sections(2)


def other_page(book: Book) -> None:
    book.move_paragraphs(40)


def played(edit: Callable[[Book], None]) -> Tally:
    """Return the tally of an edit with all seeds."""
    tally = Tally()
    for seed in range(SEEDS):
        play(edit, tally, seed)
    return tally


def robustness() -> list[Bound]:
    """Return how many notes are placed right and wrong, for each kind of edit."""
    few, gone, rewrapped, many, other = map(
        played, (few_words, paragraphs_gone, Book.rewrap, many_words, other_page)
    )

    def at_least(name: str, tally: Tally, limit: float) -> Bound:
        note = f"right / wrong / orphan: {tally}"
        return Bound(f"{name}: right", share(tally.all, "right"), "%", limit, note, is_least=True)

    def at_most(name: str, counts: Counter[str], limit: float) -> Bound:
        return Bound(name, share(counts, "wrong"), "%", limit, f"of {counts.total():,} notes")

    first = "notes, 5 % of words changed, two sections moved"
    second = "notes, 20 % of words changed, two sections moved"
    moved = share(other.moved, "right")
    return [
        at_least(first, few, 98.5),
        at_most(f"{first}: wrong", few.all, 0.6),
        at_most("notes whose text was deleted: anchored wrongly", gone.gone, 1.5),
        at_least("notes, lines re-wrapped", rewrapped, 100),
        at_least(second, many, 94),
        at_most(f"{second}: wrong", many.all, 2.5),
        Bound("notes moved to another page: right", moved, "%", 99.5,
              f"of {other.moved.total():,}; all notes then: {other}", is_least=True),
    ]  # fmt: skip


def effort() -> Bound:
    """Return the time to place all notes on changed pages."""
    book = Book(dict(list(prose.library(14_000).items())[:100]), 1)
    old, before = book.html(), by_page(book.spots())
    few_words(book)
    new = book.html()
    chosen = [one for page in before.values() for one in quotes(page, book.random, 100)]

    def place_all() -> None:
        pages = map_pages(old, new)
        for quote in chosen:
            pages.locate(quote[0].docname, quote[0].start, quote[-1].end)

    size = sum(map(len, old.values()))
    note = f"{len(chosen):,} notes on {len(old)} pages, {size / 1e6:.1f} MB of HTML"
    return Bound("10,000 notes on 100 changed pages", seconds(place_all), "s", 20, note)


def measure() -> list[Bound]:
    return [*robustness(), effort()]
