"""What all benchmarks share: alternating runs, the best of each, and their table."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

RUNS = 7


@dataclass(frozen=True)
class Figure:
    """A measured thing beside its floor, in seconds or `unit`, and the largest ratio of them."""

    name: str
    ours: float
    floor_name: str
    floor: float
    budget: float | None
    note: str = ""
    unit: str = "s"

    def told(self, value: float) -> str:
        return f"{value:.3f} s" if self.unit == "s" else f"{value:g} {self.unit}"

    @property
    def ratio(self) -> float:
        return self.ours / self.floor

    @property
    def is_within(self) -> bool:
        return self.budget is None or self.ratio <= self.budget


Clock = Callable[[], float]


def seconds(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
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
    """Return the best seconds of both, run in turn; what comes before each is not timed."""
    pairs = []
    for _run in range(runs):
        before_ours()
        first = seconds(ours, clock)
        before_floor()
        pairs.append((first, seconds(floor, clock)))
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def count_queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len([one for one in queries if "SAVEPOINT" not in one["sql"]])


def table(figures: list[Figure]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| what | ours | floor | ratio | budget | |", "|---|---|---|---|---|---|"]
    for one in figures:
        budget = "none" if one.budget is None else f"{one.budget:g}"
        lines.append(
            f"| {one.name} | {one.told(one.ours)} | {one.floor_name}: {one.told(one.floor)} "
            f"| **{one.ratio:.2f}** | {budget} | {one.note} |"
        )
    return "\n".join(lines)
