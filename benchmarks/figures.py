"""Tools for all benchmarks: alternating runs, the best time of each, and the table of results.

A floor is the time of the least work that produces a comparable result, measured in the same run.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

RUNS = 7


@dataclass(frozen=True)
class Figure:
    """A measured time and its floor, in seconds; `budget` is the largest allowed ratio, if any."""

    name: str
    ours: float
    floor_name: str
    floor: float
    budget: float | None
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.floor

    @property
    def is_within(self) -> bool:
        return self.budget is None or self.ratio <= self.budget

    @property
    def row(self) -> str:
        budget = "none" if self.budget is None else f"{self.budget:g}"
        return (
            f"| {self.name} | {self.ours:.3f} s | {self.floor_name}: {self.floor:.3f} s "
            f"| **{self.ratio:.2f}** | {budget} | {self.note} |"
        )


@dataclass(frozen=True)
class Bound:
    """A measured value without a floor; `limit` is its maximum, or minimum if `is_least`."""

    name: str
    ours: float
    unit: str
    limit: float
    note: str = ""
    is_least: bool = False

    @property
    def is_within(self) -> bool:
        return self.ours >= self.limit if self.is_least else self.ours <= self.limit

    @property
    def row(self) -> str:
        most = "at least" if self.is_least else "at most"
        return (
            f"| {self.name} | **{self.ours:.2f} {self.unit}** | | "
            f"| {most} {self.limit:g} {self.unit} | {self.note} |"
        )


Clock = Callable[[], float]


def seconds(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Return how many seconds `work` takes."""
    start = clock()
    work()
    return clock() - start


def alternate(
    ours: Callable[[], object],
    floor: Callable[[], object],
    *,
    before_ours: Callable[[], object] = bool,
    before_floor: Callable[[], object] = bool,
    runs: int = RUNS,
    clock: Clock = time.perf_counter,
) -> tuple[float, float]:
    """Run both in turn, `runs` times each, and return the shortest time of each in seconds.

    `before_ours` and `before_floor` are called before each run, and not timed.
    """
    pairs = []
    for _run in range(runs):
        before_ours()
        first = seconds(ours, clock)
        before_floor()
        pairs.append((first, seconds(floor, clock)))
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def count_queries(work: Callable[[], object]) -> int:
    """Return how many SQL statements `work` executes, not counting savepoints."""
    with CaptureQueriesContext(connection) as queries:
        work()
    return len([one for one in queries if "SAVEPOINT" not in one["sql"]])


def table(figures: Sequence[Figure | Bound]) -> str:
    """Return the figures as a Markdown table."""
    head = ["| what | ours | floor | ratio | budget | |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *(one.row for one in figures)])
