"""Scores of 750,000 answers: a changed rule, the check; a regrade of 100,000 and its undo."""

import itertools
from collections.abc import Callable
from decimal import Decimal

from django.db import connection, transaction

from accounts.models import User
from benchmarks.edition import INSERT_LAYER
from benchmarks.figures import Figure, alternate
from benchmarks.gradebook import STUDENTS, fill
from books.models import Feedback, Question
from grading import rules
from grading.models import Answer, Course, Enrollment, Regrade, RegradedAttempt
from grading.regrade import regrade, regrades
from grading.scores import check

FEW = 67  # students who have 100,000 answers
READ_ALL = (
    "COPY (SELECT a.enrollment_id, a.question_id, a.id, a.points, s.points FROM grading_attempt a"
    " JOIN grading_answer s USING (enrollment_id, question_id) ORDER BY 1, 2, 3) TO STDOUT"
)


def execute(*statements: str) -> None:
    """Run statements in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def read_all() -> None:
    with connection.cursor() as cursor, cursor.copy(READ_ALL) as copy:
        for _block in copy:
            pass


def changed_rule(course: Course, root: User) -> Figure:
    """Let the best attempts count, and the latest again; a sixth of the scores differ.

    A third of the answers have a second attempt, and half of these are worse than the first.
    """
    execute(
        "INSERT INTO grading_attempt (enrollment_id, question_id, client_key, string, points,"
        " parts, version, received_at) SELECT enrollment_id, question_id, gen_random_uuid(),"
        " 'another', CASE WHEN id % 2 = 0 THEN 0 ELSE 2 END, parts, version, now()"
        " FROM grading_attempt WHERE id % 3 = 0",
        "UPDATE grading_answer s SET attempt_id = a.id, string = a.string, points = a.points,"
        " raw_points = a.points FROM grading_attempt a WHERE a.string = 'another'"
        " AND a.enrollment_id = s.enrollment_id AND a.question_id = s.question_id",
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    policies = itertools.cycle(["best", "latest"])

    def change() -> None:
        rules.change_course(course, root, attempts_policy=next(policies))

    def floor() -> None:
        read_all()
        execute("UPDATE grading_answer SET points = points WHERE id % 6 = 0")

    ours, least = alternate(change, floor, runs=2)
    name = f"a changed rule: {Answer.objects.count():,} scores derived, a sixth written"
    floor_name = "all read by COPY, and a sixth written by one UPDATE"
    return Figure(name, ours, floor_name, least, None, "at most 20 s")


def checked(course: Course) -> Figure:
    def work() -> None:
        assert not list(check.differences(course, fix=False))

    ours, least = alternate(work, read_all, runs=2)
    name = f"check_scores, {Answer.objects.count():,} answers"
    return Figure(name, ours, "the answers read by COPY", least, None)


def regraded(root: User) -> list[Figure]:
    """Regrade a course of 100,000 answers, and undo it."""
    course = Course.objects.create(book=Course.objects.get().book, name="Regraded")
    few = Enrollment.objects.order_by("pk")[:FEW].values("pk")
    Enrollment.objects.filter(pk__in=few).update(course=course)
    Feedback.objects.bulk_create(
        Feedback(question=question, answer=answer, points=Decimal(1), feedback="Yes.")
        for question in Question.objects.all()
        for answer in ("an answer", "another")
    )
    layers: list[Regrade] = []

    def plan() -> regrade.Regrading:
        return regrade.compute(regrade.of_course(course), course=course)

    def make() -> None:
        layer = regrades.run(plan(), course, "A better key.", root)
        assert layer is not None
        layers.append(layer)

    def undo() -> None:
        regrades.undo(layers.pop(), root)

    def insert() -> None:
        layer = Regrade.objects.create(course=course)
        own = f"enrollment_id IN (SELECT id FROM grading_enrollment WHERE course_id = {course.pk})"
        execute(
            f"{INSERT_LAYER.replace('%s', str(layer.pk))} WHERE {own}",
            f"UPDATE grading_answer SET points = points + 0.01 WHERE {own}",
        )

    def take_away() -> None:
        RegradedAttempt.objects.all()._raw_delete("default")
        Regrade.objects.all().delete()
        own = Answer.objects.filter(enrollment__course=course)
        execute(str_of_reset(course))
        assert own.exists()

    ours, least = alternate(make, insert, before_ours=take_away, before_floor=take_away, runs=2)
    take_away()

    def prepare() -> None:
        take_away()
        make()

    undone, least_undone = alternate(
        undo, insert_reset(course), before_ours=prepare, before_floor=take_away, runs=2
    )
    count = Answer.objects.filter(enrollment__course=course).count()
    return [
        Figure(f"a regrade of {count:,} answers, with its plan", ours,
               "a layer and the scores by two statements", least, None),
        Figure("its undo", undone, "the scores by one UPDATE", least_undone, None),
    ]  # fmt: skip


def str_of_reset(course: Course) -> str:
    return (
        "UPDATE grading_answer SET points = a.points, raw_points = a.points, reasons = '[]',"
        " feedback_id = a.feedback_id FROM grading_attempt a WHERE a.id = attempt_id AND"
        f" a.enrollment_id IN (SELECT id FROM grading_enrollment WHERE course_id = {course.pk})"
    )


def insert_reset(course: Course) -> Callable[[], None]:
    return lambda: execute(str_of_reset(course))


def measure() -> list[Figure]:
    course = fill()
    assert Answer.objects.count() == STUDENTS * Question.objects.count()
    root = User.objects.create_user(
        "root@example.org", None, first_name="R", last_name="L", type="admin"
    )
    found = [changed_rule(course, root), checked(course)]
    return [*found, *regraded(root)]
