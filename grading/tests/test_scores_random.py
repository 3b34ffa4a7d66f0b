"""Random histories of all that can change a score, against a model that keeps them in memory.

After every step, the stored scores are those of the model and those that the kept rows give, and
so is every way out of a student, each in turn.
"""

import csv
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.manifests import make_feedback, make_page, make_question
from bookbinder.tests.support.regrading import bring_in
from bookbinder.tests.support.seeds import seeds
from books.models import Book, Question
from conftest import enroll, make_course, make_user
from grading import (
    answering,
    gradebook,
    gradebook_files,
    grades,
    limits,
    overrides,
    page_questions,
    progress,
    rules,
    scores,
)
from grading.models import Answer, Attempt, Course, Enrollment, Override, Regrade, RuleChange
from grading.points import in_words, plain
from grading.regrade import regrade, regrades
from grading.scores import writer

pytestmark = pytest.mark.slow

# 8 parts of 50 histories with 50 steps: 20,000 steps on both databases together.
PARTS, STEPS = 8, 50
EXAMPLES = int(os.environ.get("SCORE_EXAMPLES", "50"))
STRINGS = ("a", "b")
TEXTS = 2  # questions that a grader grades; one more is graded by a person
Worth = tuple[tuple[Decimal, Decimal, Decimal], ...]  # of a, of b, and possible, by question


@dataclass
class Tried:
    """An attempt, with all that was given for it."""

    pk: int
    string: str
    own: Decimal | None
    layers: dict[int, Decimal] = field(default_factory=dict)
    grade: Decimal | None = None


@dataclass
class World:
    """A book of three questions with two courses, and what the model knows of them."""

    data_dir: Path
    admin: Any
    worth: Worth
    students: list[Enrollment] = field(default_factory=list)
    attempts: dict[tuple[int, int], list[Tried]] = field(default_factory=dict)
    overrides: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    best: dict[int, bool] = field(default_factory=dict)
    limit: dict[int, int | None] = field(default_factory=dict)
    rules: dict[tuple[int, int, str], bool] = field(default_factory=dict)

    def questions(self) -> list[Question]:
        return list(Question.objects.order_by("index").select_related("page__book"))

    def at(self, student: int, question: int) -> list[Tried]:
        return self.attempts.setdefault((student, question), [])

    def rule(self, course: int, question: int, name: str) -> bool:
        return self.rules.get((course, question, name), name in ("enabled", "provide_feedback"))

    def below(self, tried: Tried) -> Decimal | None:
        layers = [pk for pk in sorted(tried.layers) if pk not in self.undone]
        return tried.layers[layers[-1]] if layers else tried.own

    def expected(self, student: int, question: int) -> Decimal | None:
        course = self.students[student].course_id
        if (student, question) in self.overrides:
            return self.overrides[student, question]
        earned = [
            self.below(tried) if tried.grade is None else tried.grade
            for tried in self.at(student, question)
        ]
        graded = [points for points in earned if points is not None]
        found = None
        if graded:
            found = max(graded) if self.best[course] else graded[-1]
        if self.rule(course, question, "full_points"):
            found = max(found or Decimal(0), self.worth[question][2])
        return found

    def grade_again(self, layers: dict[int, int], *, only_raise: bool) -> None:
        """Let the regrades, by course, hold what attempts earn by the current edition."""
        for (student, question), tries in self.attempts.items():
            layer = layers.get(self.students[student].course_id)
            for tried in tries if question < TEXTS and layer is not None else ():
                now, below = self.worth[question][STRINGS.index(tried.string)], self.below(tried)
                if (
                    layer is not None
                    and now != below
                    and not (only_raise and below is not None and now < below)
                ):
                    tried.layers[layer] = now


def manifest(worth: Worth) -> m.Manifest:
    texts = [
        make_question(
            label=f"q{number}",
            grader="text",
            points_possible=possible,
            fingerprint=f"{number + 1:064x}",
            feedback=tuple(
                make_feedback(key=None, answer=answer, text="", points=points)
                for answer, points in zip(STRINGS, points_of, strict=True)
            ),
        )
        for number, (*points_of, possible) in enumerate(worth[:TEXTS])
    ]
    essay = make_question(
        label="essay", grader="manual", points_possible=worth[-1][2], fingerprint=f"{9:064x}"
    )
    page = make_page("page", index=1, questions=(*texts, essay))
    return m.Manifest("random", (m.Book("random", "Random", (page,)),), {})


def begin(data_dir: Path, worth: Worth) -> World:
    bring_in(manifest(worth), data_dir, regrade=False)
    world = World(data_dir, make_user(f"root{uuid.uuid4().hex}", type="admin"), worth)
    for name, count in (("autumn", 2), ("spring", 1)):
        course = make_course(Book.objects.get(), name)
        world.best[course.pk] = False
        world.limit[course.pk] = None
        for _student in range(count):
            world.students.append(enroll(make_user(f"s{uuid.uuid4().hex}"), course))
    return world


Step = Callable[..., None]
STUDENTS, QUESTIONS = st.integers(0, 2), st.integers(0, TEXTS)
POINTS = st.integers(0, 4).map(lambda n: Decimal(n) / 2)
WORTH = st.tuples(*[st.tuples(POINTS, POINTS, st.sampled_from([Decimal(2), Decimal(3)]))] * 3)


def answer(world: World, student: int, question: int, string: str) -> None:
    enrollment, tries = world.students[student], world.at(student, question)
    course, asked = enrollment.course_id, world.questions()[question]
    try:
        reply = answering.answer(enrollment.user, asked, string, uuid.uuid4(), course)
    except answering.Refused:
        limit = world.limit[course]
        is_spent = limit is not None and len(tries) >= limit
        assert is_spent or not world.rule(course, question, "enabled")
        return
    assert reply.attempt is not None
    if reply.attempt > len(tries):
        pk = Attempt.objects.latest("pk").pk
        is_graded = question < TEXTS
        own = world.worth[question][STRINGS.index(string)] if is_graded else None
        tries.append(Tried(pk, string, own))
    assert reply.score == world.expected(student, question)


def grade(world: World, student: int, question: int, which: int, points: Decimal) -> None:
    tries = world.at(student, question)
    if tries:
        tried = tries[which % len(tries)]
        attempt = Attempt.objects.get(pk=tried.pk)
        current = grades.current(attempt)
        grades.give(attempt, points, world.admin, seen=current.pk if current else None)
        tried.grade = points


def end_grade(world: World, student: int, question: int, which: int) -> None:
    graded = [tried for tried in world.at(student, question) if tried.grade is not None]
    if graded:
        tried = graded[which % len(graded)]
        current = grades.current(Attempt.objects.get(pk=tried.pk))
        assert current is not None
        grades.end(current, world.admin)
        tried.grade = None


def override(world: World, student: int, question: int, points: Decimal) -> None:
    asked = world.questions()[question]
    overrides.give(world.students[student], asked, points, world.admin, "Because.")
    world.overrides[student, question] = points


def end_override(world: World, which: int) -> None:
    active = list(Override.objects.active().order_by("pk"))
    if active:
        row = active[which % len(active)]
        overrides.end(row, world.admin)
        labels = [question.pk for question in world.questions()]
        student = [one.pk for one in world.students].index(row.enrollment_id)
        del world.overrides[student, labels.index(row.question_id)]


def run_regrade(world: World, which: int, only_raise: bool) -> None:
    course = Course.objects.order_by("pk")[which % 2]
    plan = regrade.compute(regrade.of_course(course), course=course, only_raise=only_raise)
    layer = regrades.run(plan, course, "Better.", world.admin)
    if layer:
        world.grade_again({course.pk: layer.pk}, only_raise=only_raise)


def undo_regrade(world: World, which: int) -> None:
    active = list(Regrade.objects.active().order_by("pk"))
    if active:
        layer = active[which % len(active)]
        regrades.undo(layer, world.admin)
        world.undone.add(layer.pk)


def edition(world: World, worth: Worth, is_regraded: bool) -> None:
    world.worth = worth
    last = Regrade.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    bring_in(manifest(worth), world.data_dir, regrade=is_regraded)
    layers = Regrade.objects.filter(pk__gt=last).values_list("course", "pk")
    world.grade_again(dict(layers), only_raise=False)


def policy(world: World, which: int, is_best: bool) -> None:
    course = Course.objects.order_by("pk")[which % 2]
    rules.change_course(course, world.admin, attempts_policy="best" if is_best else "latest")
    world.best[course.pk] = is_best


def limit(world: World, which: int, most: int) -> None:
    course = Course.objects.order_by("pk")[which % 2]
    world.limit[course.pk] = most or None
    rules.change_course(course, world.admin, attempt_limit=most or None)


def rule(world: World, which: int, question: int, name: str, value: bool) -> None:
    course = Course.objects.order_by("pk")[which % 2]
    values: dict[str, Any] = {name: value}
    rules.change_questions(course, [world.questions()[question]], world.admin, **values)
    world.rules[course.pk, question, name] = value


def undo_rule(world: World, which: int) -> None:
    changes = list(RuleChange.objects.order_by("pk"))
    if not changes:
        return
    change = changes[which % len(changes)]
    try:
        rules.undo(change, world.admin)
    except rules.RuleError:
        return
    if change.name == "attempts_policy":
        world.best[change.course_id] = change.before == "best"
    elif change.name == "attempt_limit":
        world.limit[change.course_id] = change.before
    else:
        asked = [question.pk for question in world.questions()].index(change.question_id or 0)
        world.rules[change.course_id, asked, change.name] = change.before is True


ANY = st.integers(0, 9)
ANSWER = st.tuples(st.just(answer), STUDENTS, QUESTIONS, st.sampled_from(STRINGS))
STEP = st.one_of(
    ANSWER,
    ANSWER,
    ANSWER,
    st.tuples(st.just(grade), STUDENTS, QUESTIONS, ANY, POINTS),
    st.tuples(st.just(end_grade), STUDENTS, QUESTIONS, ANY),
    st.tuples(st.just(override), STUDENTS, QUESTIONS, POINTS),
    st.tuples(st.just(end_override), ANY),
    st.tuples(st.just(run_regrade), ANY, st.booleans()),
    st.tuples(st.just(undo_regrade), ANY),
    st.tuples(st.just(edition), WORTH, st.booleans()),
    st.tuples(st.just(policy), ANY, st.booleans()),
    st.tuples(st.just(limit), ANY, st.integers(0, 6)),
    st.tuples(st.just(rule), ANY, QUESTIONS, st.sampled_from(rules.OF_QUESTION), st.booleans()),
    st.tuples(st.just(undo_rule), ANY),
)


def check(world: World, turn: int) -> None:
    """Compare the stored scores, what the kept rows give, and every way out with the model."""
    questions = world.questions()
    expected = {
        (student.pk, question.pk): world.expected(row, column)
        for row, student in enumerate(world.students)
        for column, question in enumerate(questions)
    }
    stored = dict.fromkeys(expected)
    for enrollment, question, points in Answer.objects.values_list(
        "enrollment", "question", "points"
    ):
        stored[enrollment, question] = points
    has_row = {*Answer.objects.values_list("enrollment", "question")}
    given = {pair: points for pair, points in expected.items() if pair in has_row or points is None}
    assert {pair: stored[pair] for pair in given} == given
    pks = [student.pk for student in world.students]
    differing = writer.differences_in_chunks(pks, [question.pk for question in questions])
    assert not [one for some in differing for one in some]
    check_ways_out(world, turn % len(world.students), questions, expected)


def check_ways_out(
    world: World, number: int, questions: list[Question], expected: dict[Any, Any]
) -> None:
    """Compare what a page, the progress and the gradebook tell of a student with the model."""
    student = world.students[number]
    course = student.course_id
    own = [expected[student.pk, question.pk] for question in questions]
    states = page_questions.of(questions[0].page, student)
    assert [state.points for state in states] == own
    counts = [
        world.rule(course, column, "enabled") and not world.rule(course, column, "dropped")
        for column in range(len(questions))
    ]
    assert [state.counts for state in states] == counts
    enrollments = progress.with_progress(Enrollment.objects.select_related("course"))
    sums = scores.totals_of(enrollments.get(pk=student.pk), timezone.now())
    assert sums == page_questions.totals_of(states, student.course)
    counted = [points for points, does in zip(own, counts, strict=True) if does]
    assert sums.final.points == sum(points or 0 for points in counted)
    possible = [one.points_possible for one, does in zip(questions, counts, strict=True) if does]
    assert sums.final.possible == sum(possible)
    tries = [bool(world.at(number, column)) for column in range(len(questions))]
    assert sums.answered == sum(t and does for t, does in zip(tries, counts, strict=True))
    rows = {row[0]: row[3:] for row in gradebook.rows(student.course)[3:]}
    assert rows[student.user.email] == ["" if points is None else float(points) for points in own]


def check_files_and_pages(world: World) -> None:
    """Compare what a browser gets with the model: the API, the gradebook's file, the admin."""
    questions = world.questions()
    for number, student in [*enumerate(world.students)][1:]:  # one of each course
        own = [world.expected(number, column) for column in range(len(questions))]
        client = Client()
        client.force_login(student.user, backend="accounts.access.RulesBackend")
        state = client.get("/api/state/random/page", {"course": student.course_id}).json()
        figures = [None if points is None else float(points) for points in own]
        assert [question["points"] for question in state["questions"]] == figures
        file = gradebook_files.export(student.course, "csv").decode("utf-8-sig")
        rows = {row[0]: row[3:] for row in csv.reader(file.splitlines())}
        assert rows[student.user.email] == [
            "" if points is None else plain(points) for points in own
        ]
    shown = admin.site._registry[Answer]
    for answer in Answer.objects.select_related("question"):
        possible = answer.question.points_possible
        if answer.points is not None:
            assert shown.earned(answer) == in_words(answer.points, possible)  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("part", seeds(PARTS))
def test_scores_follow_whatever_happens(part, data_dir):
    without_limit = mock.patch.multiple(limits, AT_QUESTION_A_MINUTE=10**9, A_MINUTE=10**9)

    @seed(part)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(worth=WORTH, steps=st.lists(STEP, min_size=STEPS, max_size=STEPS))
    def one_history(worth, steps):
        with transaction.atomic():
            world = begin(data_dir, worth)
            for turn, (step, *arguments) in enumerate(steps):
                step(world, *arguments)
                check(world, turn)
            check_files_and_pages(world)
            transaction.set_rollback(True)

    with without_limit:
        one_history()
