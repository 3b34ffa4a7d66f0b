"""The API by HTTP, as the contracts say."""

import json
import uuid

import pytest
from django.test import Client

from bookbinder.tests.support.answers_http import post, state
from conftest import enroll, make_book, make_course, make_feedback, make_page, make_question
from grading.models import Answer, Attempt, Interactive


@pytest.fixture
def student(as_user, sam):
    return as_user(sam)


def test_an_answer_tells_points_feedback_and_attempt(student, adding):
    response = post(student, adding, "4")
    assert response.status_code == 200
    assert response.json() == {
        "points": 2.0,
        "points_possible": 2.0,
        "feedback": "<p>About 4.</p>",
        "attempt": 1,
        "score": 2.0,
        "counts": True,
        "reasons": [],
    }


def test_the_same_client_key_stores_once_and_conflicts_with_another_answer(student, adding):
    key = str(uuid.uuid4())
    first, again = (post(student, adding, "4", client_key=key) for _n in range(2))
    assert first.json() == again.json()
    assert post(student, adding, "5", client_key=key).status_code == 409
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("answer", ["", "x" * 1_000_000, None, 4, ["4"], {"a": 1}, "a\0"])
def test_a_bad_answer_is_a_4xx_with_a_reason_and_stores_nothing(student, adding, answer):
    response = post(student, adding, answer)
    assert 400 <= response.status_code < 500
    assert response.json()["detail"]
    assert not Attempt.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"answer": "4"}', '{"answer": "4", "client_key": "no uuid"}', "\xff"]
)
def test_a_body_that_is_no_answer_is_a_4xx(student, adding, body):
    path = f"/api/questions/{adding.pk}/answers"
    response = student.post(path, body, content_type="application/json")
    assert 400 <= response.status_code < 500
    assert not Attempt.objects.exists()


def test_a_body_too_large_is_a_4xx(student, adding):
    assert 400 <= post(student, adding, "x" * 3_000_000).status_code < 500


def test_a_question_of_another_book_is_a_4xx(student, adding):
    other = make_question(make_page(make_book("other")))
    assert post(student, other, "4").status_code == 403
    assert post(student, adding, "4", course=make_course(other.page.book).pk).status_code == 403
    adding.pk = 10**9
    assert post(student, adding, "4").status_code == 404
    assert not Attempt.objects.exists()


def test_a_stranger_and_nobody_are_refused(client, as_user, adding, course, eve):
    assert post(client, adding, "4").status_code == 401
    assert post(as_user(eve), adding, "4").status_code == 403
    assert not Attempt.objects.exists()


def test_a_course_switches_a_question_off(student, adding, course):
    Interactive.objects.create(course=course, question=adding, enabled=False)
    response = post(student, adding, "4")
    assert (response.status_code, "switched off" in response.json()["detail"]) == (403, True)


def test_the_csrf_token_is_checked(adding, sam):
    client = Client(enforce_csrf_checks=True)
    client.force_login(sam, backend="accounts.access.RulesBackend")
    assert post(client, adding, "4").status_code == 403
    client.get("/api/state/tiny/numbers")
    data = {"answer": "4", "client_key": str(uuid.uuid4())}
    response = client.post(
        f"/api/questions/{adding.pk}/answers",
        json.dumps(data),
        content_type="application/json",
        headers={"X-CSRFToken": client.cookies["csrftoken"].value},
    )
    assert response.status_code == 200


@pytest.mark.parametrize("policy", ["latest", "best"])
def test_an_answer_costs_eight_queries_at_most(student, adding, course, policy):
    course.attempts_policy = policy
    course.save()
    post(student, adding, "5")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert post(student, adding, "4").status_code == 200
    work = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(work) <= 8, work


def test_the_state_brings_what_was_answered(student, adding, page, course):
    post(student, adding, "4")
    data = state(student).json()
    assert (data["page"], data["user"], data["notes"]) == (page.pk, "Sam Tester", [])
    course_out = {"pk": course.pk, "name": "Autumn", "keeps_best": False}
    assert data["course"] == course_out | {"is_open": True, "dates": ""}
    assert data["questions"] == [
        {
            "pk": adding.pk,
            "label": "adding",
            "former_labels": [],
            "grader": "number",
            "version": adding.version,
            "enabled": True,
            "can_try": False,
            "points_possible": 2.0,
            "answer": "4",
            "points": 2.0,
            "counts": True,
            "reasons": [],
            "feedback": "<p>About 4.</p>",
            "attempts": 1,
            "attempts_left": None,
        }
    ]


def test_the_state_of_a_protected_page_is_for_its_readers(client, as_user, adding, course, eve):
    assert state(client).status_code == 404
    assert state(as_user(eve)).status_code == 404
    assert state(as_user(eve), "tiny/nothing").status_code == 404


def test_the_state_of_a_public_page_has_no_answers_for_nobody(client, adding, page):
    page.access = "public"
    page.save()
    data = state(client).json()
    assert (data["user"], data["course"], data["questions"][0]["answer"]) == (None, None, None)
    assert "csrftoken" in client.cookies


def test_the_state_never_tells_unanswered_feedback(student, adding):
    assert "About" not in state(student).content.decode()


def test_with_two_courses_the_reader_can_choose(student, adding, sam, book, course):
    spring = make_course(book, "Spring")
    enroll(sam, spring)
    post(student, adding, "4", course=course.pk)
    assert state(student).json()["course"]["name"] == "Spring"
    data = state(student, course=course.pk).json()
    assert (data["course"]["name"], data["questions"][0]["answer"]) == ("Autumn", "4")
    assert {one["name"] for one in data["courses"]} == {"Autumn", "Spring"}
    assert state(student).json()["course"]["name"] == "Autumn"
    assert Answer.objects.get().enrollment.course == course


def test_a_course_that_is_not_theirs_shows_no_answers(student, adding, book):
    other = make_course(book, "Other")
    assert state(student, course=other.pk).json()["course"] is None


def test_who_no_longer_teaches_has_no_place_left(as_user, ines, adding, page, course):
    page.access = "public"
    page.save()
    client = as_user(ines)
    post(client, adding, "4")
    assert state(client).json()["course"] is not None
    course.instructors.all().delete()
    data = state(client).json()
    assert (data["course"], data["courses"], data["questions"][0]["answer"]) == (None, [], None)
    assert "Autumn" not in client.get("/").content.decode()
    assert "You are enrolled" not in client.get(course.get_absolute_url()).content.decode()


def test_an_instructor_is_shown_as_a_test_student(as_user, ines, adding):
    data = state(as_user(ines)).json()
    assert (data["is_test"], data["course"]["name"]) == (True, "Autumn")


def test_the_state_costs_eight_queries_whatever_the_questions(
    student, page, django_assert_max_num_queries
):
    for number in range(10):
        question = make_question(page, f"q{number}", grader="choice", options={"multiple": True})
        make_feedback(question, "a", key="a", points=2)
        assert post(student, question, ["a"]).status_code == 200
    with django_assert_max_num_queries(8):
        assert len(state(student).json()["questions"]) == 10


def test_the_documentation_of_the_api_is_served_by_us(client):
    page = client.get("/api/docs").content.decode()
    assert "swagger" in page and "cdn." not in page


def test_the_site_tells_that_it_is_up_and_ready(client, book, data_dir):
    assert client.get("/healthz").json() == {"status": "up"}
    assert client.get("/readyz").status_code == 503
    (data_dir / "releases/tiny/r1/html").mkdir(parents=True)
    assert client.get("/readyz").json() == {"status": "ready"}
