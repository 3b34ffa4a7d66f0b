"""Tokens (words and punctuation marks), and the diff between those of two texts."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from sys import intern
from typing import NamedTuple

from rapidfuzz.distance import Indel

from books.sequences import longest_run

TOKEN = re.compile(r"\w+|[^\w\s]")
WORD = re.compile(r"\w+")
# The time and memory of a diff grow with the product of both lengths. Above this, it is split.
MOST_CELLS = 4_000_000
# Blocks of more words than this are compared as bags of words.
MOST_COMPARED = 400


class Token(NamedTuple):
    """A word or punctuation mark, with its offsets in the page's text."""

    start: int
    end: int
    word: str


class Block:
    """A block with its own text; `start` and `end` are offsets in the page's text."""

    def __init__(self, docname: str, start: int, text: str) -> None:
        self.docname, self.start, self.text = docname, start, text
        self.end = start + len(text)

    @cached_property
    def tokens(self) -> list[Token]:
        at = self.start
        return [
            Token(at + match.start(), at + match.end(), intern(match[0]))
            for match in TOKEN.finditer(self.text)
        ]

    @cached_property
    def words(self) -> list[str]:
        """The words for comparing blocks, or the punctuation marks if there are no words."""
        # A book has few different words. Interned, each is in memory only once.
        return [intern(word) for word in WORD.findall(self.text) or TOKEN.findall(self.text)]

    @cached_property
    def bag(self) -> Counter[str]:
        return Counter(self.words)


def likeness(old: Block, new: Block) -> float:
    """Return how similar two blocks are, from 0 to 1.

    This is the share of words that are the same in the same order (normalized Indel similarity);
    for long blocks, of words that are the same in any order (Dice coefficient).
    """
    a, b = old.words, new.words
    if max(len(a), len(b)) <= MOST_COMPARED:
        return Indel.normalized_similarity(a, b)
    return 2 * (old.bag & new.bag).total() / (len(a) + len(b))


class Run(NamedTuple):
    """A range of old tokens, and the range of new ones in their place; one may be empty."""

    is_equal: bool
    old: range
    new: range


def runs(old: Sequence[str], new: Sequence[str]) -> list[Run]:
    """Return the diff of two texts: runs of all their tokens, in order, equal or replaced."""
    joined: list[Run] = []
    for run in _pieces(old, new, 0, 0):
        last = joined[-1] if joined else None
        if last and last.is_equal == run.is_equal:
            joined[-1] = Run(
                run.is_equal,
                range(last.old.start, run.old.stop),
                range(last.new.start, run.new.stop),
            )
        elif run.old or run.new:
            joined.append(run)
    return joined


def _pieces(a: Sequence[str], b: Sequence[str], at: int, to: int) -> Iterator[Run]:
    """Yield the runs of two parts of texts, which start at the tokens `at` and `to`."""
    if len(a) * len(b) <= MOST_CELLS:
        yield from _diff(a, b, at, to)
        return
    i = j = 0
    for x, y in [*_landmarks(a, b), (len(a), len(b))]:
        if (x - i) * (y - j) <= MOST_CELLS:
            yield from _diff(a[i:x], b[j:y], at + i, to + j)
        else:
            yield Run(False, range(at + i, at + x), range(to + j, to + y))
        i, j = x, y


def _diff(a: Sequence[str], b: Sequence[str], at: int, to: int) -> Iterator[Run]:
    for code in Indel.opcodes(a, b):
        old = range(at + code.src_start, at + code.src_end)
        yield Run(code.tag == "equal", old, range(to + code.dest_start, to + code.dest_end))


def _landmarks(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of sequences of three tokens that occur once in each text, in order."""
    here, there = _unique(a), _unique(b)
    pairs = [(i, there[key]) for key, i in here.items() if key in there]
    # As many as possible that are in the same order in both texts.
    return [pairs[number] for number in longest_run([second for _first, second in pairs])]


def _unique(tokens: Sequence[str]) -> dict[tuple[str, ...], int]:
    triples = list(zip(tokens, tokens[1:], tokens[2:], strict=False))
    once = Counter(triples)
    return {triple: at for at, triple in enumerate(triples) if once[triple] == 1}
