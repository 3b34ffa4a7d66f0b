import threading
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from books.models import Question
from conftest import make_book, make_course, make_feedback, make_override, make_page, make_question
from grading import answering, page_questions
from grading.answering import Conflict, NotEnrolled, Refused, answer
from grading.graders import AnswerError
from grading.models import Answer, Attempt, Interactive
from grading.regrade import choice_keys, regrade


def give(user, question, given, key=None, **over):
    return answer(user, question, given, key or uuid.uuid4(), **over)


def test_a_right_answer_earns_points_and_a_reply(enrollment, adding):
    reply = give(enrollment.user, adding, "4")
    assert reply == answering.Reply(
        Decimal(2), Decimal(2), "<p>About 4.</p>", 1, Decimal(2), counts=True
    )
    kept = Answer.objects.get()
    assert (kept.string, kept.points, kept.feedback.answer) == ("4", 2, "4")


def test_each_try_is_kept_and_the_latest_counts(enrollment, adding):
    give(enrollment.user, adding, "4")
    assert give(enrollment.user, adding, "5").attempt == 2
    assert list(Attempt.objects.values_list("string", "points")) == [("4", 2), ("5", 0)]
    assert Answer.objects.get().points == 0


def test_the_best_counts_where_the_course_says_so(enrollment, adding, course):
    course.attempts_policy = "best"
    course.save()
    for given in ("5", "4", "5"):
        give(enrollment.user, adding, given)
    assert (Answer.objects.get().string, Attempt.objects.count()) == ("4", 3)


def test_the_same_key_with_the_same_answer_is_kept_once(enrollment, adding):
    key = uuid.uuid4()
    assert give(enrollment.user, adding, "4", key) == give(enrollment.user, adding, "4", key)
    assert Attempt.objects.count() == 1


def test_the_same_key_with_another_answer_is_a_conflict(enrollment, adding, page):
    key = uuid.uuid4()
    give(enrollment.user, adding, "4", key)
    with pytest.raises(Conflict):
        give(enrollment.user, adding, "5", key)
    with pytest.raises(Conflict):
        give(enrollment.user, make_question(page, "other"), "4", key)
    assert Attempt.objects.count() == 1


def test_a_stranger_cannot_answer(eve, adding, course):
    with pytest.raises(NotEnrolled):
        give(eve, adding, "4")
    assert not Attempt.objects.exists()


def test_a_student_of_another_book_cannot_answer(sam, course):
    other = make_question(make_page(make_book("other")))
    make_course(other.page.book)
    with pytest.raises(NotEnrolled):
        give(sam, other, "4")


def test_a_course_that_is_not_theirs_cannot_be_named(sam, adding, book):
    with pytest.raises(NotEnrolled):
        give(sam, adding, "4", course_id=make_course(book, "Spring").pk)


def test_a_question_that_is_switched_off_takes_nothing(enrollment, adding, course):
    Interactive.objects.create(course=course, question=adding, enabled=False)
    with pytest.raises(Refused, match="switched off"):
        give(enrollment.user, adding, "4")
    assert not Attempt.objects.exists()


def test_the_switch_of_another_course_does_not_count(enrollment, adding, book):
    Interactive.objects.create(course=make_course(book, "X"), question=adding, enabled=False)
    assert give(enrollment.user, adding, "4").points == 2


def test_feedback_can_be_hidden_and_points_stay(enrollment, adding, course, page):
    Interactive.objects.create(course=course, question=adding, provide_feedback=False)
    reply = give(enrollment.user, adding, "4")
    assert (reply.points, reply.feedback) == (2, None)
    assert page_questions.of(page, enrollment)[0].feedback is None


def test_attempts_run_out(enrollment, adding, course, page):
    course.attempt_limit = 1
    course.save()
    give(enrollment.user, adding, "5")
    with pytest.raises(Refused, match="no attempts left"):
        give(enrollment.user, adding, "4")
    enrollment.refresh_from_db()
    assert page_questions.of(page, enrollment)[0].attempts_left == 0


def test_a_closed_course_takes_answers_of_test_students_alone(enrollment, ines, adding, course):
    course.closes_at = timezone.now() - timedelta(days=1)
    course.save()
    with pytest.raises(Refused, match="not open"):
        give(enrollment.user, adding, "4")
    assert give(ines, adding, "4").points == 2


def test_what_is_no_answer_leaves_nothing(enrollment, adding):
    with pytest.raises(AnswerError):
        give(enrollment.user, adding, "")
    assert not Attempt.objects.exists() and not Answer.objects.exists()


def test_an_answer_graded_by_hand_keeps_those_points(enrollment, adding, page):
    give(enrollment.user, adding, "5")
    make_override(Answer.objects.get(), "1.5")
    give(enrollment.user, adding, "6")
    assert page_questions.of(page, enrollment)[0].points == Decimal("1.5")


def test_the_state_shows_what_was_answered(enrollment, adding, page):
    other = make_question(page, "primes", grader="choice", options={"multiple": True}, index=1)
    for key, points in (("a", 2), ("b", 0)):
        make_feedback(other, f"choice {key}", key=key, points=points)
    give(enrollment.user, adding, "4")
    give(enrollment.user, other, ["a", "b"])
    first, second = page_questions.of(page, enrollment)
    assert (first.string, first.points, first.feedback) == ("4", 2, "<p>About 4.</p>")
    assert (second.string, second.points) == ('["a", "b"]', 0)
    assert second.feedback == "<p>About choice a.</p>\n<p>About choice b.</p>"


def test_the_state_without_a_place_shows_no_answer(enrollment, adding, page):
    give(enrollment.user, adding, "4")
    (one,) = page_questions.of(page, None)
    assert (one.string, one.points, one.feedback) == (None, None, None)


def test_the_states_queries_do_not_grow_with_the_questions(
    enrollment, page, django_assert_max_num_queries
):
    for number in range(12):
        question = make_question(page, f"q{number}", grader="choice", options={"multiple": True})
        make_feedback(question, "a", key="a", points=2)
        give(enrollment.user, question, ["a"])
    with django_assert_max_num_queries(4):
        assert len(page_questions.of(page, enrollment)) == 12


@pytest.mark.django_db(transaction=True)
def test_one_answer_sent_five_times_at_once_is_kept_once(enrollment, adding, course):
    course.attempt_limit = 1
    course.save()
    key, replies = uuid.uuid4(), []

    def send():
        try:
            question = Question.objects.select_related("page").get(pk=adding.pk)
            replies.append(give(enrollment.user, question, "4", key))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 5 and len(set(replies)) == 1
    assert Attempt.objects.count() == 1


def test_it_is_graded_by_the_question_as_it_is_when_its_turn_comes(enrollment, page):
    several = make_question(page, "several", grader="choice", options={"multiple": True})
    make_feedback(several, "two", key="a", points=Decimal(2))
    page.questions.filter(pk=several.pk).update(points_possible=5)
    assert answering.answer(enrollment.user, several, ["a"], uuid.uuid4()).points == 5


@pytest.mark.django_db(transaction=True)
def test_a_question_that_went_meanwhile_takes_no_answer(enrollment, adding):
    page_id = adding.pk
    adding.page.questions.filter(pk=page_id).delete()
    with pytest.raises(answering.Gone, match="no longer contains"):
        answering.answer(enrollment.user, adding, "4", uuid.uuid4())
    assert not Attempt.objects.exists()


def test_a_text_of_deep_json_stops_nobody_once_its_question_takes_choices(
    enrollment, page, as_user, ines
):
    question = make_question(page, "several", grader="text")
    give(enrollment.user, question, "[" * 9_999)
    make_feedback(question, "Right", key="a", points=2)
    Question.objects.filter(pk=question.pk).update(grader="choice", options={"multiple": True})
    (state,) = page_questions.of(page, enrollment)
    assert state.string == "[" * 9_999 and state.feedback is None
    question.refresh_from_db()
    material = regrade.Material(question, list(question.feedback.all()), {"a": "b"})
    assert regrade.compute({question.pk: material}).is_empty
    assert choice_keys.find_changes({question.pk: material}) == set()
    for model in ("answer", "attempt"):
        assert as_user(ines).get(f"/admin/grading/{model}/").status_code == 200
