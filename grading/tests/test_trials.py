"""Tries without an account: what a stranger is told, and how little they can learn by it."""

import json
import re
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookbinder.tests.support.admin_pages import course_data
from bookbinder.tests.support.answers_http import post
from books.models import Book
from conftest import enroll, make_book, make_course, make_feedback, make_page, make_question
from grading.models import Answer, Attempt, Enrollment


@pytest.fixture
def tried(adding, page):
    """A question on a public page that its author lets anybody try."""
    page.access = "public"
    page.save()
    adding.options = {"try": True}
    adding.save()
    return adding


def can_try(client, question) -> bool:
    data = client.get(f"/api/state/tiny/{question.page.url}").json()
    return next(one["can_try"] for one in data["questions"] if one["pk"] == question.pk)


def nothing_is_kept() -> bool:
    return not (Attempt.objects.exists() or Answer.objects.exists() or Enrollment.objects.exists())


@pytest.mark.parametrize(("answer", "points"), [("4", 2.0), ("5", 0.0)])
def test_nobody_is_told_right_or_wrong_and_no_more(client, tried, course, answer, points):
    assert can_try(client, tried)
    response = post(client, tried, answer)
    assert (response.status_code, response.json()) == (
        200,
        {"points": points, "points_possible": 2.0, "feedback": None, "attempt": None}
        | {"score": None, "counts": False, "reasons": []},
    )
    assert "About" not in response.content.decode() and nothing_is_kept()


def test_who_has_an_account_and_no_place_may_try_as_nobody_may(as_user, eve, tried, course):
    client = as_user(eve)
    assert can_try(client, tried)
    assert post(client, tried, "4").json()["points"] == 2
    assert nothing_is_kept()
    # In a course that is named, it would be an answer.
    assert post(client, tried, "4", course=course.pk).status_code == 403


def test_who_has_a_place_answers_and_does_not_try(as_user, sam, tried):
    client = as_user(sam)
    assert not can_try(client, tried)
    assert post(client, tried, "4").json()["attempt"] == 1
    assert Attempt.objects.count() == 1


def test_an_answer_that_is_none_is_refused_with_a_reason(client, tried):
    response = post(client, tried, "")
    assert (response.status_code, response.json()["detail"]) == (400, "The answer is empty.")


def test_a_try_at_a_question_that_has_changed_is_told_to_reload(client, tried):
    response = post(client, tried, "4", version="0" * 16)
    assert (response.status_code, response.json()["code"]) == (409, "changed")
    assert post(client, tried, "4", version=tried.version).status_code == 200


def test_the_31st_try_in_a_minute_waits(client, tried, monkeypatch):
    from accounts import limits

    now = limits.time.time() // 60 * 60 + 10
    monkeypatch.setattr(limits.time, "time", lambda: now)
    assert [post(client, tried, "5").status_code for _n in range(30)] == [200] * 30
    refused = post(client, tried, "4")
    assert (refused.status_code, refused["Retry-After"]) == (429, "50")
    assert refused.json()["detail"] == "Too many attempts. Wait 50 seconds, or join a course."
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert post(elsewhere, tried, "4").status_code == 200
    now += 50
    assert post(client, tried, "4").status_code == 200


def test_behind_a_proxy_the_address_is_the_clients_and_cannot_be_forged(
    client, tried, settings, monkeypatch
):
    from accounts import limits

    monkeypatch.setattr(limits.time, "time", lambda: 1_000_000.0)
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    data = json.dumps({"answer": "5", "client_key": str(uuid.uuid4())})

    def send(forwarded: str) -> int:
        path = f"/api/questions/{tried.pk}/answers"
        headers = {"X-Forwarded-For": forwarded}
        return client.post(path, data, "application/json", headers=headers).status_code

    assert {send(f"6.6.6.{n}, 10.0.0.1") for n in range(30)} == {200}
    assert (send("1.1.1.1, 10.0.0.1"), send("10.0.0.2")) == (429, 200)


def test_a_refused_try_counts_too_and_an_answer_in_a_course_does_not(client, as_user, sam, tried):
    assert [post(client, tried, "").status_code for _n in range(31)] == [400] * 30 + [429]
    assert post(as_user(sam), tried, "4").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_keep_nothing(tried):
    statuses = []

    def send():
        try:
            statuses.append(post(Client(), tried, "4").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 4 and nothing_is_kept()


def test_the_csrf_token_is_asked_of_nobody_too(tried):
    client = Client(enforce_csrf_checks=True)
    assert post(client, tried, "4").status_code == 403
    client.get("/api/state/tiny/numbers")
    data = json.dumps({"answer": "4", "client_key": str(uuid.uuid4())})
    path, token = f"/api/questions/{tried.pk}/answers", client.cookies["csrftoken"].value
    forged = client.post(path, data, "application/json", headers={"X-CSRFToken": token[::-1]})
    sent = client.post(path, data, "application/json", headers={"X-CSRFToken": token})
    assert (forged.status_code, sent.status_code) == (403, 200)


def with_no_mark(question):
    question.options = {}
    question.save()


def with_another_mark(question):
    question.options = {"try": "yes"}
    question.save()


def on_a_members_page(question):
    question.page.access = ""
    question.page.save()


def in_an_unpublished_book(question):
    Book.objects.update(release=None)


def where_a_course_switched_it_off(question):
    make_course(question.page.book, "Strict", allows_tries=False)


def where_a_course_limits_attempts(question):
    make_course(question.page.book, "Strict", attempt_limit=3)


def graded_by_a_person(question):
    question.grader = "manual"
    question.save()


@pytest.mark.parametrize(
    "closed",
    [
        with_no_mark,
        with_another_mark,
        on_a_members_page,
        in_an_unpublished_book,
        where_a_course_switched_it_off,
        where_a_course_limits_attempts,
        graded_by_a_person,
    ],
)
@pytest.mark.parametrize("version", ["", "0" * 16])
def test_what_cannot_be_tried_answers_right_and_wrong_alike(
    client, as_user, eve, tried, course, closed, version
):
    """No key is learnt: not from the status, not from the text, signed in or not."""
    closed(tried)
    over = {"version": version} if version else {}
    refusals = {None: 401, eve: 404 if closed is in_an_unpublished_book else 403}
    for who, status in refusals.items():
        if who:
            as_user(who)
        replies = [post(client, tried, answer, **over) for answer in ("4", "5", "", None, ["4"])]
        assert {reply.status_code for reply in replies} == {status}
        assert len({reply.content for reply in replies}) == 1
    assert nothing_is_kept()


def test_the_state_says_so_where_it_cannot_be_tried(client, tried):
    assert can_try(client, tried)
    where_a_course_switched_it_off(tried)
    assert not can_try(client, tried)


def test_only_an_open_course_of_this_book_switches_tries_off(client, tried):
    closed = {"closes_at": timezone.now() - timedelta(days=1)}
    make_course(tried.page.book, "Last year", allows_tries=False, **closed)
    make_course(make_book("other"), "Elsewhere", allows_tries=False)
    assert can_try(client, tried) and post(client, tried, "4").status_code == 200


def test_a_course_that_limits_attempts_can_allow_tries(client, tried):
    strict = make_course(tried.page.book, "Strict", attempt_limit=3)
    assert not can_try(client, tried)
    strict.allows_tries = True
    strict.save()
    assert can_try(client, tried) and post(client, tried, "4").status_code == 200
    # Every open course has to.
    make_course(tried.page.book, "Stricter", attempt_limit=1)
    assert not can_try(client, tried)


def test_an_instructor_chooses_and_a_new_course_starts_with_the_default(
    as_user, ines, root, course, book
):
    client, path = as_user(ines), f"/admin/grading/course/{course.pk}/change/"
    for chosen, kept in (("True", True), ("False", False), ("", None)):
        client.post(path, course_data(course, allows_tries=chosen))
        course.refresh_from_db()
        assert course.allows_tries is kept
    page = as_user(root).get("/admin/grading/course/add/").content.decode()
    assert re.search(r'<option value="" selected>\s*allowed unless attempts are limited', page)


def test_a_question_that_does_not_exist_is_no_news_to_nobody(client, tried):
    tried.pk = 10**9
    assert post(client, tried, "4").status_code == 401


def test_an_unmarked_neighbour_cannot_be_tried(client, tried, page):
    other = make_question(page, "other", index=1)
    make_feedback(other, "7", points=2)
    assert not can_try(client, other) and post(client, other, "7").status_code == 401


def test_several_choices_are_right_or_wrong_as_a_set(client, tried, page):
    options = {"multiple": True, "try": True}
    several = make_question(page, "several", grader="choice", options=options)
    for key, points in (("a", 2), ("b", 2), ("c", 0)):
        make_feedback(several, key, key=key, points=points)
    assert [post(client, several, keys).json()["points"] for keys in (["a", "b"], ["a"])] == [2, 0]


def test_an_ended_place_tries_as_a_stranger(as_user, eve, tried, course):
    enroll(eve, course, status="ended")
    assert post(as_user(eve), tried, "4").json()["attempt"] is None
    assert not Attempt.objects.exists()


def test_the_page_of_another_book_stays_what_it_is(client, tried, db):
    other = make_question(make_page(make_book("other")), options={"try": True})
    assert post(client, other, "4").status_code == 401


def work(client, question) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert post(client, question, "4").status_code == 200
    return len([one for one in queries if "SAVEPOINT" not in one["sql"]])


def test_a_try_costs_few_queries(client, as_user, eve, tried, course):
    # The question, its feedback, and the count of tries.
    assert work(client, tried) == 3
    # Session, user, question, enrollment, a course to run, and these three.
    assert work(as_user(eve), tried) == 8


def test_an_instructor_and_an_author_find_the_switch_in_the_course(
    client, as_user, ines, ada, eve, course
):
    path = f"/admin/grading/course/{course.pk}/change/"
    for user in (ines, ada):
        assert 'name="allows_tries"' in as_user(user).get(path).content.decode()
    assert "allows_tries" not in as_user(eve).get(path, follow=True).content.decode()
