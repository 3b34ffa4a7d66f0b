"""Pages of the site: bookshelf, book, joining, and answering without JavaScript."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from conftest import make_answer, make_book, make_course, make_feedback, make_page, make_question
from grading.models import Answer, Attempt, Enrollment, Interactive


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_bookshelf_shows_published_books_to_anyone(client, book):
    make_book("gone", release=None)
    make_book("free", url="")
    text = text_of(client.get("/"))
    assert "Tiny" in text and "Gone" not in text and "Free" not in text


def test_the_bookshelf_shows_my_courses(as_user, sam, book):
    make_course(book, "Not mine")
    text = text_of(as_user(sam).get("/"))
    assert "Autumn" in text and "Not mine" not in text


def test_a_book_shows_its_contents_and_the_courses_that_are_open(client, book, page, course):
    make_page(book, "front", title="Front page", access="public", index=2)
    make_course(book, "Closed one", closes_at=timezone.now() - timedelta(days=1))
    text = text_of(client.get("/books/tiny/"))
    assert "Autumn" in text and "Closed one" not in text
    assert 'href="/books/tiny/front.html"' in text
    assert 'href="/books/tiny/numbers.html"' not in text and "Numbers" in text


def test_a_students_book_links_every_page(as_user, sam, page):
    assert 'href="/books/tiny/numbers.html"' in text_of(as_user(sam).get("/books/tiny/"))


def test_a_project_of_several_books_shows_them(client, db):
    algebra = make_book("maths", url="algebra", title="Algebra")
    make_book("maths2")
    geometry = make_book("maths3", url="geometry", title="Geometry")
    free = make_book("maths4", url="", title="Maths")
    for one in (geometry, free):
        one.project = "maths"
        one.save()
    make_page(free, "about", title="About", access="public")
    text = text_of(client.get("/books/maths/"))
    assert 'href="/books/maths/algebra/"' in text and "Geometry" in text
    assert 'href="/books/maths/about.html"' in text
    assert "Algebra" in text_of(client.get(algebra.get_absolute_url()))


@pytest.mark.parametrize("path", ["/books/nothing/", "/books/tiny/none/", "/join/nocode/"])
def test_what_does_not_exist_is_a_404_without_a_traceback(client, book, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "Traceback" not in response.content.decode()


def test_a_join_code_leads_to_the_courses_page(client, course):
    assert (
        client.get("/join/", {"code": f" {course.join_code.upper()} "}).url
        == f"/join/{course.join_code}/"
    )
    response = client.get("/join/", {"code": "wrong"}, follow=True)
    assert "No course has this join code" in text_of(response)


def test_a_get_enrols_nobody_and_the_button_does(as_user, eve, course):
    client, path = as_user(eve), course.get_absolute_url()
    assert "Join this course" in text_of(client.get(path))
    assert not Enrollment.objects.exists()
    text = text_of(client.post(path, follow=True))
    assert "You have joined Autumn." in text
    assert Enrollment.objects.get().user == eve
    assert "You are enrolled in this course" in text_of(client.get(path))


def test_nobody_is_asked_to_sign_in_before_joining(client, course):
    path = course.get_absolute_url()
    assert f"/accounts/signup/?next={path}" in text_of(client.get(path))
    assert client.post(path).url.startswith("/accounts/login/")
    assert not Enrollment.objects.exists()


def test_a_paid_course_leads_to_buying_a_place(as_user, eve, book):
    course = make_course(book, "Paid", price=900)
    client = as_user(eve)
    for path in (course.get_absolute_url(), book.get_absolute_url()):
        assert f"/billing/buy/{course.pk}/" in text_of(client.get(path))
    assert "Enroll: $9.00" in text_of(client.get(book.get_absolute_url()))
    client.post(course.get_absolute_url())
    assert not Enrollment.objects.exists()


ANSWER = "/answer/tiny/numbers"
CLOSES = "Closes March 1, 2100, 1:59 a.m. (Europe/Helsinki)"


def set_dates(course, **dates) -> None:
    type(course).objects.filter(pk=course.pk).update(time_zone="Europe/Helsinki", **dates)


def test_closing_time_stands_where_students_look_in_the_zone_of_the_course(
    as_user, sam, course, book, page
):
    set_dates(course, closes_at=datetime(2100, 2, 28, 23, 59, tzinfo=UTC))
    client = as_user(sam)
    for path in ("/", book.get_absolute_url()):
        assert CLOSES in text_of(client.get(path))
    state = client.get("/api/state/tiny/numbers").json()["course"]
    assert (state["dates"], state["is_open"]) == (CLOSES, True)


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        ({"closes_at": datetime(2026, 1, 1, tzinfo=UTC)}, "Closed since Jan. 1, 2026, 2 a.m."),
        ({"opens_at": datetime(2100, 7, 1, tzinfo=UTC)}, "Opens July 1, 2100, 3 a.m."),
    ],
)
def test_a_question_of_a_course_that_is_not_open_says_so_first(
    as_user, sam, course, adding, dates, told
):
    set_dates(course, **dates)
    client = as_user(sam)
    text = text_of(client.get(ANSWER))
    assert f"Your course is not open now. {told} (Europe/Helsinki)" in text
    assert "Send this answer" not in text
    state = client.get("/api/state/tiny/numbers").json()["course"]
    assert state["dates"].startswith(told) and not state["is_open"]


def test_without_an_enrollment_the_answer_page_leads_to_the_courses(as_user, eve, adding, book):
    adding.page.access = "public"
    adding.page.save()
    client = as_user(eve)
    for send in (client.get, client.post):
        response = send(ANSWER)
        assert response.url == f"{book.get_absolute_url()}#courses"
        assert "Join a course of this book to answer." in text_of(client.get(response.url))


def test_without_javascript_a_get_shows_the_answer_and_keeps_nothing(as_user, sam, adding):
    text = text_of(as_user(sam).get(ANSWER, {"label": "adding", "answer": "4"}))
    assert 'value="4"' in text and "csrfmiddlewaretoken" in text
    assert not Attempt.objects.exists()


def test_without_javascript_a_post_answers_and_shows_the_reply(as_user, sam, adding):
    data = {"label": "adding", "answer": "4", "client_key": str(uuid.uuid4())}
    client = as_user(sam)
    for _again in range(2):
        text = text_of(client.post(ANSWER, data, follow=True))
    assert "<strong>Correct.</strong> 2 of 2 points" in text and "<p>About 4.</p>" in text
    assert Attempt.objects.count() == 1
    assert "2 of 2 points" in text_of(client.get(ANSWER))


def test_without_javascript_a_wrong_answer_without_feedback_is_said_to_be_wrong(
    as_user, sam, adding
):
    adding.feedback.all().delete()
    data = {"label": "adding", "answer": "5", "client_key": str(uuid.uuid4())}
    text = text_of(as_user(sam).post(ANSWER, data, follow=True))
    assert "<strong>Incorrect.</strong> 0 of 2 points" in text


def test_without_javascript_choices_are_ticked(as_user, sam, page):
    question = make_question(page, "primes", grader="choice", options={"multiple": True})
    for key, points in (("a", 2), ("b", 2), ("c", 0)):
        make_feedback(question, f"choice {key}", key=key, points=points)
    client = as_user(sam)
    text = text_of(client.get(ANSWER, {"label": "primes", "answer": ["a", "b"]}))
    assert text.count(" checked") == 2
    data = {"label": "primes", "answer": ["a", "b"], "client_key": str(uuid.uuid4())}
    text = text_of(client.post(ANSWER, data, follow=True))
    assert "2 of 2 points" in text and "<strong>choice a; choice b</strong>" in text


def test_what_a_student_wrote_is_escaped(as_user, sam, adding):
    adding.grader = "text"
    adding.save()
    data = {"label": "adding", "answer": "<script>x</script>", "client_key": str(uuid.uuid4())}
    text = text_of(as_user(sam).post(ANSWER, data, follow=True))
    assert "<script>x" not in text and "&lt;script&gt;x" in text


@pytest.mark.parametrize(
    "data",
    [
        {"label": "adding", "answer": ""},
        {"label": "adding", "answer": "4", "client_key": "no uuid"},
        {"label": "adding"},
    ],
)
def test_without_javascript_a_bad_answer_says_why(as_user, sam, adding, data):
    data = {"client_key": str(uuid.uuid4())} | data
    text = text_of(as_user(sam).post(ANSWER, data, follow=True))
    assert 'class="error"' in text
    assert not Attempt.objects.exists()


def test_without_javascript_the_rights_are_the_same(client, as_user, adding, eve, sam):
    assert client.get(ANSWER).url.startswith("/accounts/login/")
    data = {"label": "adding", "answer": "4", "client_key": str(uuid.uuid4())}
    assert as_user(eve).post(ANSWER, data).status_code == 404
    assert as_user(eve).get(ANSWER).status_code == 404
    assert as_user(sam).get(ANSWER, {"label": "other"}).status_code == 404
    assert not Answer.objects.exists()


def test_without_javascript_a_switched_off_question_says_so(as_user, sam, adding, course):
    Interactive.objects.create(course=course, question=adding, enabled=False)
    text = text_of(as_user(sam).get(ANSWER))
    assert "switched off" in text and "Send this answer" not in text


def test_without_javascript_only_choices_can_be_chosen(as_user, sam, adding):
    """An answer foreseen may have a key too, and is no choice."""
    adding.feedback.filter(answer="4").update(key="secret-key")
    make_feedback(adding, "five", key="other", index=2)
    text = text_of(as_user(sam).get(ANSWER))
    assert "secret-key" not in text and "five" not in text
    assert 'type="radio"' not in text and '<input id="answer-' in text
    # Whatever its options say.
    adding.options = {"multiple": True}
    adding.save()
    Attempt.objects.create(
        enrollment=sam.enrollments.get(), question=adding, string='["secret-key", "other"]'
    )
    make_answer(sam.enrollments.get(), adding, '["secret-key", "other"]')
    for address in (ANSWER, "/api/state/tiny/numbers", f"/api/questions/{adding.pk}/attempts"):
        text = text_of(as_user(sam).get(address))
        assert "About" not in text and "five" not in text
