"""What all benchmarks share: alternating runs, the best of each, and their table."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test.utils import CaptureQueriesContext

RUNS = 7


@dataclass(frozen=True)
class Figure:
    """A measured thing beside its floor, both in seconds, and the largest ratio it may have."""

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


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternate(
    ours: Callable[[], object],
    floor: Callable[[], object],
    *,
    before_ours: Callable[[], object] = bool,
    before_floor: Callable[[], object] = bool,
    runs: int = RUNS,
) -> tuple[float, float]:
    """Return the best seconds of both, run in turn; what comes before each is not timed."""
    pairs = []
    for _run in range(runs):
        before_ours()
        first = seconds(ours)
        before_floor()
        pairs.append((first, seconds(floor)))
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
            f"| {one.name} | {one.ours:.3f} s | {one.floor_name}: {one.floor:.3f} s "
            f"| **{one.ratio:.2f}** | {budget} | {one.note} |"
        )
    return "\n".join(lines)
