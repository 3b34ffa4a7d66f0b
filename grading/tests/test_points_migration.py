"""The upgrade to kept points: no student's figure moves, and every score is derived."""

import random
import uuid
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from bookbinder.tests.support.seeds import seeds
from conftest import enroll, make_book, make_course, make_feedback, make_page, make_question
from conftest import make_user as make_person
from grading import gradebook
from grading.models import Answer, Attempt, Course, Grade, Override, Regrade

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BEFORE = [("grading", "0011_ungraded")]
AFTER = [("grading", "0014_points_cleanup")]
POINTS = [None, *map(Decimal, ("0", "0.5", "1", "2"))]


class Past:
    """The rows of a course as the last release wrote them, drawn at random."""

    def __init__(self, apps: Any, seed: int) -> None:
        self.chance = random.Random(seed)
        self.model = lambda name: apps.get_model("grading", name)
        self.now = timezone.now() - timedelta(days=30)

    def attempt(self, enrollment: int, question: int, feedback: int | None) -> Any:
        self.now += timedelta(minutes=1)
        return self.model("Attempt").objects.create(
            enrollment_id=enrollment,
            question_id=question,
            client_key=uuid.uuid4(),
            string=self.chance.choice("abc"),
            points=self.chance.choice(POINTS),
            feedback_id=self.chance.choice([None, feedback]),
            created_at=self.now,
        )

    def answer(self, course: Any, enrollment: int, question: int, feedback: int | None) -> None:
        """Write an answer, with regrades and an override; sometimes what no release should have."""
        attempts = [
            self.attempt(enrollment, question, feedback) for _n in range(self.chance.randint(0, 3))
        ]
        counting: Any = attempts[-1] if attempts else None
        if attempts and course.attempts_policy == "best":
            counting = max(attempts, key=lambda one: (one.points or -1, one.pk))
        if counting is None and self.chance.random() < 0.7:
            return
        strange = counting is None or self.chance.random() < 0.15
        answer = self.model("Answer").objects.create(
            enrollment_id=enrollment,
            question_id=question,
            string="d" if counting is None else counting.string,
            points=self.chance.choice(POINTS) if strange else counting.points,
            feedback_id=None if counting is None else counting.feedback_id,
            answered_at=self.now,
        )
        for reason in self.chance.choice([(), (), ("first",), ("first", "second")]):
            self.regrade(answer, reason, attempts, feedback)
        if self.chance.random() < 0.2:
            answer.override_points = self.chance.choice(POINTS[1:])
            answer.override_reason = "by hand"
            answer.override_at = self.now
            answer.save()

    def regrade(self, answer: Any, reason: str, attempts: list[Any], feedback: int | None) -> None:
        at = timezone.now() - timedelta(days=2 if reason == "first" else 1)
        self.model("Regrade").objects.create(
            answer=answer,
            string=answer.string,
            points=answer.points,
            feedback_id=answer.feedback_id,
            reason=reason,
            created_at=at.replace(minute=0, second=0, microsecond=0),
        )
        answer.points = self.chance.choice(POINTS[1:])
        answer.feedback_id = self.chance.choice([None, feedback])
        if attempts:
            answer.string = self.chance.choice(attempts).string
        answer.save()


def figures(answers: Any) -> dict[tuple[int, int], Decimal | None]:
    """Return what counted before the upgrade."""
    return {
        (row.enrollment_id, row.question_id): (
            row.points if row.override_points is None else row.override_points
        )
        for row in answers
    }


def check() -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_scores", stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.parametrize("seed", seeds(10))
def test_no_figure_moves_and_every_score_is_derived(seed, migrated):
    book = make_book()
    page = make_page(book)
    questions = [make_question(page, f"q{n}", index=n) for n in range(4)]
    replies = [make_feedback(question, "4").pk for question in questions]
    people = [
        enroll(make_person(f"s{n}"), make_course(book, policy, attempts_policy=policy)).pk
        for n, policy in enumerate(["latest", "best", "latest", "best", "best"])
    ]
    past = Past(migrated(BEFORE), seed)
    for enrollment in people:
        course = past.model("Course").objects.get(enrollments=enrollment)
        for question, reply in zip(questions, replies, strict=True):
            past.answer(course, enrollment, question.pk, reply)
    # Some have been switched to the other policy since, which moved nothing then.
    past.model("Course").objects.filter(pk__in=past.chance.sample(people, 2)).update(
        attempts_policy="best"
    )
    before = figures(past.model("Answer").objects.all())
    given = past.model("Attempt").objects.count()
    by_hand = past.model("Answer").objects.exclude(override_points=None).count()
    migrated(AFTER)
    after = {(row.enrollment_id, row.question_id): row.points for row in Answer.objects.all()}
    assert after == before
    assert check() == (0, "All scores are right.\n")
    assert not Answer.objects.filter(attempt=None).exists()
    assert Attempt.objects.count() >= given
    assert (Override.objects.count(), Grade.objects.count()) == (by_hand, 0)
    for course in Course.objects.all():
        rows = gradebook.rows(course, gradebook.number_text)[3:]
        for row, enrollment in zip(rows, course.enrollments.all(), strict=True):
            cells = [before.get((enrollment.pk, question.pk)) for question in questions]
            assert row[3:] == [
                "" if points is None else gradebook.number_text(str(points)) for points in cells
            ]


def test_regrades_become_layers_that_can_be_undone(migrated):
    question = make_question(make_page(make_book()), "q")
    enrollment = enroll(make_person("sam"), make_course(question.page.book))
    past = Past(migrated(BEFORE), 1)
    attempt = past.attempt(enrollment.pk, question.pk, None)
    past.model("Attempt").objects.filter(pk=attempt.pk).update(points=0, feedback=None)
    answer = past.model("Answer").objects.create(
        enrollment_id=enrollment.pk, question_id=question.pk, string=attempt.string, points=0
    )
    for reason in ("first", "second"):
        past.regrade(answer, reason, [attempt], None)
    migrated(AFTER)
    layers = Regrade.objects.order_by("pk")
    assert [layer.reason for layer in layers] == ["first", "second"]
    assert [layer.attempts.get().attempt_id for layer in layers] == [attempt.pk] * 2
    assert layers[1].attempts.get().points == answer.points == Answer.objects.get().points
    assert Answer.objects.get().reasons == [["regrade"]]
    assert Attempt.objects.get().parts == [["", 0, None]]
