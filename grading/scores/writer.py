"""The only writer of `Answer`: derives scores from what was kept, and writes those that differ."""

import functools
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from books.sequences import in_chunks
from books.sync.bulk_write import json_table
from grading.models import Answer, Attempt, Course, Enrollment, Override
from grading.scores import kept
from grading.scores.derivation import Reason, Score
from grading.scores.kept import Pair, decimal

PAIRS = 50_000  # students times questions that are in memory at a time


class Difference(NamedTuple):
    """A score that is stored and another one that should be; None: no row."""

    pair: Pair
    stored: Score | None
    derived: Score | None


def lock(enrollments: QuerySet[Enrollment]) -> list[int]:
    """Make answers of some students wait for the end of the transaction; return their keys.

    Whoever adds a row that counts, or changes a rule, calls this first and `refresh` last. An
    answer locks its student's enrollment too, so it has either been read by `refresh` or will be
    counted by the new rule. SQLite has one writer at a time anyway.
    """
    rows = enrollments.order_by("pk").select_for_update(of=("self",), no_key=True)
    return list(rows.values_list("pk", flat=True))


def lock_courses(courses: QuerySet[Course], *, nowait: bool = False) -> list[int]:
    """Lock courses against other changes of their rules and regrades, then all their enrollments.

    This order prevents deadlocks. With `nowait`, raises DatabaseError if a course is locked.
    Returns the keys of the enrollments.
    """
    rows = courses.order_by("pk").select_for_update(of=("self",), no_key=True, nowait=nowait)
    return lock(Enrollment.objects.filter(course__in=list(rows.values_list("pk", flat=True))))


def refresh(enrollments: Collection[int], questions: Collection[int]) -> int:
    """Write the scores of some students at some questions; return how many were not as stored.

    Must be called in the transaction that changes what they are derived from, after `lock`.
    """
    assert connection.in_atomic_block
    count = 0
    for found in differences_in_chunks(enrollments, questions):
        apply(found)
        count += len(found)
    return count


def apply(differences: Sequence[Difference]) -> None:
    """Write scores that are not as they should be."""
    write((pair, score) for pair, _stored, score in differences if score is not None)
    for pair, _stored, score in differences:
        if score is None:  # the last override has ended, and there is no attempt
            Answer.objects.filter(enrollment=pair.enrollment, question=pair.question).delete()


def questions_with_rows(course: Course) -> list[int]:
    """Return the keys of the questions for which a student of the course can have a score."""
    return sorted(
        {
            pk
            for model in (Answer, Attempt, Override)
            for pk in model._default_manager.filter(enrollment__course=course)
            .order_by()
            .values_list("question", flat=True)
            .distinct()
        }
    )


def differences_in_chunks(
    enrollments: Collection[int], questions: Collection[int]
) -> Iterator[list[Difference]]:
    """Yield the scores that are not as they should be, for some students at a time."""
    size = min(max(PAIRS // max(len(questions), 1), 1), kept.MOST_KEYS)
    for some in in_chunks(sorted(enrollments), size):
        if questions:
            yield list(_differences(some, questions))


def as_of(
    enrollments: Collection[int], questions: Collection[int], until: datetime
) -> Iterator[tuple[Pair, Score]]:
    """Yield the scores of some students as of a time, under today's rules and questions.

    They count what was given by then, and not ended or undone by then.
    """
    for pair, own in kept.read(enrollments, questions, until):
        yield pair, own.score


def _differences(enrollments: Collection[int], questions: Collection[int]) -> Iterator[Difference]:
    stored = _stored(enrollments, questions)
    for pair, own in kept.read(enrollments, questions):
        before = stored.pop(pair, None)
        score = own.score
        if score != before:
            yield Difference(pair, before, score)
    for pair, score in stored.items():
        yield Difference(pair, score, None)


def _stored(enrollments: Collection[int], questions: Collection[int]) -> dict[Pair, Score]:
    condition, parameters = kept.condition_on("s", enrollments, questions)
    with connection.cursor() as cursor:
        cursor.execute(f"{_READ} WHERE {condition}", parameters)
        return {
            Pair(enrollment, question): Score(
                attempt, decimal(raw), decimal(points), feedback, bool(waits), _reasons(reasons)
            )
            for enrollment, question, attempt, raw, points, feedback, waits, reasons in (
                cursor.fetchall()
            )
        }


# Not composed by Django, which would decode the JSON of a million rows that are nearly all empty.
_READ = """
    SELECT s.enrollment_id, s.question_id, s.attempt_id, s.raw_points, s.points, s.feedback_id,
        s.waits, CAST(s.reasons AS text)
    FROM grading_answer s
"""


@functools.lru_cache(1_000)
def _reasons(text: str) -> tuple[Reason, ...]:
    return tuple(map(tuple, json.loads(text)))


def write(scores: Iterable[tuple[Pair, Score]]) -> None:
    """Write scores, new or changed, by one statement."""
    rows = [
        (
            pair.enrollment,
            pair.question,
            score.attempt,
            _text(score.raw),
            _text(score.points),
            score.waits,
            score.reasons,
            score.feedback,
        )
        for pair, score in scores
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE.format(rows=json_table(_COLUMNS)), [json.dumps(rows)])


def _text(points: object) -> str | None:
    return None if points is None else str(points)


_COLUMNS = {
    "enrollment": "bigint",
    "question": "bigint",
    "attempt": "bigint",
    "raw": "numeric",
    "points": "numeric",
    "waits": "boolean",
    "reasons": "jsonb",
    "feedback": "bigint",
}
_WRITE = """
    INSERT INTO grading_answer (enrollment_id, question_id, attempt_id, string, raw_points, points,
        waits, reasons, feedback_id, answered_at)
    SELECT v.enrollment, v.question, a.id, COALESCE(a.string, ''), v.raw, v.points,
        v.waits, v.reasons, f.id, a.received_at
    FROM {rows} LEFT JOIN grading_attempt a ON a.id = v.attempt
        LEFT JOIN books_feedback f ON f.id = v.feedback
    WHERE TRUE
    ON CONFLICT (enrollment_id, question_id) DO UPDATE SET attempt_id = excluded.attempt_id,
        string = excluded.string, raw_points = excluded.raw_points, points = excluded.points,
        waits = excluded.waits, reasons = excluded.reasons, feedback_id = excluded.feedback_id,
        answered_at = excluded.answered_at
"""
