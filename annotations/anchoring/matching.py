"""Pairs the blocks of the old pages with those of the new ones.

All pages are compared together, so that moves between pages are found. The most certain pairs come
first: blocks whose text occurs once in both editions, then neighbours of pairs, then similar
blocks that share rare words, then blocks between two pairs. The work grows only linearly with the
number of blocks, since common words are not looked up, and only small gaps are compared all
against all.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from zlib import crc32

from annotations.anchoring.tokens import Block, likeness

RARE = 24  # words in more blocks than this are ignored: they say little, and cost much
CANDIDATES = 6  # new blocks that are compared with an old one
ALIKE = 0.5  # the least likeness of a pair anywhere
ALIKE_IN_PLACE = 0.3  # the least likeness of a pair between two other pairs
MANY_WORDS = 40  # of blocks with more, not all pairs of words are indexed
FEW_WORDS = 5  # blocks of so few words may be alike by chance
MOST_IN_GAP = 144  # old blocks times new blocks
# What is added to a likeness.
BESIDE = 0.15  # for blocks next to a pair
SAME_PAGE = 0.3
SURELY = 0.1  # by how much the likeness of a sure pair exceeds all others


def match(old: Sequence[Block], new: Sequence[Block]) -> dict[int, int]:
    """Return the pairs of blocks: from indices in `old` to indices in `new`."""
    return _Matcher(old, new).match()


class _Matcher:
    """Finds pairs of blocks; `i` and `j` are always indices of an old and a new block."""

    def __init__(self, old: Sequence[Block], new: Sequence[Block]) -> None:
        self.old, self.new = old, new
        self.old_pages, self.new_pages = page_ranges(old), page_ranges(new)
        self.pairs: dict[int, int] = {}
        self.taken: dict[int, int] = {}

    def match(self) -> dict[int, int]:
        self.match_unique(_text)
        self.match_unique(_page_and_text)
        self.continue_runs(self.is_same)
        self.match_alike(surely=True)
        self.continue_runs(self.is_same)
        self.continue_runs(self.is_alike)
        self.fill_gaps()
        self.match_alike(surely=False)
        self.continue_runs(self.is_alike)
        self.fill_gaps()
        self.match_counted()
        return self.pairs

    def pair(self, i: int, j: int) -> None:
        self.pairs[i] = j
        self.taken[j] = i

    def is_free(self, i: int, j: int) -> bool:
        return i not in self.pairs and j not in self.taken

    def is_same(self, i: int, j: int) -> bool:
        return self.old[i].text == self.new[j].text

    def is_alike(self, i: int, j: int) -> bool:
        return likeness(self.old[i], self.new[j]) >= ALIKE

    def left(self) -> tuple[list[int], list[int]]:
        """Return the indices of the old and of the new blocks that are not paired yet."""
        return (
            [i for i in range(len(self.old)) if i not in self.pairs],
            [j for j in range(len(self.new)) if j not in self.taken],
        )

    def match_unique(self, key: Callable[[Block], object]) -> None:
        """Pair blocks whose key occurs exactly once among the unpaired blocks of both sides."""
        left = self.left()
        old, new = _grouped(self.old, left[0], key), _grouped(self.new, left[1], key)
        for name, positions in old.items():
            if len(positions) == len(new.get(name, ())) == 1:
                self.pair(positions[0], new[name][0])

    def continue_runs(self, agree: Callable[[int, int], bool]) -> None:
        """Pair the neighbours of pairs, then their neighbours, and so on, while they agree."""
        # Backwards first: a heading or label belongs to what follows it.
        for step in (-1, 1):
            for i, j, olds, news in list(self.ends(step)):
                while (i := i + step) in olds and (j := j + step) in news:
                    if not (self.is_free(i, j) and agree(i, j)):
                        break
                    self.pair(i, j)

    def ends(self, step: int) -> Iterator[tuple[int, int, range, range]]:
        """Yield pairs to continue from, each with the ranges of the blocks of their pages.

        The positions just outside a page that exists in both editions count as a pair.
        """
        for i, j in sorted(self.pairs.items(), reverse=step < 0):
            yield i, j, self.old_pages[self.old[i].docname], self.new_pages[self.new[j].docname]
        for docname, olds in self.old_pages.items():
            news = self.new_pages.get(docname, range(0))
            if not news:
                continue
            if step > 0:
                yield olds.start - 1, news.start - 1, olds, news
            else:
                yield olds.stop, news.stop, olds, news

    def match_alike(self, *, surely: bool) -> None:
        """Pair similar blocks, the most similar first. `surely`: only without a close rival."""
        old, new = self.left()
        index = _index(self.new, new)
        found = [pair for i in old for pair in self.candidates(i, index)]
        mine, theirs = defaultdict(list), defaultdict(list)
        for score, i, j in found:
            mine[i].append(score)
            theirs[j].append(score)
        for score, i, j in sorted(found, key=lambda match: (-match[0], *match[1:])):
            is_sure = _stands_out(score, mine[i]) and _stands_out(score, theirs[j])
            if self.is_free(i, j) and (is_sure or not surely):
                self.pair(i, j)

    def candidates(
        self, i: int, index: dict[str | int, list[int]]
    ) -> Iterator[tuple[float, int, int]]:
        """Yield the score, `i` and `j` of new blocks that are similar to an old one."""
        block = self.old[i]
        votes: Counter[int] = Counter()
        for key in _keys(block):
            positions = index.get(key, ())
            for j in positions:
                votes[j] += 1 / len(positions)  # type: ignore[assignment]
        for j, _votes in votes.most_common(CANDIDATES):
            score = likeness(block, self.new[j])
            if score >= (ALIKE if len(block.words) > FEW_WORDS else ALIKE + 0.1):
                yield score + self.bonus(i, j), i, j

    def bonus(self, i: int, j: int) -> float:
        """Return what the positions of two blocks add to their likeness."""
        beside = self.pairs.get(i - 1, -2) == j - 1 or self.pairs.get(i + 1, -2) == j + 1
        is_same_page = self.old[i].docname == self.new[j].docname
        return BESIDE * beside + SAME_PAGE * is_same_page

    def fill_gaps(self) -> None:
        """Pair similar blocks between pairs, in order, where the gaps are small."""
        for olds, news in list(self.gaps()):
            if len(olds) * len(news) <= MOST_IN_GAP:
                for i, j in self.aligned(olds, news):
                    self.pair(i, j)

    def gaps(self) -> Iterator[tuple[range, range]]:
        """Yield the old and new blocks between two pairs, or a pair and an end of a page."""
        for docname, blocks in self.old_pages.items():
            there = self.new_pages.get(docname)
            first = [(blocks.start - 1, there.start - 1)] if there is not None else []
            last = [(blocks.stop, there.stop)] if there is not None else []
            paired = [(i, self.pairs[i]) for i in blocks if i in self.pairs]
            for (a, b), (c, d) in pairwise([*first, *paired, *last]):
                if c - a > 1 and self.is_gap(b, d):
                    yield range(a + 1, c), range(b + 1, d)

    def is_gap(self, b: int, d: int) -> bool:
        """Whether the new blocks between `b` and `d` are few, unpaired, and on one page."""
        between = range(b + 1, d)
        if not between or len(between) > MOST_IN_GAP:
            return False
        docname = self.new[between[0]].docname
        return self.new[between[-1]].docname == docname and not any(
            j in self.taken for j in between
        )

    def aligned(self, olds: range, news: range) -> Iterator[tuple[int, int]]:
        """Yield pairs in the same order on both sides, with the largest possible total likeness.

        This is a sequence alignment by dynamic programming (Needleman-Wunsch).
        """
        best: list[list[tuple[float, tuple[tuple[int, int], ...]]]]
        best = [[(0.0, ())] * (len(news) + 1) for _ in range(len(olds) + 1)]
        for x, i in enumerate(olds, 1):
            for y, j in enumerate(news, 1):
                score = likeness(self.old[i], self.new[j])
                total, chain = best[x - 1][y - 1]
                both = (total + score, (*chain, (i, j))) if score >= ALIKE_IN_PLACE else (-1.0, ())
                best[x][y] = max(best[x - 1][y], best[x][y - 1], both, key=lambda option: option[0])
        yield from best[-1][-1][1]

    def match_counted(self) -> None:
        """Pair the remaining equal blocks of a page in order, if their number is the same."""
        left = self.left()
        here = _grouped(self.old, left[0], _page_and_text)
        there = _grouped(self.new, left[1], _page_and_text)
        for text, positions in here.items():
            others = there.get(text, [])
            if len(positions) == len(others):
                for i, j in zip(positions, others, strict=True):
                    self.pair(i, j)


def _text(block: Block) -> str:
    return block.text


def _page_and_text(block: Block) -> tuple[str, str]:
    return block.docname, block.text


def _grouped(
    blocks: Sequence[Block], positions: Sequence[int], key: Callable[[Block], object]
) -> dict[object, list[int]]:
    found = defaultdict(list)
    for position in positions:
        found[key(blocks[position])].append(position)
    return found


def _stands_out(score: float, scores: list[float]) -> bool:
    """Return whether `score` is by far the best of a block's scores."""
    return sum(other > score - SURELY for other in scores) == 1


def _keys(block: Block) -> dict[str | int, None]:
    """Return the words of a block and hashes of its pairs of neighbouring words, in order.

    Pairs of words may be rare even if the words are not. Python's own hash, or a set, would differ
    between processes, but a sync must get the same result as its preview.
    """
    pairs = (crc32(f"{word} {following}".encode()) for word, following in pairwise(block.words))
    if len(block.words) > MANY_WORDS:
        # A quarter, the same on both sides, is enough; all pairs of a book would need much memory.
        pairs = (pair for pair in pairs if pair % 4 == 0)
    return dict.fromkeys([*block.words, *pairs])


def _index(blocks: Sequence[Block], positions: Sequence[int]) -> dict[str | int, list[int]]:
    """Return which of the blocks at `positions` have each key, leaving out common keys."""
    found = defaultdict(list)
    for position in positions:
        for key in _keys(blocks[position]):
            found[key].append(position)
    return {key: those for key, those in found.items() if len(those) <= RARE}


def page_ranges(blocks: Sequence[Block]) -> dict[str, range]:
    """Return the range of indices of each page's blocks, which must follow one another."""
    found: dict[str, range] = {}
    for at, block in enumerate(blocks):
        start = found[block.docname].start if block.docname in found else at
        found[block.docname] = range(start, at + 1)
    return found
