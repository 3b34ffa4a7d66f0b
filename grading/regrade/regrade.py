"""What answers earn under other feedback: told before it happens, then written.

An answer's points are what they were when it was given, until somebody asks for new ones. Answers
that a person has graded are left alone, and so are those that nobody could judge anew: of manual
questions, and with a choice that is gone.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from books.models import Feedback, Question
from grading import graders
from grading.models import Answer, Attempt, Course, Enrollment

# How long an answer may be on its way into the database.
UNDER_WAY = timedelta(minutes=1)
CHUNK = 500  # questions whose answers are read at once


@dataclass(frozen=True)
class Material:
    """What a question's answers are judged by: the question, its feedback, keys that changed."""

    question: Question
    feedback: Sequence[Feedback]
    keys: Mapping[str, str]


class Regraded(NamedTuple):
    """An answer that earns other points, or is replied to by another feedback."""

    answer: int
    question: int
    enrollment: int
    is_test: bool
    before: Decimal | None
    after: Decimal
    feedback: int | None
    # The attempt that counts now, where it is another one.
    string: str | None
    # What was judged to be there, as it is written once changed keys are in it.
    judged: str


@dataclass(frozen=True)
class Regrading:
    """What all of it comes to, as it was `at` a time.

    `read` is the last attempt that was there for certain when the answers were read.
    """

    at: datetime
    read: int
    rows: tuple[Regraded, ...]
    materials: Mapping[int, Material]


Outcome = tuple[Decimal, int | None]


def in_chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


class _Grader:
    """Grades strings, each different one of a question once."""

    def __init__(self, materials: Mapping[int, Material]) -> None:
        self.materials = materials
        self.known: dict[tuple[int, str], Outcome | None] = {}

    def __call__(self, question: int, string: str) -> Outcome | None:
        """Return points and the feedback's key; None where it cannot be judged."""
        asked = (question, string)
        if asked not in self.known:
            self.known[asked] = self.grade(self.materials[question], string)
        return self.known[asked]

    def current(self, question: int, string: str) -> str:
        """Return an answer as it is written once changed keys are in it."""
        material = self.materials[question]
        return graders.with_keys(string, material.question, material.keys)

    def grade(self, material: Material, string: str) -> Outcome | None:
        question, feedback = material.question, material.feedback
        current = graders.with_keys(string, question, material.keys)
        if not graders.can_grade(current, question, feedback):
            return None
        outcome = graders.grade(current, question, feedback)
        if outcome.points is None:
            return None
        return outcome.points, outcome.matched.pk if outcome.matched else None


def look(
    materials: Mapping[int, Material],
    each: Callable[[Iterable[Any], str, int], Iterable[Any]] = lambda items, step, total: items,
) -> Regrading:
    """Judge all answers to some questions by other material; nothing is written."""
    at = timezone.now()
    read = Attempt.objects.filter(created_at__lt=at - UNDER_WAY).aggregate(last=Max("pk"))
    grader = _Grader(materials)
    rows: list[Regraded] = []
    for pks in in_chunks(list(each(materials, "judging answers", len(materials))), CHUNK):
        rows += _differing(pks, grader)
    return Regrading(at, read["last"] or 0, tuple(rows), materials)


def _differing(
    questions: Sequence[int], grader: _Grader, places: Sequence[int] | None = None
) -> Iterator[Regraded]:
    """Yield the answers that earn other points; only those of `places` where they are given."""
    only = {} if places is None else {"enrollment__in": places}
    best = _best_attempts(questions, grader, only)
    answers = (
        Answer.objects.filter(question__in=questions, override_points__isnull=True, **only)
        .order_by()
        .values_list(
            "pk", "question", "enrollment", "enrollment__origin", "string", "points", "feedback"
        )
    )
    for pk, question, enrollment, origin, own, points, feedback in answers.iterator(10_000):
        string = best.get((enrollment, question), own)
        outcome = grader(question, string)
        if outcome is None or _stays(grader(question, own), points, outcome):
            continue
        if string != own or outcome != (points, feedback):
            yield Regraded(
                pk,
                question,
                enrollment,
                origin == Enrollment.Origin.TEST,
                points,
                *outcome,
                grader.current(question, string) if string != own else None,
                grader.current(question, own),
            )


def _stays(own: Outcome | None, points: Decimal | None, best: Outcome) -> bool:
    """Whether an answer that cannot be judged anew keeps what it earned: no other earns more."""
    return own is None and points is not None and points >= best[0]


def _best_attempts(
    questions: Sequence[int], grader: _Grader, only: Mapping[str, Any]
) -> dict[tuple[int, int], str]:
    """Return what counts where the best attempt does: of equal ones the latest."""
    attempts = (
        Attempt.objects.filter(
            question__in=questions,
            enrollment__course__attempts_policy=Course.AttemptsPolicy.BEST,
            **only,
        )
        .order_by("pk")
        .values_list("enrollment", "question", "string")
    )
    best: dict[tuple[int, int], tuple[Decimal, str]] = {}
    for enrollment, question, string in attempts.iterator(10_000):
        outcome = grader(question, string)
        so_far = best.get((enrollment, question))
        if outcome is not None and (so_far is None or outcome[0] >= so_far[0]):
            best[enrollment, question] = (outcome[0], string)
    return {place: string for place, (_points, string) in best.items()}


def write(regrading: Regrading, reason: str, pks: Mapping[int, int]) -> None:
    """Give answers their new points, each with what it had in its history.

    Call it in a transaction, after changed keys were written into answers, while no answer can
    come in: those that came since the regrading was looked at are judged here. `pks` maps keys
    of feedback made meanwhile.
    """
    late = _late(regrading)
    rows = [row for row in regrading.rows if (row.enrollment, row.question) not in late]
    _write(rows, regrading.at, reason, pks)
    _write(list(_graded_again(regrading, late)), timezone.now(), reason, pks)


def _late(regrading: Regrading) -> set[tuple[int, int]]:
    """Return the places and questions with attempts that may not have been there to be read."""
    attempts = Attempt.objects.filter(pk__gt=regrading.read).order_by()
    pairs = attempts.values_list("enrollment", "question").distinct()
    return {(place, question) for place, question in pairs if question in regrading.materials}


def _graded_again(regrading: Regrading, late: set[tuple[int, int]]) -> Iterator[Regraded]:
    # Changed keys are in the answers by now.
    materials = {pk: replace(regrading.materials[pk], keys={}) for _place, pk in late}
    grader = _Grader(materials)
    places = sorted({place for place, _question in late})
    for pks in in_chunks(list(materials), CHUNK):
        for row in _differing(pks, grader, places):
            if (row.enrollment, row.question) in late:
                yield row


def _write(regraded: Sequence[Regraded], at: datetime, reason: str, pks: Mapping[int, int]) -> None:
    if not regraded:
        return
    rows = json.dumps([_values(row, pks) for row in regraded])
    now, since = (connection.ops.adapt_datetimefield_value(time) for time in (timezone.now(), at))
    source = _ROWS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_HISTORY + source + _UNCHANGED, [reason, now, rows, since])
        cursor.execute(_SET_POINTS + source + _UNCHANGED, [rows, since])


def _values(row: Regraded, pks: Mapping[int, int]) -> tuple[Any, ...]:
    feedback = None if row.feedback is None else pks.get(row.feedback, row.feedback)
    return row.answer, str(row.after), feedback, row.string, row.judged


# All answers in two statements, whose rows come as one JSON text: there may be a hundred thousand,
# and on SQLite nobody else writes meanwhile.
_ROWS = {
    "sqlite": "(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS points,"
    " json_extract(value, '$[2]') AS feedback_id, json_extract(value, '$[3]') AS string,"
    " json_extract(value, '$[4]') AS judged"
    " FROM json_each(%s)) AS v",
    "postgresql": "(SELECT (value ->> 0)::bigint AS id, (value ->> 1)::numeric AS points,"
    " (value ->> 2)::bigint AS feedback_id, value ->> 3 AS string, value ->> 4 AS judged"
    " FROM json_array_elements(%s::json)) AS v",
}
# Not by the time alone: servers' clocks differ. The history is kept first, so both find the same.
_UNCHANGED = (
    " WHERE grading_answer.id = v.id AND grading_answer.answered_at <= %s"
    " AND grading_answer.string = v.judged AND grading_answer.override_points IS NULL"
)
_KEEP_HISTORY = (
    "INSERT INTO grading_regrade (answer_id, string, points, feedback_id, reason, created_at)"
    " SELECT grading_answer.id, grading_answer.string, grading_answer.points,"
    " grading_answer.feedback_id, %s, %s FROM grading_answer, "
)
_SET_POINTS = (
    "UPDATE grading_answer SET points = v.points, feedback_id = v.feedback_id,"
    " string = COALESCE(v.string, grading_answer.string) FROM "
)
