"""How many attempts one person can make, and answers that make none."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conftest import enroll, make_book, make_course, make_feedback, make_page, make_question
from grading import limits
from grading.answering import Conflict, Refused, answer
from grading.models import Answer, Attempt, Repeat


@pytest.fixture
def give(enrollment, adding):
    def give(given, key=None, question=adding, **over):
        return answer(enrollment.user, question, given, key or uuid.uuid4(), **over)

    return give


def made(enrollment, question, count, **over):
    return Attempt.objects.bulk_create(
        Attempt(enrollment=enrollment, question=question, string="no", points=0, **over)
        for _n in range(count)
    )


def long_ago():
    return timezone.now() - timedelta(minutes=2)


def test_the_last_answer_again_makes_no_attempt_and_gets_its_reply(give, adding):
    give("5")
    first = give("4")
    key = uuid.uuid4()
    assert [give("4"), give("4", key), give("4", key)] == [first] * 3
    assert first.attempt == Attempt.objects.count() == 2
    assert Repeat.objects.count() == 2
    with pytest.raises(Conflict):
        give("5", key)
    # The key belongs to its attempt for ever.
    assert give("5").attempt == 3
    assert give("4", key) == replace(first, score=0, counts=False)


def test_only_the_last_answer_is_taken_for_the_same(give):
    for given in ("4", "5", "4"):
        give(given)
    assert Attempt.objects.count() == 3
    assert not Repeat.objects.exists()


def test_the_last_answer_again_is_an_attempt_at_another_version(give, adding):
    give("4")
    adding.fingerprint = "1" * 64
    adding.save()
    assert give("4", version=adding.version).attempt == 2


def test_the_last_answer_again_is_an_attempt_once_it_earns_something_else(give, adding):
    give("5")
    make_feedback(adding, "5", points=Decimal(1))
    reply = give("5")
    assert (reply.points, reply.attempt) == (1, 2)
    assert Answer.objects.get().points == 1


def test_attempts_from_before_versions_were_kept_are_never_the_same(give, enrollment, adding):
    Attempt.objects.create(enrollment=enrollment, question=adding, string="7", points=0)
    assert give("7").attempt == 2


def test_the_last_answer_again_is_answered_without_attempts_left(give, course):
    course.attempt_limit = 1
    course.save()
    assert give("4") == give("4")
    with pytest.raises(Refused, match="no attempts left"):
        give("5")


def test_a_closed_course_does_not_answer_the_last_answer_again(give, course):
    give("4")
    course.closes_at = timezone.now() - timedelta(days=1)
    course.save()
    with pytest.raises(Refused, match="not open"):
        give("4")
    assert not Repeat.objects.exists()


def test_not_every_key_of_a_repeated_answer_is_kept(give, monkeypatch):
    monkeypatch.setattr(limits, "REPEATS", 2)
    assert {give("4") for _time in range(5)} == {give("4")}
    assert Repeat.objects.count() == 2


def test_thirty_attempts_a_minute_at_one_question(give, enrollment, adding, page):
    made(enrollment, adding, 100, received_at=long_ago())
    made(enrollment, adding, 1, received_at=timezone.now() - timedelta(seconds=50))
    for number in range(29):
        give(str(number))
    with pytest.raises(limits.TooFast, match="30 times within a minute") as refused:
        give("30")
    assert 9 <= refused.value.seconds <= 10
    assert Attempt.objects.count() == 130
    # What was given is answered again, and other questions are still open.
    other = make_question(page, "other")
    make_feedback(other, "4")
    assert give("4", question=other).attempt == 1
    Attempt.objects.update(received_at=long_ago())
    assert give("30").attempt == 131


def test_repeated_answers_count_too(give):
    for _number in range(30):
        give("4")
    with pytest.raises(limits.TooFast):
        give("4")
    assert (Attempt.objects.count(), Repeat.objects.count()) == (1, 29)


def test_an_answer_sent_again_with_its_key_is_never_too_fast(give, enrollment, adding):
    key = uuid.uuid4()
    first = give("4", key)
    made(enrollment, adding, 40)
    assert give("4", key) == first


def test_three_hundred_attempts_a_minute_in_all_courses(give, enrollment, adding, page):
    elsewhere = make_question(make_page(make_book("other")))
    second = enroll(enrollment.user, make_course(elsewhere.page.book))
    for number in range(15):
        made(second if number < 10 else enrollment, make_question(page, f"q{number}"), 20)
    with pytest.raises(limits.TooFast, match="300 answers within a minute"):
        give("4")
    assert not Answer.objects.exists()


def test_a_thousand_attempts_at_one_question(give, enrollment, adding):
    made(enrollment, adding, 999, received_at=long_ago())
    assert give("4").attempt == 1_000
    with pytest.raises(Refused, match="1000 attempts"):
        give("5")
    assert give("4").attempt == 1_000
    assert Attempt.objects.count() == 1_000


def test_the_api_says_when_to_send_it_again(as_user, enrollment, adding):
    made(enrollment, adding, 30)
    data = {"answer": "4", "client_key": str(uuid.uuid4())}
    path = f"/api/questions/{adding.pk}/answers"
    refused = as_user(enrollment.user).post(path, data, content_type="application/json")
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert f"Wait {refused['Retry-After']} seconds" in refused.json()["detail"]


def test_the_page_without_scripts_says_it_too(as_user, enrollment, adding, page):
    made(enrollment, adding, 30)
    client, path = as_user(enrollment.user), f"/answer/{page.book.project}/{page.url}"
    data = {"label": adding.label, "answer": "4", "client_key": str(uuid.uuid4())}
    shown = client.post(path, data, follow=True).content.decode()
    assert "30 times within a minute" in shown


def test_earlier_attempts_are_found_by_indexes_and_not_loaded(give, enrollment, adding):
    made(enrollment, adding, 900, received_at=long_ago())
    with CaptureQueriesContext(connection) as asked:
        give("4")
    reading = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
    assert len(reading) == 1
    assert len(asked) <= 9  # with the two of the savepoint
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # cheaper for a table this small
        cursor.execute(f"{explain} {reading[0]}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "ix_attempt_enrollment_question" in plan
    assert "ix_attempt_enrollment_received" in plan
    assert not re.search(r"(SCAN|Seq Scan on) \"?grading_", plan), plan
