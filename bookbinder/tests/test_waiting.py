"""What waits for people: counted in the admin's head and on its first page, and told once a day."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts import waiting
from accounts.models import User
from annotations.models import Annotation
from bookbinder.site import periodic, waiting_letters
from bookbinder.tests.support.admin_pages import text_of
from books.models import Edition, Feedback, Page
from conftest import make_answer, make_feedback, make_note, make_override, make_user
from grading.models import Answer, Instructor

KINDS = {
    "1 answer to grade": "/admin/grading/answer/?waits=yes",
    "1 note to instructors": "/admin/annotations/sharednote/?audience__exact=instructors&amp;resolved_at__isempty=1",
    "1 new problem report": "/admin/annotations/problemreport/?status__exact=new",
    "1 edition to approve": "/admin/books/edition/?state__exact=planned",
    "1 page with conflicts": "/admin/books/page/?conflicts=open",
    "1 question with conflicts": "/admin/books/question/?conflicts=open",
}
OF_INSTRUCTORS = set(list(KINDS)[:2])
OF_AUTHORS = set(list(KINDS)[2:])


@pytest.fixture
def waits(adding, enrollment, sam, ada, course, page):
    """One of each kind."""
    make_answer(enrollment, adding, points=None)
    make_note(sam, page, "Why?", audience="instructors", course=course)
    make_note(
        sam, page, "Wrong!", motivation="editing", audience="authors", problem="error", status="new"
    )
    Edition.objects.create(folder="e1", project="tiny", state="planned", created_by=ada)
    Page.objects.filter(pk=page.pk).update(conflicts="title")
    feedback = make_feedback(adding, "4")
    Feedback.objects.filter(pk=feedback.pk).update(conflicts="reply,points")


def told(client, path="/admin/") -> set[str]:
    text = text_of(client.get(path))
    return {words for words, link in KINDS.items() if f'<a href="{link}">{words}</a>' in text}


@pytest.mark.parametrize(
    ("name", "kinds"), [("ines", OF_INSTRUCTORS), ("ada", OF_AUTHORS), ("root", set(KINDS))]
)
def test_each_person_is_told_what_waits_for_them_alone(as_user, request, waits, name, kinds):
    client = as_user(request.getfixturevalue(name))
    assert told(client) == kinds
    assert f"{len(kinds)} wait for you" in text_of(client.get("/admin/password_change/"))
    for words in kinds:
        listed = text_of(client.get(KINDS[words].replace("&amp;", "&")))
        assert re.search(r"\b1 result\b", listed), words


def test_people_of_other_courses_and_books_are_told_nothing(as_user, waits, other):
    ulla = make_user("ulla")
    Instructor.objects.create(course=other.courses.get(), user=ulla)
    client = as_user(ulla)
    assert told(client) == set()
    assert "wait" not in text_of(client.get("/admin/password_change/"))


def test_what_is_done_waits_no_more(as_user, waits, ines):
    make_override(Answer.objects.get(), 1)
    Annotation.objects.update(resolved_at=timezone.now())
    assert told(as_user(ines)) == set()


def test_test_students_and_those_who_have_left_wait_for_nobody(as_user, waits, ines, enrollment):
    for fields in ({"origin": "test"}, {"status": "ended"}):
        type(enrollment).objects.filter(pk=enrollment.pk).update(**fields)
        assert "1 answer to grade" not in told(as_user(ines))
        type(enrollment).objects.filter(pk=enrollment.pk).update(origin="free", status="active")


def test_a_letter_is_sent_once_and_again_when_something_has_come(waits, ines, sam, page, course):
    assert periodic.run("daily letters").message == "2 sent"  # ada has one too, sam runs nothing
    letter = next(letter for letter in mail.outbox if letter.to == [ines.email])
    assert "1 answer to grade: /admin/grading/answer/?waits=yes" in letter.body
    assert "1 note to instructors: /admin/" in letter.body
    assert "problem report" not in letter.body
    assert "Why?" not in letter.body and "Sam" not in letter.body
    mail.outbox.clear()
    assert waiting_letters.send_all() == 0
    User.objects.update(waiting_told_at=timezone.now() - timedelta(days=1))
    Answer.objects.update(answered_at=timezone.now() - timedelta(days=2))
    Annotation.objects.update(created_at=timezone.now() - timedelta(days=2))
    Edition.objects.update(touched_at=timezone.now() - timedelta(days=2))
    assert waiting_letters.send_all() == 0
    make_note(sam, page, "And why?", audience="instructors", course=course)
    assert waiting_letters.send_all() == 1
    assert "2 notes to instructors" in mail.outbox[0].body


def test_nobody_gets_a_letter_about_nothing(ines, ada, root):
    assert waiting_letters.send_all() == 0
    assert mail.outbox == []


def test_each_person_can_switch_the_letters_off(as_user, client, waits, ines, ada):
    waiting_letters.send_all()
    letter = next(letter for letter in mail.outbox if letter.to == [ines.email])
    stop = re.search(r"/accounts/daily-letters/\S+", letter.body)[0]
    assert letter.extra_headers["List-Unsubscribe"].endswith(f"{stop}>")
    assert client.get(stop).status_code == 200
    assert User.objects.get(pk=ines.pk).wants_waiting_letters  # a scanner's look ends nothing
    assert "no more daily e-mails" in text_of(client.post(stop))
    assert not User.objects.get(pk=ines.pk).wants_waiting_letters
    assert client.get("/accounts/daily-letters/1:wrong/").status_code == 404
    own = as_user(ines)
    assert "Send me daily e-mails" in text_of(own.get("/accounts/"))
    own.post("/accounts/daily-letters/", {"wants": "on"})
    assert User.objects.get(pk=ines.pk).wants_waiting_letters
    own.post("/accounts/daily-letters/")
    User.objects.update(waiting_told_at=None)
    mail.outbox.clear()
    waiting_letters.send_all()
    assert [letter.to for letter in mail.outbox] == [[ada.email]]


def test_students_are_offered_no_such_letters(as_user, sam, enrollment):
    assert "daily e-mail" not in text_of(as_user(sam).get("/accounts/"))


def test_counting_costs_one_query_a_kind(waits, root, django_assert_num_queries):
    with django_assert_num_queries(len(waiting._kinds)):
        waiting.for_person(root)
