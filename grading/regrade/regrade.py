"""What answers earn with different feedback: it is computed, shown in a plan, then written.

An answer keeps the points that it earned when it was given until somebody asks for a regrade.
Answers that a person has graded are never changed. Neither are those that cannot be graded again:
answers to manual questions, and those with a choice that no longer exists.
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
from django.utils.translation import gettext as _

from books.models import Feedback, Question
from books.sequences import in_chunks
from books.sync.bulk_write import json_table
from grading import graders
from grading.models import Answer, Attempt, Course, Enrollment

# The longest time that the transaction of an answer can take.
UNDER_WAY = timedelta(minutes=1)
CHUNK = 500  # questions whose answers are read by one query


@dataclass(frozen=True)
class Material:
    """What the answers to a question are graded by: its row, its feedback, and changed keys.

    `keys` maps the old keys of choices to the new ones.
    """

    question: Question
    feedback: Sequence[Feedback]
    keys: Mapping[str, str]


class Regraded(NamedTuple):
    """An answer that earns different points, gets different feedback, or is another attempt."""

    answer: int
    question: int
    enrollment: int
    is_test: bool
    before: Decimal | None
    after: Decimal
    feedback: int | None
    # The string of the attempt that counts now; None if it is the same attempt.
    string: str | None
    # The string that was read, with the new keys. If the row has another one, it is a newer answer.
    expected: str


@dataclass(frozen=True)
class Regrading:
    """All answers that a regrade changes, as they were at the time `at`.

    `read` is the key of the last attempt that was certainly committed when the answers were read.
    """

    at: datetime
    read: int
    rows: tuple[Regraded, ...]
    materials: Mapping[int, Material]


Outcome = tuple[Decimal, int | None]  # points, and the key of the feedback


class _Grader:
    """Grades strings. Each different string of a question is graded only once."""

    def __init__(self, materials: Mapping[int, Material]) -> None:
        self.materials = materials
        self.known: dict[tuple[int, str], Outcome | None] = {}

    def __call__(self, question: int, string: str) -> Outcome | None:
        """Return the points and the key of the feedback, or None if it cannot be graded."""
        asked = (question, string)
        if asked not in self.known:
            self.known[asked] = self.grade(self.materials[question], string)
        return self.known[asked]

    def current(self, question: int, string: str) -> str:
        """Return a stored string with the new keys."""
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


def compute(
    materials: Mapping[int, Material],
    each: Callable[[Iterable[Any], str, int], Iterable[Any]] = lambda items, step, total: items,
) -> Regrading:
    """Grade all answers to the questions by the given material. Nothing is written.

    `each` passes items on, and can show progress; see `books.progress_bars.Each`.
    """
    at = timezone.now()
    read = Attempt.objects.filter(created_at__lt=at - UNDER_WAY).aggregate(last=Max("pk"))
    grader = _Grader(materials)
    rows: list[Regraded] = []
    for pks in in_chunks(list(each(materials, _("grading answers"), len(materials))), CHUNK):
        rows += _differing(pks, grader)
    return Regrading(at, read["last"] or 0, tuple(rows), materials)


def _differing(
    questions: Sequence[int], grader: _Grader, enrollments: Sequence[int] | None = None
) -> Iterator[Regraded]:
    """Yield the answers that change, of all enrollments or only of `enrollments`."""
    only = {} if enrollments is None else {"enrollment__in": enrollments}
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
    """Return whether an ungradable answer keeps its points, since no attempt earns more."""
    return own is None and points is not None and points >= best[0]


def _best_attempts(
    questions: Sequence[int], grader: _Grader, only: Mapping[str, Any]
) -> dict[tuple[int, int], str]:
    """Return the strings of the best attempts in courses where the best one counts.

    They are mapped by enrollment and question. Of equally good attempts, the latest is taken.
    """
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
    return {enrollment: string for enrollment, (_points, string) in best.items()}


def write(regrading: Regrading, reason: str, pks: Mapping[int, int]) -> None:
    """Write the new points of answers, and add their previous values to their history.

    Must be called in a transaction in which no answer can be added, after the new keys have been
    written into the answers. Answers that were given after the regrading was computed are graded
    here. `pks` maps the negative keys of new feedback to those of the created rows.
    """
    late = _late(regrading)
    rows = [row for row in regrading.rows if (row.enrollment, row.question) not in late]
    _write(rows, regrading.at, reason, pks)
    _write(list(_graded_again(regrading, late)), timezone.now(), reason, pks)


def _late(regrading: Regrading) -> set[tuple[int, int]]:
    """Return the (enrollment, question) pairs with attempts that may not have been read."""
    attempts = Attempt.objects.filter(pk__gt=regrading.read).order_by()
    pairs = attempts.values_list("enrollment", "question").distinct()
    return {
        (enrollment, question) for enrollment, question in pairs if question in regrading.materials
    }


def _graded_again(regrading: Regrading, late: set[tuple[int, int]]) -> Iterator[Regraded]:
    # By now, the answers contain the new keys.
    materials = {pk: replace(regrading.materials[pk], keys={}) for _enrollment, pk in late}
    grader = _Grader(materials)
    enrollments = sorted({enrollment for enrollment, _question in late})
    for pks in in_chunks(list(materials), CHUNK):
        for row in _differing(pks, grader, enrollments):
            if (row.enrollment, row.question) in late:
                yield row


def _write(regraded: Sequence[Regraded], at: datetime, reason: str, pks: Mapping[int, int]) -> None:
    if not regraded:
        return
    rows = json.dumps(
        [
            (
                row.answer,
                str(row.after),
                None if row.feedback is None else pks.get(row.feedback, row.feedback),
                row.string,
                row.expected,
            )
            for row in regraded
        ]
    )
    now, since = (connection.ops.adapt_datetimefield_value(time) for time in (timezone.now(), at))
    source = json_table(_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_HISTORY + source + _UNCHANGED, [reason, now, rows, since])
        cursor.execute(_SET_POINTS + source + _UNCHANGED, [rows, since])


# Two statements write all answers, as rows of one JSON text: there may be a hundred thousand of
# them, and nobody else can write to SQLite in the meantime.
_COLUMNS = {
    "id": "bigint",
    "points": "numeric",
    "feedback_id": "bigint",
    "string": "text",
    "expected": "text",
}
# The string is compared as well as the time, since the clocks of servers differ. The history is
# written first, so that both statements select the same rows.
_UNCHANGED = (
    " WHERE grading_answer.id = v.id AND grading_answer.answered_at <= %s"
    " AND grading_answer.string = v.expected AND grading_answer.override_points IS NULL"
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
