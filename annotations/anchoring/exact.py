"""Finds the words of a passage in the new pages, with an index of the blocks by word."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rapidfuzz import fuzz

from annotations.anchoring.similar import TELLING
from annotations.anchoring.tokens import TOKEN, Block, Token

COMMON = 400  # words in more blocks than this are not used to find a block
LOOKED_AT = 20  # blocks that are compared with a quote
RESEMBLES = 70  # similar passages score more than this, out of 100
LONGEST = 4_000  # characters of a quote or of a block that are compared


class Quotes:
    """Searches for quotes in pages, given as their texts by docname and the blocks of the pages."""

    def __init__(self, texts: Mapping[str, str], blocks: Sequence[Block]) -> None:
        self.texts, self.blocks = texts, blocks
        self.having: dict[str, list[int]] = defaultdict(list)
        for at, block in enumerate(blocks):
            for word in set(TOKEN.findall(block.text)):
                self.having[word].append(at)

    def once(self, quote: str, tokens: Sequence[Token]) -> tuple[int, int] | None:
        """Return the index of a block and the offset in its page of the only such quote, or None.

        `tokens` are those of the quote. None is returned as well if the quote is too short, or if
        all its words are common.
        """
        # A selection may begin or end inside a word, so only the words between must occur.
        inner = {token.word for token in tokens[1:-1] or tokens}
        rarest = min((self.having.get(word, []) for word in inner), key=len, default=[])
        if len(quote) < TELLING or not 0 < len(rarest) <= COMMON:
            return None
        found: dict[tuple[str, int], int] = {}
        for at in rarest:
            for start in self.starts(quote, self.blocks[at]):
                found.setdefault((self.blocks[at].docname, start), at)
                if len(found) > 1:
                    return None
        return next(((at, start) for (_, start), at in found.items()), None)

    def starts(self, quote: str, block: Block) -> Iterator[int]:
        """Yield the offsets in the page at which the quote occurs in or next to the block."""
        text = self.texts[block.docname]
        end = block.end + len(quote)
        at = text.find(quote, max(0, block.start - len(quote)), end)
        while at >= 0:
            yield at
            at = text.find(quote, at + 1, end)

    def like(self, quote: str, tokens: Sequence[Token]) -> tuple[str, int, int] | None:
        """Return docname, start and end of the passage most similar to the quote, or None."""
        if not TELLING // 2 <= len(quote) <= LONGEST:
            return None
        votes: Counter[int] = Counter()
        for word in dict.fromkeys(token.word for token in tokens):
            positions = self.having.get(word, [])
            if len(positions) <= COMMON:
                votes.update(positions)
        best, found = float(RESEMBLES), None
        for at, _votes in votes.most_common(LOOKED_AT):
            block = self.blocks[at]
            hit = fuzz.partial_ratio_alignment(quote, block.text[:LONGEST], score_cutoff=best)
            # RapidFuzz looks for the shorter text in the longer one, so that a block much shorter
            # than the quote may score high without resembling it.
            if hit and hit.score > best and len(block.text) * 2 >= len(quote):
                best = hit.score
                found = block.docname, *_whole(block, hit.dest_start, hit.dest_end)
        return found


def _whole(block: Block, start: int, end: int) -> tuple[int, int]:
    """Extend a part of a block's text to whole words; return their start and end in the page."""
    start, end = block.start + start, block.start + end
    touched = [token for token in block.tokens if token.start < end and token.end > start]
    return (touched[0].start, touched[-1].end) if touched else (start, end)
