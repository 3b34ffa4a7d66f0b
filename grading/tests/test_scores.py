"""How a score is derived, step by step, and against another way to say the same rules."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.scores import reasons
from grading.scores.derivation import (
    Attempt,
    Dates,
    Given,
    Hint,
    LateRule,
    Override,
    Rules,
    Score,
    derive,
)
from grading.scores.totals import Item, Points, add_up

DUE = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # in the night in which Europe's clocks go back
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TWO = Rules(Decimal(2))
TEN_PERCENT = LateRule(Decimal(10))


def attempt(pk, points, *, at=DUE - DAY, regraded=None, grade=None, feedback=None):
    own = Given(None if points is None else Decimal(points), feedback)
    layer = None if regraded is None else Given(Decimal(regraded), 7)
    return Attempt(pk, own, layer, None if grade is None else Decimal(grade), at)


def points(*attempts, rules=TWO, **over):
    return derive(attempts, rules, **over).points


def best(**over):
    return Rules(Decimal(2), keeps_best=True, **over)


def late(**over):
    return Rules(Decimal(2), dates=Dates(DUE), **over)


def test_1_a_persons_grade_is_above_regrades_and_these_above_the_grader():
    assert points(attempt(1, "0")) == 0
    assert points(attempt(1, "0", regraded="1")) == 1
    assert points(attempt(1, "0", regraded="1", grade="1.5")) == Decimal("1.5")
    score = derive([attempt(1, "0", regraded="1", grade="1.5", feedback=3)], TWO)
    assert (score.raw, score.feedback, score.reasons) == (Decimal("1.5"), 7, (("grade",),))


def test_1_what_nobody_has_graded_waits():
    score = derive([attempt(1, None)], TWO)
    assert (score.points, score.attempt, score.waits) == (None, 1, True)
    assert derive([attempt(1, None, grade="2")], TWO) == Score(
        1, Decimal(2), Decimal(2), None, waits=False, reasons=(("grade",),)
    )


def test_2_hints_taken_before_an_attempt_cost_points_but_not_below_0():
    hint = Hint(Decimal("0.5"), DUE - DAY)
    assert points(attempt(1, "1.5"), hints=[hint]) == 1
    assert points(attempt(1, "1.5", at=DUE - 2 * DAY), hints=[hint]) == Decimal("1.5")
    assert points(attempt(1, "0.5"), hints=[hint, hint]) == 0


@pytest.mark.parametrize(
    ("after", "rule", "expected"),
    [
        (timedelta(0), TEN_PERCENT, "1"),
        (timedelta(microseconds=1), TEN_PERCENT, "0.9"),
        (DAY / 2, TEN_PERCENT, "0.9"),
        (DAY, TEN_PERCENT, "0.9"),
        (DAY + timedelta(seconds=1), TEN_PERCENT, "0.8"),
        (20 * DAY, TEN_PERCENT, "0"),
        (20 * DAY, LateRule(Decimal(10), floor=Decimal(30)), "0.3"),
        (3 * HOUR, LateRule(Decimal(10), HOUR), "0.7"),
        (3 * DAY, None, "1"),
    ],
)
def test_3_the_late_rule_takes_its_share_by_when_the_attempt_came(after, rule, expected):
    own = attempt(1, "1", at=DUE + after)
    assert points(own, rules=late(late_rule=rule)) == Decimal(expected)


def test_3_days_have_24_hours_where_the_clocks_change():
    berlin = DUE.astimezone(ZoneInfo("Europe/Berlin"))
    own = attempt(1, "1", at=(DUE + DAY).astimezone(ZoneInfo("America/New_York")))
    rules = Rules(Decimal(2), dates=Dates(berlin), late_rule=TEN_PERCENT)
    assert derive([own], rules).points == Decimal("0.9")


def test_3_it_is_rounded_once_and_half_up():
    rules = late(late_rule=LateRule(Decimal("12.5")))
    assert points(attempt(1, "0.2", at=DUE + HOUR), rules=rules) == Decimal("0.18")  # 0.175


def test_3_after_the_last_date_attempts_are_practice():
    rules = Rules(Decimal(2), dates=Dates(DUE, DUE + DAY))
    score = derive([attempt(1, "1"), attempt(2, "2", at=DUE + 2 * DAY)], rules)
    assert (score.attempt, score.points) == (1, 1)
    assert score.reasons == (("attempt", 1, 2), ("practice", 1))
    assert not derive([attempt(1, None, at=DUE + 2 * DAY)], rules).waits


def test_3_an_extension_replaces_the_dates():
    own = attempt(1, "1", at=DUE + DAY)
    extended = late(late_rule=TEN_PERCENT, extension=Dates(DUE + 2 * DAY))
    assert points(own, rules=late(late_rule=TEN_PERCENT)) == Decimal("0.9")
    assert points(own, rules=extended) == 1


def test_4_the_policy_picks_among_what_has_been_graded():
    tries = (attempt(1, "2"), attempt(2, "1"))
    assert points(*tries) == 1
    assert points(*tries, rules=best()) == 2
    score = derive((*tries, attempt(3, None)), TWO)
    assert (score.attempt, score.points, score.waits) == (2, 1, True)


def test_4_of_equally_good_attempts_the_latest_counts():
    assert derive([attempt(1, "2"), attempt(2, "2")], best()).attempt == 2


def test_4_an_attempt_after_due_never_lowers_the_score():
    tries = (attempt(1, "2"), attempt(2, "1", at=DUE + HOUR))
    assert points(*tries, rules=late()) == 2
    assert points(attempt(1, "0"), attempt(2, "1", at=DUE + HOUR), rules=late()) == 1


def test_4_what_a_later_attempt_has_replaced_waits_no_more():
    tries = (attempt(1, None), attempt(2, "1"))
    assert not derive(tries, TWO).waits
    assert derive(tries, best()).waits  # it may earn more


def test_5_full_points_raise_to_what_is_possible_and_wait_for_nobody():
    full = Rules(Decimal(2), full_points=True)
    assert points(attempt(1, "0.9"), rules=full) == 2
    assert points(attempt(1, "3"), rules=full) == 3
    score = derive([attempt(1, None)], full)
    assert (score.points, score.waits, score.reasons) == (2, False, (("full",),))


def test_6_an_override_replaces_everything():
    override = Override(Decimal("1.25"), "ill")
    rules = Rules(Decimal(2), full_points=True, dates=Dates(DUE), late_rule=TEN_PERCENT)
    hints = [Hint(Decimal(1), DUE - 2 * DAY)]
    for tries in ([], [attempt(1, "2", at=DUE + DAY)], [attempt(1, None)]):
        score = derive(tries, rules, override, hints)
        assert (score.points, score.waits) == (Decimal("1.25"), False)
        assert score.reasons[-1] == ("override", "ill")
    assert derive([], TWO, Override(Decimal(0))).attempt is None


def test_7_dropped_questions_are_in_no_sum():
    items = [
        Item(Decimal(1), Decimal(2), is_answered=True),
        Item(None, Decimal(3), is_answered=True),  # waits
        Item(None, Decimal(4), is_answered=False),
        Item(Decimal(5), Decimal(5), is_answered=True, counts=False),
    ]
    totals = add_up(items, is_over=False)
    assert (totals.answered, totals.questions) == (2, 3)
    assert totals.so_far == Points(Decimal(1), Decimal(2))
    assert totals.final == Points(Decimal(1), Decimal(9))
    assert add_up(items, is_over=True).so_far == totals.final


def test_reasons_are_told_in_words():
    score = derive(
        [attempt(1, "1", at=DUE + DAY / 2, grade="1"), attempt(2, "0", at=DUE + DAY)],
        late(keeps_best=True, late_rule=TEN_PERCENT),
        hints=[Hint(Decimal("0.5"), DUE)],
    )
    assert reasons.in_words(score.reasons) == [
        "attempt 1 of 2",
        "graded by a person",
        "0.5 points off for hints",
        "12 hours late: 90 % of the points",
    ]
    told = [("late", 30 * 60, "90.0"), ("late", 36 * 3600, "80"), ("override", ""), ("waits", 2)]
    assert reasons.in_words(told) == [
        "30 minutes late: 90 % of the points",
        "1.5 days late: 80 % of the points",
        "set by an instructor",
        "2 attempts wait for a grade",
    ]


CENTS = st.integers(0, 400).map(lambda n: Decimal(n) / 100)
TIMES = st.integers(-100, 100).map(lambda n: DUE + n * timedelta(hours=1, minutes=7))
ATTEMPTS = st.lists(
    st.tuples(TIMES, st.none() | CENTS, st.none() | CENTS, st.none() | CENTS), max_size=6
)
DATES = st.tuples(st.none() | TIMES, st.none() | TIMES).map(lambda pair: Dates(*pair))
LATE_RULES = st.builds(
    LateRule,
    percent=st.integers(0, 100).map(Decimal),
    period=st.sampled_from([HOUR, DAY]),
    floor=st.integers(0, 100).map(Decimal),
)
RULES = st.builds(
    Rules,
    possible=CENTS,
    keeps_best=st.booleans(),
    full_points=st.booleans(),
    dates=DATES,
    extension=st.none() | DATES,
    late_rule=st.none() | LATE_RULES,
)
HINTS = st.lists(st.builds(Hint, points=CENTS, taken_at=TIMES), max_size=2)


def said_otherwise(rows, rules, override, hints):
    """Return the points by the words of the design, without a fold over the attempts."""
    dates = rules.extension or rules.dates
    graded = []
    for at, own, layer, grade in rows:
        raw = grade if grade is not None else layer if layer is not None else own
        if raw is None or (dates.late_until and at > dates.late_until):
            continue
        after = max(raw - sum((h.points for h in hints if h.taken_at <= at), Decimal(0)), 0)
        is_late = dates.due is not None and at > dates.due
        if is_late and rules.late_rule:
            seconds, period = (at - dates.due).total_seconds(), rules.late_rule.period
            begun = -(-seconds // period.total_seconds())
            left = max(100 - rules.late_rule.percent * int(begun), rules.late_rule.floor)
            after = (Decimal(after) * left / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        graded.append((is_late, after))
    earned = None
    if graded and rules.keeps_best:
        earned = max(after for _late, after in graded)
    elif graded:
        # The latest, unless it came late and is worth less than what counted before it.
        for is_late, after in graded:
            earned = after if earned is None or not is_late else max(earned, after)
    if rules.full_points:
        earned = max(earned or Decimal(0), rules.possible)
    return earned if override is None else override.points


@settings(max_examples=2_000)
@given(
    rows=ATTEMPTS, rules=RULES, override=st.none() | st.builds(Override, points=CENTS), hints=HINTS
)
def test_the_rules_said_otherwise_give_the_same_points(rows, rules, override, hints):
    attempts = [
        Attempt(n, Given(own), None if layer is None else Given(layer), grade, at)
        for n, (at, own, layer, grade) in enumerate(rows)
    ]
    score = derive(attempts, rules, override, hints)
    assert score.points == said_otherwise(rows, rules, override, hints)
    assert score.points is None or score.points >= 0
    reasons.in_words(score.reasons)
