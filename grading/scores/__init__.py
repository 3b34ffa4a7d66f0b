"""Points: what was kept is read, scores are derived, and `Answer` is written."""

from grading.scores.derivation import Score, derive
from grading.scores.totals import Totals, add_up, totals_of, with_totals
from grading.scores.writer import as_of, lock, lock_courses, questions_with_rows, refresh

__all__ = [
    "Score",
    "Totals",
    "add_up",
    "as_of",
    "derive",
    "lock",
    "lock_courses",
    "questions_with_rows",
    "refresh",
    "totals_of",
    "with_totals",
]
