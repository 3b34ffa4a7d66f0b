"""Functions of sequences. Pure; used by anchoring, syncs, regrades and erasures."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence


def in_chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Yield the items in order, in sequences of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def longest_run(positions: Sequence[int]) -> list[int]:
    """Return the positions in `places` of a longest strictly increasing subsequence.

    The algorithm is patience sorting, which takes O(n log n) time.
    """
    tails: list[int] = []  # by length of a run, the smallest value that can end it
    ends: list[int] = []  # the positions of these values
    before: list[int] = []  # by position, the position before it in its run, or -1
    for number, position in enumerate(positions):
        length = bisect_left(tails, position)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [position]
        ends[length : length + 1] = [number]
    run = []
    number = ends[-1] if ends else -1
    while number >= 0:
        run.append(number)
        number = before[number]
    return run[::-1]
