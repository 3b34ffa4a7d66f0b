"""Reads what was kept for scores, by statements whose number does not depend on how much it is."""

import functools
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from books.models import Question
from books.sequences import in_chunks
from grading.models import Course, Enrollment, Interactive
from grading.models import Override as OverrideRow
from grading.scores.derivation import Attempt, Given, Override, Rules, Score, derive

MOST_KEYS = 10_000  # in one query: SQLite allows 32,766 parameters


class Pair(NamedTuple):
    """A student and a question, by their keys."""

    enrollment: int
    question: int


@dataclass(frozen=True, slots=True)
class Kept:
    """All from which the score of a student at a question is derived."""

    attempts: list[Attempt]
    rules: Rules
    override: Override | None = None

    @property
    def score(self) -> Score:
        return derive(self.attempts, self.rules, self.override)


def attempts_at(pair: Pair) -> list[Attempt]:
    """Return the attempts of one student at one question."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {attempts_as_json()}", list(pair))
        return attempts_of(cursor.fetchone()[0])


def attempts_as_json() -> str:
    """Return the SQL of a value for `attempts_of`; its parameters are an enrollment and a question.

    This way an answer needs no statement of its own for it.
    """
    if connection.vendor == "postgresql":
        value = f"json_agg(json_build_array({_COLUMNS}))::text"
    else:
        value = f"json_group_array(json_array({_COLUMNS}))"
    return f"(SELECT {value} {_FROM} WHERE a.enrollment_id = %s AND a.question_id = %s)"


def attempts_of(text: str | None) -> list[Attempt]:
    """Return the attempts that are in a value of `attempts_as_json`."""
    return [_attempt(*row) for row in sorted(json.loads(text or "[]"))]


def read(
    enrollments: Collection[int], questions: Collection[int], until: datetime | None = None
) -> Iterator[tuple[Pair, Kept]]:
    """Yield what was kept for each student and question that have an attempt or an override.

    With `until`, only what was given by then, and was not ended or undone by then.
    """
    rules = _Rules(enrollments, questions)
    overrides = _overrides(enrollments, questions, until)
    condition, parameters = condition_on("a", enrollments, questions)
    attempts_then = _attempts(condition, parameters, until)
    for pair, rows in groupby(attempts_then, key=itemgetter(0)):
        attempts = [attempt for _pair, attempt in rows]
        yield pair, Kept(attempts, rules.at(pair), overrides.pop(pair, None))
    for pair, override in overrides.items():
        yield pair, Kept([], rules.at(pair), override)


# For one student and question this is read with each answer, so it is not composed by Django. The
# times of attempts are not read, since no course has dates yet.
_COLUMNS = """
    a.id, a.points, a.feedback_id, r.id, r.points, r.feedback_id, g.points
"""
_FROM = """
    FROM grading_attempt a
    LEFT JOIN grading_regradedattempt r ON r.id = (
        SELECT x.id FROM grading_regradedattempt x JOIN grading_regrade l ON l.id = x.regrade_id
        WHERE x.attempt_id = a.id AND l.undone_at IS NULL ORDER BY l.id DESC LIMIT 1
    )
    LEFT JOIN grading_grade g ON g.attempt_id = a.id AND g.ended_at IS NULL
"""
# The same at a time, which stands for each of these parameters.
_FROM_THEN = _FROM.replace(
    "l.undone_at IS NULL", "l.created_at <= %s AND (l.undone_at IS NULL OR l.undone_at > %s)"
).replace("g.ended_at IS NULL", "g.created_at <= %s AND (g.ended_at IS NULL OR g.ended_at > %s)")


def condition_on(
    table: str, enrollments: Collection[int], questions: Collection[int]
) -> tuple[str, list[Any]]:
    """Return an SQL condition on the rows of some students at some questions, with parameters."""
    own = {f"{table}.enrollment_id": list(enrollments), f"{table}.question_id": list(questions)}
    if connection.vendor == "postgresql":
        return " AND ".join(f"{column} = ANY(%s)" for column in own), [*own.values()]
    parts = [f"{column} IN (SELECT value FROM json_each(%s))" for column in own]  # nosec B608
    return " AND ".join(parts), [json.dumps(keys) for keys in own.values()]


def _attempts(
    condition: str, parameters: list[Any], until: datetime | None
) -> Iterator[tuple[Pair, Attempt]]:
    """Yield the attempts by student, question and in the order in which they came."""
    source = _FROM
    if until is not None:
        source, condition = _FROM_THEN, f"{condition} AND a.received_at <= %s"
        then = connection.ops.adapt_datetimefield_value(until)
        parameters = [then] * 4 + parameters + [then]
    statement = f"SELECT a.enrollment_id, a.question_id, {_COLUMNS} {source} WHERE {condition}"
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ORDER BY a.enrollment_id, a.question_id, a.id", parameters)
        for enrollment, question, *row in cursor.fetchall():
            yield Pair(enrollment, question), _attempt(*row)


def _attempt(
    pk: int,
    points: Any,
    feedback: int | None,
    layer: int | None,
    new_points: Any,
    new_feedback: int | None,
    grade: Any,
) -> Attempt:
    given = Given(decimal(points), feedback)
    if layer is None and grade is None:
        return Attempt(pk, given)
    regraded = None if layer is None else Given(decimal(new_points), new_feedback)
    return Attempt(pk, given, regraded, decimal(grade))


@functools.lru_cache(1_000)
def decimal(points: Any) -> Decimal | None:
    """Return points as PostgreSQL's driver returns them, as a decimal: SQLite has none."""
    return None if points is None else Decimal(str(points)).quantize(Decimal("0.01"))


def _overrides(
    enrollments: Collection[int], questions: Collection[int], until: datetime | None
) -> dict[Pair, Override]:
    """Return the overrides. A private reason is not part of them, since students see reasons."""
    active = Q(ended_at=None)
    if until is not None:
        active = Q(created_at__lte=until) & (active | Q(ended_at__gt=until))
    rows = OverrideRow.objects.filter(active, enrollment__in=enrollments).order_by()
    wanted = set(questions)
    return {
        Pair(row.enrollment_id, row.question_id): Override(
            row.points, "" if row.is_private else row.reason
        )
        for row in rows
        if row.question_id in wanted
    }


class _Rules:
    """The rules of some students' courses for some questions."""

    def __init__(self, enrollments: Collection[int], questions: Collection[int]) -> None:
        rows = Enrollment.objects.filter(pk__in=enrollments)
        self.courses = dict(rows.values_list("pk", "course"))
        policies = Course.objects.filter(pk__in=set(self.courses.values()))
        best = Course.AttemptsPolicy.BEST
        self.keep_best = {
            pk for pk, policy in policies.values_list("pk", "attempts_policy") if policy == best
        }
        self.full = set(
            Interactive.objects.filter(course__in=set(self.courses.values()), full_points=True)
            .order_by()
            .values_list("course", "question")
        )
        self.possible = dict(_possible(questions))
        self.known: dict[tuple[int, int], Rules] = {}

    def at(self, pair: Pair) -> Rules:
        here = (self.courses[pair.enrollment], pair.question)
        if here not in self.known:
            self.known[here] = Rules(
                self.possible[pair.question],
                keeps_best=here[0] in self.keep_best,
                full_points=here in self.full,
            )
        return self.known[here]


def _possible(questions: Collection[int]) -> Iterator[tuple[int, Decimal]]:
    rows = Question.objects.order_by()
    for keys in in_chunks(list(questions), MOST_KEYS):
        yield from rows.filter(pk__in=keys).values_list("pk", "points_possible")
