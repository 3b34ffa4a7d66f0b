"""Grades, overrides, rules and regrades: given, ended, undone, and by whom."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.personal_data.table import entries
from bookbinder.tests.support.answers_http import post, state
from conftest import (
    enroll,
    make_answer,
    make_attempt,
    make_book,
    make_course,
    make_override,
    make_page,
    make_question,
    make_user,
    refreshed,
)
from grading import gradebook, grades, overrides, page_questions, rules, scores
from grading.errors import GradingError
from grading.models import (
    Answer,
    Course,
    Grade,
    Instructor,
    Interactive,
    Override,
    Regrade,
    RuleChange,
)
from grading.regrade import regrade, regrades


@pytest.fixture
def essay(page):
    return make_question(page, "essay", grader="manual", points_possible=Decimal(3), index=1)


@pytest.fixture
def written(enrollment, essay):
    """An essay that waits for a person."""
    make_answer(enrollment, essay, "Once upon a time", points=None)
    return enrollment.attempts.get()


@pytest.fixture
def una(book):
    """An instructor of another course on the book."""
    user = make_user("una")
    Instructor.objects.create(course=make_course(book, "Spring"), user=user)
    return user


def score(enrollment, question) -> Answer:
    return Answer.objects.get(enrollment=enrollment, question=question)


def test_a_grade_counts_and_its_history_stays(written, enrollment, essay, ines, root):
    assert score(enrollment, essay).waits
    first = grades.give(written, Decimal("2.5"), ines, "Good.")
    assert (score(enrollment, essay).points, score(enrollment, essay).waits) == (2.5, False)
    grades.give(written, Decimal(1), root, "Too short.", seen=first.pk)
    assert score(enrollment, essay).points == 1
    newest, oldest = grades.history(written)
    assert (oldest.ended_by, oldest.comment, newest.ended_at) == (root, "Good.", None)
    assert oldest.ended_at == newest.created_at
    grades.end(newest, ines)
    assert (score(enrollment, essay).points, score(enrollment, essay).waits) == (None, True)
    with pytest.raises(grades.GradeError, match="ended already"):
        grades.end(newest, ines)


def test_the_second_who_grades_is_told_what_the_first_gave(written, ines, root):
    first = grades.give(written, Decimal(2), ines)
    with pytest.raises(grades.GradedMeanwhile, match=r"Ines Tester .* has given 2 points"):
        grades.give(written, Decimal(1), root)
    assert Grade.objects.get().points == 2
    grades.end(first, root)
    with pytest.raises(grades.GradedMeanwhile, match="has been ended"):
        grades.give(written, Decimal(1), ines, seen=first.pk)


@pytest.mark.parametrize("points", ["-1", "3.01", "NaN", "Infinity"])
def test_points_that_cannot_be_given_for_an_attempt(written, ines, points):
    with pytest.raises(grades.GradeError, match="from 0 to 3"):
        grades.give(written, Decimal(points), ines)
    assert not Grade.objects.exists()


def test_only_who_teaches_the_course_gives_and_ends(
    written, enrollment, essay, ines, una, ada, eve, sam
):
    grade = grades.give(written, Decimal(1), ines)
    override = overrides.give(enrollment, essay, Decimal(1), ines)
    change = rules.RuleChange.objects.create(course=enrollment.course, name="attempt_limit")
    layer = Regrade.objects.create(course=enrollment.course, reason="?")
    for user in (una, ada, eve, sam):
        for act in (
            lambda by: grades.give(written, Decimal(2), by, seen=grade.pk),
            lambda by: grades.end(grade, by),
            lambda by: overrides.give(enrollment, essay, Decimal(2), by),
            lambda by: overrides.end(override, by),
            lambda by: rules.undo(change, by),
            lambda by: regrades.undo(layer, by),
            lambda by: regrades.run(regrade.compute({}), enrollment.course, "x", by),
        ):
            with pytest.raises(GradingError, match=r"not in a course that you teach|do not teach"):
                act(user)
    assert score(enrollment, essay).points == 1


def test_who_has_left_gets_nothing(written, enrollment, essay, ines):
    enrollment.status = "ended"
    enrollment.save()
    written.refresh_from_db()
    with pytest.raises(grades.GradeError, match="left the course"):
        grades.give(written, Decimal(1), ines)
    with pytest.raises(overrides.OverrideError, match="left the course"):
        overrides.give(enrollment, essay, Decimal(1), ines)


def test_an_override_is_final_and_its_history_stays(enrollment, adding, ines, sam, as_user):
    client = as_user(sam)
    post(client, adding, "4")
    overrides.give(enrollment, adding, Decimal("0.5"), ines, "Copied.")
    reply = post(client, adding, "5").json()
    assert (reply["points"], reply["score"]) == (0, 0.5)
    assert reply["reasons"] == ["set by an instructor: Copied."]
    second = overrides.give(enrollment, adding, Decimal(4), ines)  # twice what is possible
    assert [row.points for row in overrides.history(enrollment, adding)] == [4, Decimal("0.5")]
    assert score(enrollment, adding).points == 4
    overrides.end(second, ines)
    assert score(enrollment, adding).points == 0
    with pytest.raises(overrides.OverrideError, match="ended already"):
        overrides.end(second, ines)


@pytest.mark.parametrize("points", ["-0.01", "4.01", "NaN"])
def test_points_that_cannot_be_set(enrollment, adding, ines, points):
    with pytest.raises(overrides.OverrideError, match="from 0 to 4"):
        overrides.give(enrollment, adding, Decimal(points), ines)
    assert not Answer.objects.exists()


def test_a_question_of_another_book_cannot_be_set(enrollment, ines):
    other = make_question(make_page(make_book("other")))
    with pytest.raises(overrides.OverrideError, match="not in the book"):
        overrides.give(enrollment, other, Decimal(1), ines)


def test_what_was_never_answered_has_an_override_everywhere(
    enrollment, adding, page, ines, sam, as_user, course
):
    override = overrides.give(enrollment, adding, Decimal("1.5"), ines, "Ill.")
    told = state(as_user(sam)).json()
    (question,) = told["questions"]
    assert (question["answer"], question["points"], question["attempts"]) == (None, 1.5, 0)
    assert question["reasons"] == ["set by an instructor: Ill."]
    figures = {"answered": 0, "questions": 1, "points": 1.5, "points_possible": 2.0}
    assert told["progress"] == told["on_page"] == figures
    assert told["next"] is None or told["next"]["url"].endswith("#adding")
    assert gradebook.rows(course)[3][3:] == [1.5]
    shown = as_user(sam).get(f"/answer/{page.book.project}/{page.url}").content.decode()
    assert "1.5 of 2 points" in shown and "Ill." in shown and "You answered" not in shown
    overrides.end(override, ines)
    assert not Answer.objects.exists()
    assert state(as_user(sam)).json()["questions"][0]["points"] is None


def test_a_private_reason_is_for_instructors(enrollment, adding, ines, sam, as_user):
    overrides.give(enrollment, adding, Decimal(1), ines, "Cheated.", is_private=True)
    for response in (
        state(as_user(sam)),
        post(as_user(sam), adding, "4"),
        as_user(sam).get("/answer/tiny/numbers"),
    ):
        assert "Cheated" not in response.content.decode()
    assert "Cheated" not in str([list(entry.records_of(sam)) for entry in entries()])
    assert "Cheated" in as_user(ines).get("/admin/grading/override/").content.decode()


def test_full_points_are_for_everybody_until_that_is_undone(
    enrollment, adding, page, ines, course, sam, as_user
):
    idle = enroll(make_user("idle"), course)
    make_answer(enrollment, adding, "5", points=0)
    rules.change_questions(course, [adding], ines, "It was ambiguous.", full_points=True)
    for student in (enrollment, idle):
        (told,) = page_questions.of(page, student)
        assert (told.points, told.reasons) == (2, ("full points for everybody",))
    assert [row[-1] for row in gradebook.rows(course)[3:]] == [2, 2]
    assert post(as_user(sam), adding, "6").json()["score"] == 2
    assert state(as_user(sam)).json()["progress"]["points"] == 2
    change = RuleChange.objects.get()
    assert (change.name, change.before, change.after) == ("full_points", False, True)
    rules.undo(change, ines)
    assert [row[-1] for row in gradebook.rows(course)[3:]] == ["", 0]
    assert RuleChange.objects.latest("pk").reason == "Undone: It was ambiguous."
    with pytest.raises(rules.RuleError, match="changed again since"):
        rules.undo(change, ines)


def test_a_dropped_question_is_in_no_sum_and_keeps_its_score(
    enrollment, adding, essay, ines, course, sam, as_user
):
    make_answer(enrollment, adding)
    rules.change_questions(course, [adding], ines, dropped=True)
    told = state(as_user(sam)).json()
    assert told["progress"] == told["on_page"]
    assert told["progress"] == {
        "answered": 0, "questions": 1, "points": 0.0, "points_possible": 3.0,
    }  # fmt: skip
    assert [one["counts"] for one in told["questions"]] == [False, True]
    assert gradebook.rows(course)[3][3:] == [2, ""]
    assert Interactive.objects.get().dropped


def test_another_policy_counts_at_once_for_the_whole_course(enrollment, adding, course, ines):
    for string, points in (("4", 2), ("5", 0)):
        make_attempt(enrollment, adding, string, points=points)
    assert refreshed(enrollment, adding).points == 0
    rules.change_course(course, ines, attempts_policy="best")
    answer = score(enrollment, adding)
    assert (answer.points, answer.string, answer.reasons) == (2, "4", [["attempt", 1, 2]])
    rules.undo(RuleChange.objects.get(), ines)
    assert score(enrollment, adding).string == "5"


@pytest.fixture
def worth_more(enrollment, adding, course, ines):
    """Two answers of the course, one of which is worth more by now, and one of another course."""
    other = enroll(make_user("olga"), make_course(course.book, "Spring"))
    half = adding.feedback.create(answer="5", points=Decimal(0), index=1, feedback="")
    for student, string, points in ((enrollment, "5", 0), (other, "5", 0)):
        make_answer(student, adding, string, points=points, feedback=half)
    make_answer(enroll(make_user("bea"), course), adding, "4", feedback=adding.feedback.first())
    half.points = Decimal(1)
    half.save()
    adding.feedback.filter(answer="4").update(points=1)
    return other


def computed(course, **over):
    return regrade.compute(regrade.of_course(course), course=course, **over)


def test_a_regrade_is_a_layer_of_one_course_that_is_undone_as_one(
    worth_more, enrollment, adding, course, ines
):
    layer = regrades.run(computed(course), course, "The key was wrong.", ines)
    assert layer is not None and layer.attempts.count() == 2
    assert score(enrollment, adding).points == 1 and score(worth_more, adding).points == 0
    assert computed(course).is_empty
    assert regrades.undo(layer, ines) == 2
    assert score(enrollment, adding).points == 0
    with pytest.raises(regrades.RegradeError, match="undone already"):
        regrades.undo(layer, ines)


def test_a_regrade_can_raise_alone(worth_more, enrollment, adding, course, ines):
    layer = regrades.run(computed(course, only_raise=True), course, "Fair.", ines)
    assert layer is not None and layer.only_raise and layer.attempts.count() == 1
    earned = Answer.objects.filter(enrollment__course=course).order_by("points")
    assert list(earned.values_list("points", flat=True)) == [1, 2]


def test_what_is_answered_or_undone_after_a_look_is_regraded_too(
    worth_more, enrollment, adding, course, ines, sam, as_user
):
    first = regrades.run(computed(course), course, "One.", ines)
    plan = computed(course)
    assert plan.is_empty
    regrades.undo(first, ines)
    assert regrades.run(plan, course, "Two.", ines).attempts.count() == 2
    assert score(enrollment, adding).points == 1


def test_grades_and_overrides_stay_above_a_regrade(worth_more, enrollment, adding, course, ines):
    grades.give(enrollment.attempts.get(), Decimal("0.25"), ines)
    bea = course.enrollments.get(user__first_name="Bea")
    make_override(score(bea, adding), 2)
    layer = regrades.run(computed(course), course, "Better.", ines)
    assert score(enrollment, adding).points == Decimal("0.25") and score(bea, adding).points == 2
    grades.end(Grade.objects.get(), ines)
    assert score(enrollment, adding).points == 1
    regrades.undo(layer, ines)
    assert score(enrollment, adding).points == 0 and Override.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_a_regrade_is_not_undone_while_another_runs(worth_more, course, ines):
    layer = regrades.run(computed(course), course, "One.", ines)
    found = []

    def undo() -> None:
        try:
            regrades.undo(layer, ines)
        except regrades.RegradeError as error:
            found.append(str(error))
        finally:
            connection.close()

    with transaction.atomic():
        scores.lock_courses(Course.objects.all())
        regrade.write(computed(course, only_raise=True), "Two.")
        thread = threading.Thread(target=undo)
        thread.start()
        thread.join()
    (told,) = found
    assert told.startswith("Another regrade of this course, or a new edition, is under way.")
    layer.refresh_from_db()
    assert layer.undone_at is None


def test_scores_as_of_a_time_count_what_held_then(worth_more, enrollment, adding, course, ines):
    times, expected = [], []

    def note() -> None:
        times.append(timezone.now())
        expected.append(score(enrollment, adding).points)

    note()
    layer = regrades.run(computed(course), course, "Better.", ines)
    note()
    grade = grades.give(enrollment.attempts.get(), Decimal("0.25"), ines)
    note()
    grade = grades.give(enrollment.attempts.get(), Decimal("0.5"), ines, seen=grade.pk)
    note()
    override = overrides.give(enrollment, adding, Decimal(2), ines)
    note()
    make_attempt(enrollment, adding, "4", points=1)
    refreshed(enrollment, adding)
    note()
    overrides.end(override, ines)
    grades.end(grade, ines)
    regrades.undo(layer, ines)
    note()
    assert expected == [0, 1, Decimal("0.25"), Decimal("0.5"), 2, 2, 1]
    pairs = ([enrollment.pk], [adding.pk])
    found = [dict(scores.as_of(*pairs, until)) for until in times]
    assert [own[enrollment.pk, adding.pk].points for own in found] == expected
    assert not dict(scores.as_of(*pairs, times[0] - timedelta(days=1)))


def test_a_regrade_of_a_course_writes_no_score_of_another(worth_more, course, adding, ines):
    plan = computed(course)
    other = Answer.objects.filter(enrollment=worth_more)
    make_override(other.get(), 2)  # so that everything is graded again
    other.update(points=1)  # as if somebody was writing it
    regrades.run(plan, course, "Better.", ines)
    assert other.get().points == 1
