"""From what was kept and the rules to the score: pure, without a database or a clock.

A score is derived in this order:

====  ============================================  ===============================================
Step  Rule                                          Example
====  ============================================  ===============================================
1     An attempt's raw points are a person's        The grader gave 0 of 2, a regrade 1, and the
      grade, else the newest regrade's that has     instructor 1.5: raw points are 1.5. An essay
      not been undone, else the grader's. Without   that nobody has graded has none, and waits.
      any, it waits for a person.
2     Hints taken before it cost points, not        1.5 raw points and a hint for 0.5: 1 point.
      below 0.
3     The late rule takes its share, by when the    1 point, 10 % a day, half a day late: 0.9.
      attempt reached the site; rounded once, half
      up, to two decimals. After the last date, an
      attempt is practice and does not count.
4     The policy picks: the best attempt, or the    Attempts of 2 and then 1 points: 2 by the best,
      latest. Attempts that wait are passed over,   1 by the latest; 2 if the second was after the
      and one after the due date never lowers the   due date.
      score.
5     Full points for everybody raise it to what    0.9 of 2 points: 2 points, also if nothing was
      is possible.                                  answered.
6     An override replaces it, whatever 2 to 5 say. The instructor sets 1.25: 1.25 points.
7     Questions that are dropped, or switched off,  See `grading.scores.totals`.
      are in no sum.
====  ============================================  ===============================================
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

CENT = Decimal("0.01")
Reason = tuple[Any, ...]  # a code, and what its text needs; see `grading.scores.reasons`


class Given(NamedTuple):
    """Points, None if a person has to give them, and the key of the feedback that replies."""

    points: Decimal | None
    feedback: int | None = None


class Attempt(NamedTuple):
    """An attempt, with what the grader, the newest regrade and a person gave for it.

    `regraded` and `grade` are None if there is none, and `received_at` may be if no rule has dates
    and no hint was taken. It is a tuple, since a changed rule makes a million of them.
    """

    pk: int
    given: Given
    regraded: Given | None = None
    grade: Decimal | None = None
    received_at: datetime | None = None

    @property
    def raw(self) -> Given:
        """Return what the attempt earns by step 1."""
        given = self.given if self.regraded is None else self.regraded
        return given if self.grade is None else Given(self.grade, given.feedback)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return who gave the raw points, unless it was the grader."""
        if self.grade is not None:
            return (("grade",),)
        return () if self.regraded is None else (("regrade",),)


@dataclass(frozen=True, slots=True)
class Override:
    """Points that a person has set, with the reason that the student may see."""

    points: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint that the student took, and what it costs."""

    points: Decimal
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Dates:
    """When answers are due, and until when late ones count; None: at any time."""

    due: datetime | None = None
    late_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LateRule:
    """What being late costs: `percent` for each begun `period` from the due date.

    At least `floor` percent of the points are left. A day has 24 hours.
    """

    percent: Decimal
    period: timedelta = timedelta(days=1)
    floor: Decimal = Decimal(0)

    def begun(self, late: timedelta) -> int:
        """Return how many periods have begun after such a time."""
        return -(-late // self.period)

    def left(self, late: timedelta) -> Decimal:
        """Return the percentage of the points that is left after such a time."""
        return max(Decimal(100) - self.percent * self.begun(late), self.floor)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for a student and a question. An extension replaces the dates."""

    possible: Decimal
    keeps_best: bool = False
    full_points: bool = False
    dates: Dates = Dates()
    extension: Dates | None = None
    late_rule: LateRule | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What counts. `points` is None until something has been graded.

    `attempt` is the key of the attempt that counts, or of the last one that waits if none counts
    yet. `raw` are its points by step 1. `waits` is true if a person's grade could change the score.
    `reasons` say how the score came about, unless it is what the grader gave for the last attempt.
    """

    attempt: int | None = None
    raw: Decimal | None = None
    points: Decimal | None = None
    feedback: int | None = None
    waits: bool = False
    reasons: tuple[Reason, ...] = ()


class _Counted(NamedTuple):
    """An attempt after steps 1 to 3."""

    number: int
    attempt: Attempt
    raw: Given
    points: Decimal
    reasons: tuple[Reason, ...]


def derive(
    attempts: Sequence[Attempt],
    rules: Rules,
    override: Override | None = None,
    hints: Sequence[Hint] = (),
) -> Score:
    """Return the score of a student at a question. `attempts` are in the order of their keys."""
    counted: _Counted | None = None
    reasons: tuple[Reason, ...]
    waiting: list[int] = []  # the numbers of attempts that wait
    practice = 0
    dates = rules.extension or rules.dates
    for number, attempt in enumerate(attempts, 1):
        at = attempt.received_at
        if dates.late_until is not None and at is not None and at > dates.late_until:
            practice += 1
            continue
        raw = attempt.raw
        if raw.points is None:
            waiting.append(number)
            continue
        is_late = dates.due is not None and at is not None and at > dates.due
        points, reasons = raw.points, ()
        if at is not None and (is_late or hints):
            points, reasons = _reduced(raw.points, at, dates.due, rules, hints)
        if (
            counted is None
            or points >= counted.points
            or not (rules.keeps_best or is_late)
        ):  # fmt: skip
            counted = _Counted(number, attempt, raw, points, reasons)
            if not rules.keeps_best:
                waiting.clear()  # a later attempt counts, whatever the earlier ones will earn
    return _score(attempts, counted, waiting, practice, rules, override)


def _reduced(
    points: Decimal,
    received_at: datetime,
    due: datetime | None,
    rules: Rules,
    hints: Sequence[Hint],
) -> tuple[Decimal, tuple[Reason, ...]]:
    """Return points after steps 2 and 3, and why they are fewer."""
    reasons: list[Reason] = []
    cost = sum((hint.points for hint in hints if hint.taken_at <= received_at), Decimal(0))
    if cost:
        points = max(points - cost, Decimal(0))
        reasons.append(("hints", str(cost)))
    if due is not None and received_at > due:
        late = received_at.astimezone(UTC) - due.astimezone(UTC)
        left = Decimal(100) if rules.late_rule is None else rules.late_rule.left(late)
        points = (points * left / 100).quantize(CENT, ROUND_HALF_UP)
        reasons.append(("late", int(late.total_seconds()), str(left)))
    return points, tuple(reasons)


def _score(
    attempts: Sequence[Attempt],
    counted: _Counted | None,
    waiting: Sequence[int],
    practice: int,
    rules: Rules,
    override: Override | None,
) -> Score:
    """Return the score by steps 5 and 6, with all reasons."""
    reasons: list[Reason] = []
    attempt = raw = points = feedback = None
    if counted is not None:
        attempt, raw, points = counted.attempt.pk, counted.raw.points, counted.points
        feedback = counted.raw.feedback
        if counted.number < len(attempts):
            reasons.append(("attempt", counted.number, len(attempts)))
        reasons += counted.attempt.reasons + counted.reasons
    elif attempts:
        last = attempts[waiting[-1] - 1] if waiting else attempts[-1]
        attempt, feedback = last.pk, last.raw.feedback
    if practice:
        reasons.append(("practice", practice))
    waits = bool(waiting)
    if rules.full_points and (points is None or points < rules.possible):
        points = rules.possible
        reasons.append(("full",))
    if rules.full_points:
        waits = False
    if override is not None:
        points, waits = override.points, False
        reasons.append(("override", override.reason))
    if waits:
        reasons.append(("waits", len(waiting)))
    return Score(attempt, raw, points, feedback, waits, tuple(reasons))
