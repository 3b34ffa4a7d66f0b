"""Earlier attempts by HTTP, and answers from a page older than its question."""

import uuid
from datetime import datetime

import pytest

from bookbinder.tests.support.answers_http import post
from books.models import Book, Question
from conftest import enroll, make_book, make_course, make_feedback, make_page, make_question
from grading.models import Attempt, Enrollment, Interactive


def attempts(client, question, **query):
    return client.get(f"/api/questions/{question.pk}/attempts", query)


@pytest.fixture
def student(as_user, sam):
    return as_user(sam)


def test_a_student_sees_their_own_attempts_newest_first(student, adding, course, eve):
    for answer in ("5", "4"):
        post(student, adding, answer)
    other = enroll(eve, course)
    Attempt.objects.create(enrollment=other, question=adding, string="secret")
    second, first = attempts(student, adding).json()
    assert (second["answer"], second["points"], second["feedback"]) == ("4", 2.0, "<p>About 4.</p>")
    assert (first["answer"], first["points"], first["feedback"]) == ("5", 0.0, "<p>About *.</p>")
    assert datetime.fromisoformat(first["at"]) < datetime.fromisoformat(second["at"])


def test_feedback_that_a_course_hides_is_hidden_there_too(student, adding, course, book):
    post(student, adding, "4")
    Interactive.objects.create(course=make_course(book, "X"), question=adding)
    switch = Interactive.objects.create(course=course, question=adding, provide_feedback=False)
    (one,) = attempts(student, adding).json()
    assert (one["points"], one["feedback"]) == (2.0, None)
    switch.delete()
    assert attempts(student, adding).json()[0]["feedback"] == "<p>About 4.</p>"


def test_several_choices_are_replied_to_each(student, page, course):
    several = make_question(page, "several", grader="choice", options={"multiple": True})
    for key in ("a", "b", "c"):
        make_feedback(several, f"choice {key}", key=key, points=2)
    post(student, several, ["a", "b"])
    (one,) = attempts(student, several).json()
    assert one["answer"] == '["a", "b"]'
    assert one["feedback"] == "<p>About choice a.</p>\n<p>About choice b.</p>"


def test_at_most_a_hundred_by_a_few_queries(student, enrollment, adding, django_assert_num_queries):
    Attempt.objects.bulk_create(
        Attempt(enrollment=enrollment, question=adding, string=str(n)) for n in range(105)
    )
    with django_assert_num_queries(8):
        found = attempts(student, adding).json()
    assert [one["answer"] for one in found] == [str(n) for n in range(104, 4, -1)]


def test_each_course_has_its_own(student, enrollment, adding, sam, book):
    spring = enroll(sam, make_course(book, "Spring"))
    post(student, adding, "4", course=enrollment.course_id)
    assert len(attempts(student, adding, course=enrollment.course_id).json()) == 1
    assert attempts(student, adding, course=spring.course_id).json() == []


def test_attempts_are_for_nobody_else(client, as_user, adding, course, eve, book):
    assert attempts(client, adding).status_code == 401
    assert attempts(as_user(eve), adding).status_code == 403
    enrollment = enroll(eve, make_course(book, "Other"))
    assert attempts(client, adding, course=course.pk).status_code == 403
    assert attempts(client, adding).json() == []
    enrollment.status = "ended"
    enrollment.save()
    assert attempts(client, adding).status_code == 403
    other = make_question(make_page(make_book("other")))
    assert attempts(client, other).status_code == 403
    assert attempts(client, Question(pk=10**9)).status_code == 404
    Book.objects.update(release=None)
    assert attempts(client, adding).status_code == 404


def test_an_instructor_sees_their_tries_as_a_test_student_and_a_get_makes_no_place(
    as_user, ines, adding
):
    client = as_user(ines)
    assert attempts(client, adding).status_code == 403
    assert not Enrollment.objects.exists()
    post(client, adding, "4")
    assert len(attempts(client, adding).json()) == 1


def change(question: Question, text: str = "f" * 64) -> None:
    Question.objects.filter(pk=question.pk).update(fingerprint=text)


def test_an_answer_to_an_older_edition_is_told_to_reload_and_keeps_nothing(student, adding):
    seen = adding.version
    change(adding)
    response = post(student, adding, "4", version=seen)
    assert (response.status_code, response.json()["code"]) == (409, "changed")
    assert "Reload the page" in response.json()["detail"]
    assert not Attempt.objects.exists()
    now = Question.objects.get(pk=adding.pk).version
    assert post(student, adding, "4", version=now).status_code == 200


def test_points_that_changed_are_a_change_too(student, adding):
    Question.objects.filter(pk=adding.pk).update(points_possible=7)
    assert post(student, adding, "4", version=adding.version).status_code == 409


def test_an_answer_that_was_taken_gets_its_reply_also_after_a_change(student, adding):
    seen, key = adding.version, str(uuid.uuid4())
    first = post(student, adding, "4", version=seen, client_key=key)
    change(adding)
    again = post(student, adding, "4", version=seen, client_key=key)
    assert (again.status_code, again.json()) == (200, first.json())
    other = post(student, adding, "5", version=seen, client_key=key)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert Attempt.objects.count() == 1


def test_without_a_version_an_answer_is_taken_as_before(student, adding):
    change(adding)
    assert post(student, adding, "4").status_code == 200
    assert post(student, adding, "4", version=None).status_code == 200


def test_a_question_that_is_gone_is_told_to_reload(student, adding):
    pk = adding.pk
    adding.delete()
    response = post(student, Question(pk=pk), "4")
    assert (response.status_code, response.json()["code"]) == (404, "changed")
    assert "Reload the page" in response.json()["detail"]


def test_a_stranger_learns_nothing_by_versions(as_user, eve, adding):
    client = as_user(eve)
    replies = [post(client, adding, "4", version=v) for v in (adding.version, "0" * 16)]
    assert [reply.status_code for reply in replies] == [403, 403]
