"""Regrading against an oracle: each answer given anew, by another student, under the new feedback."""

import os
import random
import uuid
from collections import defaultdict
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.manifests import make_feedback, make_page, make_question
from bookbinder.tests.support.regrading import bring_in
from bookbinder.tests.support.seeds import seeds
from books.models import Book, Feedback, Question
from conftest import enroll, make_course, make_override, make_user
from grading import answering, graders
from grading.graders import AnswerError, choice, read_and_grade
from grading.models import Answer, Attempt, Course, Instructor
from grading.scores import kept

pytestmark = pytest.mark.slow

SEEDS = int(os.environ.get("REGRADING_SEEDS", "8"))
PROJECT = "random"
FORESEEN = {
    "text": ["a", "b", "c", "*"],
    "number": ["1", "2 +- 1", "3", "*"],
    "regex": ["[ab]", "c+", "b|c", "*"],
    "manual": ["*"],
}
GIVEN = {"text": "abcd", "number": "1234", "regex": "abcd", "manual": "abcd"}
CHOICES = ["Turku", "Oulu", "Pori", "Kemi", "Vaasa"]


class Edition:
    """A page of questions as its author changes their feedback at random.

    A choice keeps its text and gets other keys: so who took it is known without a plan.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.keys = 0
        self.replaced: dict[Any, Any] = {}
        graders_ = ["text", "number", "regex", "manual", "choice", "choice", "choice"]
        self.questions = [self.question(number, one) for number, one in enumerate(graders_)]

    def question(self, number: int, grader: str) -> m.Question:
        options = {"multiple": True} if number >= 5 else {}
        texts = CHOICES if grader == "choice" else FORESEEN[grader]
        some = self.chance.sample(
            texts, self.chance.randint(2 if grader == "choice" else 0, len(texts))
        )
        items = tuple(self.item(text, is_choice=grader == "choice") for text in some)
        return make_question(
            label=f"q{number}",
            grader=grader,
            options=options,
            fingerprint=f"{number + 1:064x}",
            feedback=items,
        )

    def item(self, text: str, *, is_choice: bool) -> m.Feedback:
        self.keys += 1
        points = Decimal(self.chance.choice(["0", "0", "0.5", "1", "2"]))
        return make_feedback(
            key=f"k{self.keys}" if is_choice else None, answer=text, text="", points=points
        )

    def change(self) -> None:
        self.questions = [self.changed(one) for one in self.questions]

    def changed(self, question: m.Question) -> m.Question:
        items = list(question.feedback)
        for _change in range(self.chance.choice([0, 1, 1, 2, 3])):
            name = self.chance.choice(
                ["points", "shuffle", "remove", "add", "key", "possible", "grader"]
            )
            if name == "possible":
                question = question._replace(points_possible=Decimal(self.chance.choice([1, 2, 3])))
            elif name == "grader" and question.grader != "choice":
                question = question._replace(grader=self.chance.choice(sorted(FORESEEN)))
                items = [one for one in items if one.answer in FORESEEN[question.grader]]
            elif name == "shuffle":
                self.chance.shuffle(items)
            elif name == "add":
                self.add(question.grader, items)
            elif items and (name != "remove" or len(items) > 2):
                self.change_one(name, items)
        return question._replace(feedback=tuple(items))

    def add(self, grader: str, items: list[m.Feedback]) -> None:
        texts = CHOICES if grader == "choice" else FORESEEN[grader]
        left = [text for text in texts if text not in {one.answer for one in items}]
        if left:
            new = self.item(self.chance.choice(left), is_choice=grader == "choice")
            items.insert(self.chance.randint(0, len(items)), new)

    def change_one(self, name: str, items: list[m.Feedback]) -> None:
        number = self.chance.randrange(len(items))
        other = self.item(items[number].answer, is_choice=items[number].key is not None)
        if name == "remove":
            del items[number]
        elif name == "key":
            self.replaced[items[number].key] = other.key
            items[number] = items[number]._replace(key=other.key)
        else:
            items[number] = items[number]._replace(points=other.points)

    def manifest(self) -> m.Manifest:
        page = make_page("page", questions=tuple(self.questions))
        return m.Manifest(PROJECT, (m.Book(PROJECT, "Random", (page,)),), {})


def give(enrollment, question: Question, chance: random.Random) -> None:
    if question.grader == "choice":
        keys = [one.key for one in question.feedback.all()]
        few = chance.sample(keys, chance.randint(1, len(keys)))
        given = few if question.is_multiple else few[0]
    else:
        given = chance.choice(GIVEN[question.grader])
    answering.answer(enrollment.user, question, given, uuid.uuid4(), enrollment.course_id)


def students(chance: random.Random) -> None:
    """Two courses of either policy, each with a test student; some answers are graded by hand."""
    book = Book.objects.get()
    for policy in ("latest", "best"):
        course = make_course(book, policy, attempts_policy=policy)
        for name in ("sam", "sue", "test"):
            origin = "test" if name == "test" else "free"
            enrollment = enroll(make_user(f"{name}-{policy}"), course, origin=origin)
            if name == "test":
                Instructor.objects.create(course=course, user=enrollment.user)
            for question in Question.objects.order_by("index"):
                for _attempt in range(chance.randint(0, 3)):
                    give(enrollment, question, chance)
    for answer in Answer.objects.order_by("pk"):
        if chance.random() < 0.1:
            make_override(answer, 7)


def stored() -> dict[int, Answer]:
    rows = Answer.objects.select_related("question", "enrollment__course", "enrollment__user")
    return {one.pk: one for one in rows}


def points_of(answers: dict[int, Answer]) -> dict[int, Decimal | None]:
    return {pk: one.points for pk, one in answers.items()}


def all_said(keys: dict[str, str]) -> list[list[list[str]]]:
    """Return what answers and attempts say; a choice is told by the text that it had.

    A key means one text for ever here: `keys` learns those of an edition.
    """
    keys |= {str(one.key): one.answer for one in Feedback.objects.filter(key__isnull=False)}
    rows = [
        model.objects.order_by("pk").values_list("string", flat=True) for model in (Answer, Attempt)
    ]
    return [
        [sorted(keys.get(key, key) for key in choice.keys_of(one)) for one in own] for own in rows
    ]


def check_keys(edition: Edition) -> None:
    """No answer has the old key of a choice that is still there."""
    current = {item.key for one in edition.questions for item in one.feedback}
    for model in (Answer, Attempt):
        for string in model.objects.values_list("string", flat=True):
            for key in choice.keys_of(string):
                now: Any = key
                while now in edition.replaced:
                    now = edition.replaced[now]
                assert now == key or now not in current


def read_or_kept(given, question, feedback):
    """Grade an answer, also one that was kept and would be refused today: a number in words."""
    try:
        return read_and_grade(given, question, feedback)
    except AnswerError:
        if not graders.can_grade(given, question, feedback):
            raise
        return given, graders.grade(given, question, feedback)


class Oracle:
    """Gives each student's attempts anew, as another student."""

    def __init__(self) -> None:
        self.course = make_course(Book.objects.get(), f"again {uuid.uuid4()}")

    def points(self, answer: Answer) -> tuple[Decimal | None, int | None]:
        """Return the points and the feedback that the answer should have."""
        override = answer.enrollment.overrides.filter(question=answer.question).first()
        counts: tuple[Decimal | None, int | None] = (None, None)
        for attempt in kept.attempts_at(kept.Pair(answer.enrollment_id, answer.question_id)):
            string = Attempt.objects.get(pk=attempt.pk).string
            points, feedback = self.anew(answer.question, string) or attempt.raw
            is_best = counts[0] is None or (points is not None and points >= counts[0])
            if points is not None and (not answer.enrollment.course.keeps_best or is_best):
                counts = (points, feedback)
        return (override.points if override else counts[0]), counts[1]

    def anew(self, question: Question, string: str) -> tuple[Decimal, int | None] | None:
        """Return what an attempt earns now; None if it cannot be graded."""
        user = make_user(f"again{uuid.uuid4().hex}")
        enrollment = enroll(user, self.course)
        with patch.object(graders, "read_and_grade", read_or_kept):
            try:
                answering.answer(user, question, string, uuid.uuid4(), self.course.pk)
            except AnswerError:
                return None
        given = Attempt.objects.get(enrollment=enrollment)
        return None if given.points is None else (given.points, given.feedback_id)

    def close(self) -> None:
        Course.objects.filter(pk=self.course.pk).delete()


def expected_now() -> dict[int, tuple[Decimal | None, int | None]]:
    oracle = Oracle()
    found = {pk: oracle.points(answer) for pk, answer in stored().items()}
    oracle.close()
    return found


def check_regraded(expected: dict[int, tuple[Decimal | None, int | None]]) -> None:
    now = {pk: (answer.points, answer.feedback_id) for pk, answer in stored().items()}
    assert now == expected


def figures(before: dict[int, Answer], now: dict[int, Answer]) -> dict[str, float]:
    totals: dict[int, Decimal] = defaultdict(Decimal)
    count = 0
    for pk, answer in now.items():
        if answer.points != before[pk].points and not answer.enrollment.is_test:
            count += 1
            totals[answer.enrollment_id] += (answer.points or 0) - (before[pk].points or 0)
    ups = [total for total in totals.values() if total > 0]
    downs = [-total for total in totals.values() if total < 0]
    return {
        "out_of_date": count,
        "students_up": len(ups),
        "students_down": len(downs),
        "points_up": float(sum(ups)),
        "points_down": float(sum(downs)),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("seed", seeds(SEEDS))
def test_answers_earn_what_they_would_earn_given_anew(seed, data_dir):
    edition, keys = Edition(seed), {}
    bring_in(edition.manifest(), data_dir, regrade=False)
    students(edition.chance)
    for _edition in range(3):
        before = stored()
        said = all_said(keys)
        edition.change()
        told = bring_in(edition.manifest(), data_dir, regrade=False)
        now = stored()
        assert points_of(now) == points_of(before)
        assert all_said(keys) == said
        check_keys(edition)
        expected = expected_now()
        again = bring_in(edition.manifest(), data_dir, regrade=True)
        check_regraded(expected)
        difference = figures(now, stored())
        assert again.figures == difference
        assert told is None or told.figures == difference
        assert not bring_in(edition.manifest(), data_dir, regrade=True).is_work


@pytest.mark.django_db
@pytest.mark.parametrize("seed", seeds(SEEDS))
def test_an_edition_that_regrades_at_once_does_as_much(seed, data_dir):
    """The points are found before the rows are written, and feedback is new then."""
    edition = Edition(seed)
    bring_in(edition.manifest(), data_dir, regrade=False)
    students(edition.chance)
    for _edition in range(3):
        before = stored()
        edition.change()
        told = bring_in(edition.manifest(), data_dir, regrade=True)
        check_regraded(expected_now())
        assert told is None or told.figures == figures(before, stored())
        assert not bring_in(edition.manifest(), data_dir, regrade=True).is_work


class Choices:
    """One question of choices, key -> (text, points), as its author writes it."""

    def __init__(self, **choices: tuple[str, int]) -> None:
        items = [
            make_feedback(key=key, answer=answer, text="", points=Decimal(points))
            for key, (answer, points) in choices.items()
        ]
        self.questions = [make_question(grader="choice", feedback=tuple(items))]

    manifest = Edition.manifest


def choose(policy: str, *keys: str):
    course = make_course(Book.objects.get(), attempts_policy=policy)
    enrollment = enroll(make_user("sam"), course)
    for key in keys:
        answering.answer(enrollment.user, Question.objects.get(), key, uuid.uuid4())


@pytest.mark.django_db
def test_the_best_answer_keeps_its_points_when_its_choice_is_gone(data_dir):
    bring_in(Choices(a=("Turku", 2), b=("Oulu", 0)).manifest(), data_dir, regrade=False)
    choose("best", "b", "a", "b")
    without = Choices(b=("Oulu", 1), c=("Pori", 2))
    assert bring_in(without.manifest(), data_dir, regrade=True).figures["out_of_date"] == 0
    assert Answer.objects.values_list("string", "points").get() == ("a", 2)
    # Another attempt may earn more now.
    bring_in(Choices(b=("Oulu", 3), c=("Pori", 2)).manifest(), data_dir, regrade=True)
    assert Answer.objects.values_list("string", "points").get() == ("b", 3)
    assert set(Attempt.objects.values_list("string", "points")) == {("a", 2), ("b", 0)}


@pytest.mark.django_db
def test_what_was_given_is_written_in_the_keys_that_choices_have_now(data_dir):
    bring_in(Choices(a=("Turku", 0), b=("Oulu", 2)).manifest(), data_dir, regrade=False)
    choose("latest", "a")
    bring_in(Choices(a=("Turku", 1), b=("Oulu", 2)).manifest(), data_dir, regrade=True)
    bring_in(Choices(x=("Turku", 1), b=("Oulu", 2)).manifest(), data_dir, regrade=False)
    for model in (Answer, Attempt):
        assert model.objects.get().string == "x"
