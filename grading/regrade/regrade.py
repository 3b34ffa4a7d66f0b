"""What attempts earn with different feedback: it is computed, shown in a plan, then written.

A regrade is a layer of points over the attempts of one course, until it is undone; it changes
nothing of what was given. It leaves out attempts that cannot be graded again: those at manual
questions, and those with a choice that no longer exists.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from books.models import Feedback, Question
from books.sequences import in_chunks
from books.sync import bulk_write
from grading import graders, scores
from grading.graders.base import Outcome
from grading.models import (
    Attempt,
    Course,
    Enrollment,
    Grade,
    Override,
    Regrade,
    RegradedAttempt,
    RuleChange,
)
from grading.scores import derivation, kept, writer
from grading.scores.derivation import Given, Score, derive
from grading.scores.kept import Kept, Pair

# The longest time that the transaction of an answer can take.
UNDER_WAY = timedelta(minutes=1)
CHUNK = 500  # questions whose attempts are read at a time
PAIRS = 20_000  # students times questions whose attempts are in memory at a time


@dataclass(frozen=True)
class Material:
    """What the answers to a question are graded by: its row, its feedback, and changed keys.

    `keys` maps the old keys of choices to the new ones.
    """

    question: Question
    feedback: Sequence[Feedback]
    keys: Mapping[str, str]


class Regraded(NamedTuple):
    """An attempt that earns different points, or gets different feedback."""

    attempt: int
    outcome: Outcome


class ScoreChange(NamedTuple):
    """What a regrade makes of a student's score at a question."""

    pair: Pair
    course: int
    is_test: bool
    rows: list[Regraded]
    before: Score
    after: Score

    @property
    def moves_points(self) -> bool:
        return self.before.points != self.after.points


@dataclass(frozen=True)
class Regrading:
    """All scores that a regrade changes, and the attempts from which they are derived.

    `read` is the key of the last attempt that was committed when they were read, and `mark` changes
    if something else was given since. `courses` are those to regrade, all if None.
    """

    read: int
    mark: object
    changes: tuple[ScoreChange, ...]
    materials: Mapping[int, Material]
    courses: frozenset[int] | None = None
    only_raise: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.changes


class _Grader:
    """Grades strings. Each different string of a question is graded only once."""

    def __init__(self, materials: Mapping[int, Material]) -> None:
        self.materials = materials
        self.known: dict[tuple[int, str], Outcome | None] = {}

    def __call__(self, question: int, string: str) -> Outcome | None:
        """Return what a string earns, or None if it cannot be graded."""
        asked = (question, string)
        if asked not in self.known:
            self.known[asked] = self.grade(self.materials[question], string)
        return self.known[asked]

    def grade(self, material: Material, string: str) -> Outcome | None:
        question, feedback = material.question, material.feedback
        current = graders.with_keys(string, question, material.keys)
        if not graders.can_grade(current, question, feedback):
            return None
        outcome = graders.grade(current, question, feedback)
        return None if outcome.points is None else outcome


def of_course(course: Course) -> dict[int, Material]:
    """Return, by question, what the answers of a course are graded by now."""
    attempts = Attempt.objects.filter(enrollment__course=course).order_by()
    questions = Question.objects.filter(pk__in=attempts.values("question")).select_related(
        "page__book"
    )
    return {
        question.pk: Material(question, list(question.feedback.all()), {})
        for question in questions.prefetch_related("feedback")
    }


def compute(
    materials: Mapping[int, Material],
    each: Callable[[Iterable[Any], str, int], Iterable[Any]] = lambda items, step, total: items,
    *,
    course: Course | None = None,
    only_raise: bool = False,
) -> Regrading:
    """Grade all attempts at the questions by the given material. Nothing is written.

    `each` passes items on, and can show progress; see `books.progress_bars.Each`. Without `course`,
    the attempts of all courses are graded. `only_raise` leaves out those that would earn less.
    """
    since = timezone.now() - UNDER_WAY
    read = Attempt.objects.filter(received_at__lt=since).aggregate(last=Max("pk"))
    last = read["last"] or 0
    courses = None if course is None else frozenset([course.pk])
    regrading = Regrading(last, _mark(last), (), materials, courses, only_raise)
    grader = _Grader(materials)
    changes: list[ScoreChange] = []
    for pks in in_chunks(list(each(materials, _("grading answers"), len(materials))), CHUNK):
        changes += _differing(regrading, pks, grader)
    return replace(regrading, changes=tuple(changes))


def _mark(read: int) -> object:
    """Return a value that changes if a grade, override, regrade or rule is given or ended.

    It also counts the attempts up to `read`: one that has waited for a lock may be committed after
    a later one.
    """
    ended = {Grade: "ended_at", Override: "ended_at", Regrade: "undone_at"}
    given = [
        model._default_manager.aggregate(last=Max("pk"), ended=Count(column))
        for model, column in ended.items()
    ]
    attempts = Attempt.objects.filter(pk__lte=read).count()
    return [*given, RuleChange.objects.aggregate(last=Max("pk")), attempts]


def _differing(
    regrading: Regrading,
    questions: Sequence[int],
    grader: _Grader,
    enrollments: Collection[int] | None = None,
) -> Iterator[ScoreChange]:
    """Yield what changes for each student and question, of all students or only of some."""
    students = _students(regrading, questions, enrollments)
    for some in in_chunks(sorted(students), max(PAIRS // len(questions), 1)):
        attempts = Attempt.objects.filter(enrollment__in=some, question__in=questions).order_by()
        strings = dict(attempts.values_list("pk", "string").iterator(10_000))
        for pair, own in kept.read(some, questions):
            graded = [grader(pair.question, strings[attempt.pk]) for attempt in own.attempts]
            rows = [
                Regraded(attempt.pk, outcome)
                for attempt, outcome in zip(own.attempts, graded, strict=True)
                if outcome is not None and _differs(attempt, outcome, regrading)
            ]
            if rows:
                after = _after(regrading, own, pair, rows)
                yield ScoreChange(pair, *students[pair.enrollment], rows, own.score, after)


def _students(
    regrading: Regrading, questions: Sequence[int], enrollments: Collection[int] | None
) -> dict[int, tuple[int, bool]]:
    """Return the course of each student, by enrollment, and whether it is a test student."""
    attempts = Attempt.objects.filter(question__in=questions).order_by()
    if enrollments is not None:
        attempts = attempts.filter(enrollment__in=enrollments)
    rows = Enrollment.objects.filter(pk__in=attempts.values("enrollment"))
    if regrading.courses is not None:
        rows = rows.filter(course__in=regrading.courses)
    return {
        pk: (course, origin == Enrollment.Origin.TEST)
        for pk, course, origin in rows.values_list("pk", "course", "origin")
    }


def _differs(attempt: derivation.Attempt, outcome: Outcome, regrading: Regrading) -> bool:
    """Return whether an attempt earns something else than by the layers below."""
    below = attempt.given if attempt.regraded is None else attempt.regraded
    if regrading.only_raise and below.points is not None and outcome.points is not None:
        return outcome.points > below.points
    return _given(outcome) != below


def _given(outcome: Outcome) -> Given:
    return Given(outcome.points, outcome.matched.pk if outcome.matched else None)


def _after(regrading: Regrading, own: Kept, pair: Pair, rows: Sequence[Regraded]) -> Score:
    """Return the score once the layer is there, and the edition that may bring it."""
    new = {row.attempt: _given(row.outcome) for row in rows}
    attempts = [
        attempt._replace(regraded=new.get(attempt.pk, attempt.regraded)) for attempt in own.attempts
    ]
    possible = regrading.materials[pair.question].question.points_possible
    rules = own.rules
    if rules.possible != possible:
        rules = replace(rules, possible=possible)
    return derive(attempts, rules, own.override)


def write(
    regrading: Regrading,
    reason: str,
    *,
    by: User | None = None,
    pks: Mapping[int, int] | None = None,
) -> list[Regrade]:
    """Write a layer over the attempts of each course that it changes, and the scores.

    Must be called in a transaction that has locked the courses (`scores.lock_courses`), after new
    keys have been written into the answers. Answers that were given after the regrading was
    computed are graded here, and everything if something else was given or taken back since.
    `pks` maps the negative keys of new feedback to those of the created rows.
    """
    late = _late(regrading)
    known = [change for change in regrading.changes if change.pair not in late]
    changes = [*known, *_graded_again(regrading, late)]
    by_course: dict[int, list[Regraded]] = defaultdict(list)
    for change in changes:
        by_course[change.course] += change.rows

    def new_key(pk: int | None) -> int | None:
        return None if pk is None else (pks or {}).get(pk, pk)

    layers = [
        _write_layer(course, rows, regrading, reason, by, new_key)
        for course, rows in sorted(by_course.items())
    ]
    # The others are those that have been computed.
    scores.refresh({pair.enrollment for pair in late}, {pair.question for pair in late})
    writer.write(
        (change.pair, replace(change.after, feedback=new_key(change.after.feedback)))
        for change in known
    )
    return layers


def _late(regrading: Regrading) -> set[Pair]:
    """Return the students and questions with attempts that may not have been read as they are."""
    attempts = Attempt.objects.order_by()
    if regrading.courses is not None:  # the others are not locked
        attempts = attempts.filter(enrollment__course__in=regrading.courses)
    if _mark(regrading.read) == regrading.mark:
        attempts = attempts.filter(pk__gt=regrading.read)
    pairs = attempts.values_list("enrollment", "question").distinct()
    return {Pair(*pair) for pair in pairs if pair[1] in regrading.materials}


def _graded_again(regrading: Regrading, late: set[Pair]) -> Iterator[ScoreChange]:
    # By now, the answers contain the new keys.
    materials = {
        pair.question: replace(regrading.materials[pair.question], keys={}) for pair in late
    }
    grader = _Grader(materials)
    enrollments = {pair.enrollment for pair in late}
    for pks in in_chunks(sorted(materials), CHUNK):
        differing = _differing(regrading, pks, grader, enrollments)
        yield from (change for change in differing if change.pair in late)


def _write_layer(
    course: int,
    rows: Sequence[Regraded],
    regrading: Regrading,
    reason: str,
    by: User | None,
    new_key: Callable[[int | None], int | None],
) -> Regrade:
    layer = Regrade.objects.create(
        course_id=course, reason=reason, created_by=by, only_raise=regrading.only_raise
    )
    values = []
    keys = bulk_write.new_keys(RegradedAttempt, len(rows))
    for key, row in zip(keys, rows, strict=True):
        points, feedback = _given(row.outcome)
        parts = [(name, given, new_key(pk)) for name, given, pk in row.outcome.parts]
        values.append((key, layer.pk, row.attempt, points, new_key(feedback), parts))
    names = ("id", "regrade", "attempt", "points", "feedback", "parts")
    bulk_write.insert(RegradedAttempt, names, values)
    return layer
