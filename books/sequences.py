"""What keeps its order. Pure: anchoring and the plan of a sync call it alike."""

from bisect import bisect_left
from collections.abc import Sequence


def longest_run(places: Sequence[int]) -> list[int]:
    """Return the numbers of a longest increasing subsequence (patience sorting)."""
    tails: list[int] = []  # the smallest last place of a run of each length
    ends: list[int] = []
    before: list[int] = []
    for number, place in enumerate(places):
        length = bisect_left(tails, place)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [place]
        ends[length : length + 1] = [number]
    run = []
    number = ends[-1] if ends else -1
    while number >= 0:
        run.append(number)
        number = before[number]
    return run[::-1]
