"""Sums up a plan: whether there is work, what users lose, and a line for its release."""

from collections import Counter
from collections.abc import Mapping

from books.sync.follower import Effects
from books.sync.plan import Plan
from books.sync.report import row_changes

FIRST = 20  # how many of the rows of user data that would be deleted are named


def is_nothing(plan: Plan, effects: Mapping[str, Effects]) -> bool:
    """Whether neither the plan nor a follower has anything to do."""
    return plan.is_empty and not any(effect.is_work for effect in effects.values())


def loss_counts(plan: Plan) -> dict[str, int]:
    """Return how many rows of each kind of user data the plan deletes."""
    total: Counter[str] = Counter()
    for loss in plan.losses:
        total.update(loss.counts)
    return dict(sorted(total.items()))


def summary(plan: Plan) -> str:
    """Return one line on what the plan changes, to be stored with its release."""
    changes = (
        (row_changes.PAGES, row_changes.of_table(row_changes.PAGES, plan.pages)),
        (row_changes.QUESTIONS, row_changes.of_table(row_changes.QUESTIONS, plan.questions)),
        (row_changes.FEEDBACK, row_changes.of_table(row_changes.FEEDBACK, plan.feedback)),
    )
    parts = [f"{table.name}: {rows.line()}" for table, rows in changes if rows.line()]
    return "; ".join(parts) or "files alone"


def shortened(text: str, length: int = 40) -> str:
    """Return a text on one line, cut to `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
