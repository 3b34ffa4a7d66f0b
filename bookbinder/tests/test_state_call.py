"""What the state call tells beside the answers: progress, what is next, where one stopped, texts."""

import pytest
from django.db import DatabaseError
from django.utils.translation import gettext_lazy

from bookbinder.site import reader_texts
from bookbinder.tests.support.answers_http import post, state
from books.models import Page
from conftest import (
    enroll,
    make_answer,
    make_book,
    make_course,
    make_feedback,
    make_override,
    make_page,
    make_question,
    make_user,
)
from grading.models import Answer, Enrollment, Interactive


@pytest.fixture
def student(as_user, sam):
    return as_user(sam)


@pytest.fixture
def pages(book, page, adding):
    """Three pages: numbers (adding), words (verbs, nouns), and one without questions."""
    page.position = 1
    page.save()
    words = make_page(book, "words", position=2)
    make_question(words, "verbs", index=0, points_possible=3)
    make_question(words, "nouns", index=1)
    make_page(book, "front", position=0)
    noise = make_page(make_book("noise"), "noise", position=1)
    make_question(noise, "noise")
    return Page.objects.filter(book=book)


def tell(client, path="tiny/numbers", **query):
    return state(client, path, **query).json()


def question(label):
    return Page.objects.get(questions__label=label).questions.get(label=label)


def test_progress_counts_the_whole_book(student, pages, enrollment):
    assert tell(student)["progress"] == {
        "answered": 0,
        "questions": 3,
        "points": 0.0,
        "points_possible": 7.0,
    }
    post(student, question("adding"), "4")
    make_override(make_answer(enrollment, question("verbs"), points=1), "2.5")
    make_answer(enrollment, question("nouns"), points=None)
    found = tell(student)["progress"]
    assert (found["answered"], found["points"]) == (3, 4.5)


def test_what_the_course_switched_off_is_no_progress_and_never_next(
    student, pages, enrollment, course, book
):
    other = make_course(book, "Other")
    Interactive.objects.create(course=other, question=question("nouns"), enabled=False)
    Interactive.objects.create(course=course, question=question("verbs"), enabled=False)
    make_answer(enrollment, question("verbs"), points=3)
    found = tell(student)
    assert found["progress"] == {
        "answered": 0,
        "questions": 2,
        "points": 0.0,
        "points_possible": 4.0,
    }
    assert found["next"] == {"title": "Words", "url": "/books/tiny/words.html#nouns"}


def test_classmates_answers_are_not_mine(student, pages, course):
    make_answer(enroll(make_user("cleo"), course), question("verbs"))
    found = tell(student)
    assert (found["progress"]["answered"], found["next"]["url"]) == (
        0,
        "/books/tiny/words.html#verbs",
    )


def test_next_wraps_round_to_the_start_and_ends(student, pages, enrollment):
    assert tell(student, "tiny/words")["next"]["url"] == "/books/tiny/numbers.html#adding"
    assert tell(student, "tiny/front")["next"]["url"] == "/books/tiny/numbers.html#adding"
    make_answer(enrollment, question("verbs"))
    assert tell(student)["next"]["url"] == "/books/tiny/words.html#nouns"
    make_answer(enrollment, question("nouns"))
    # This page's own is before one's eyes.
    assert tell(student)["next"] is None
    make_answer(enrollment, question("adding"))
    assert tell(student, "tiny/front")["next"] is None


def test_without_a_place_there_is_no_progress(client, as_user, eve, pages):
    pages.update(access="public")
    for ask in (client, as_user(eve)):
        found = tell(ask)
        assert (found["progress"], found["next"], found["resume"]) == (None, None, None)
    assert found["user_pk"] == eve.pk and not Enrollment.objects.exists()


def test_nobody_has_no_number(client, pages, sam):
    pages.update(access="public")
    assert tell(client)["user_pk"] is None


def test_a_person_may_go_on_where_they_stopped(student, pages, enrollment):
    assert tell(student)["resume"] is None
    assert tell(student)["resume"] is None
    assert tell(student, "tiny/words")["resume"] == {
        "title": "Numbers",
        "url": "/books/tiny/numbers.html",
    }
    assert tell(student)["resume"]["title"] == "Words"


def test_a_bookmark_is_the_places_own(student, pages, enrollment, sam, book, course):
    spring = enroll(sam, make_course(book, "Spring"))
    tell(student, course=course.pk)
    tell(student, "tiny/words", course=spring.course_id)
    assert tell(student, "tiny/front", course=course.pk)["resume"]["title"] == "Numbers"
    assert tell(student, "tiny/front", course=spring.course_id)["resume"]["title"] == "Words"


def test_a_bookmark_is_written_once_a_page(student, pages, enrollment, monkeypatch):
    tell(student)
    monkeypatch.setattr(type(Enrollment.objects.all()), "update", lambda *a, **b: 1 / 0)
    assert tell(student)["resume"] is None


def test_a_bookmark_that_cannot_be_written_is_no_error(student, pages, enrollment, monkeypatch):
    def locked(*args, **over):
        raise DatabaseError("database is locked")

    monkeypatch.setattr(type(Enrollment.objects.all()), "update", locked)
    assert state(student).status_code == 200


def test_a_bookmark_goes_with_its_page(student, pages, enrollment):
    tell(student, "tiny/words")
    Page.objects.get(url="words").delete()
    enrollment.refresh_from_db()
    assert enrollment.last_page is None and tell(student)["resume"] is None


def test_a_question_tells_its_version_and_how_often_it_was_tried(student, adding):
    def one():
        return tell(student)["questions"][0]

    first = one()
    assert (len(first["version"]), first["attempts"]) == (16, 0)
    post(student, adding, "5")
    post(student, adding, "6")
    assert (one()["version"], one()["attempts"]) == (first["version"], 2)
    type(adding).objects.update(fingerprint="f" * 64)
    second = one()["version"]
    type(adding).objects.update(points_possible=5)
    assert len({first["version"], second, one()["version"]}) == 3


def test_a_version_cannot_be_made_without_the_sites_secret(adding, settings):
    before = adding.version
    settings.SECRET_KEY = "another"
    assert adding.version != before and adding.fingerprint[:16] != before


def test_the_texts_come_in_the_language_of_the_page(client, page, monkeypatch):
    page.access = "public"
    page.save()
    # A text that Django itself has in every language.
    text = gettext_lazy("This field is required.")
    monkeypatch.setattr(reader_texts, "TEXTS", {"required": text})

    def asked(language: str) -> str:
        path, headers = "/api/state/tiny/numbers", {"Accept-Language": language}
        return client.get(path, headers=headers).json()["texts"]["required"]

    assert asked("en") == asked("fi") == "This field is required."
    assert asked("de") == "Dieses Feld ist zwingend erforderlich."


def fill(page, count):
    for number in range(count):
        label, options = f"q{page.questions.count()}", {"multiple": bool(number % 2), "try": True}
        one = make_question(page, label, grader="choice", options=options)
        for key in ("a", "b", "c"):
            make_feedback(one, key, key=key, points=2)


def answer_all(page, user):
    enrollment = Enrollment.objects.filter(user=user).first()
    for one in page.questions.all() if enrollment else ():
        string = '["a", "b"]' if one.is_multiple else "a"
        feedback = one.feedback.first()
        fields = {"string": string, "points": 2, "feedback": feedback}
        Answer.objects.get_or_create(enrollment=enrollment, question=one, defaults=fields)


def queries(django_assert_num_queries, client, number, **over):
    with django_assert_num_queries(number):
        return tell(client, "tiny/words", **over)


@pytest.mark.parametrize(
    ("name", "most"), [(None, 2), ("eve", 7), ("sam", 6), ("ines", 6), ("ada", 6)]
)
def test_the_states_queries_are_few_and_do_not_grow(
    request, client, as_user, pages, course, name, most, django_assert_num_queries
):
    user = request.getfixturevalue(name) if name else None
    if user:
        as_user(user)
    pages.update(access="public")
    course.attempt_limit = 5
    course.save()
    words = Page.objects.get(url="words")
    tell(client)  # makes a test student's place
    for count in (10, 20):
        fill(words, 10)
        fill(Page.objects.get(url="front"), 10)
        if user:
            answer_all(words, user)
        tell(client)
        # One more to write the bookmark, where there is a place: eight are the most.
        found = queries(django_assert_num_queries, client, most + (most == 6))
        assert len(found["questions"]) == count + 2
        assert queries(django_assert_num_queries, client, most) == found | {"resume": None}


def test_another_course_is_chosen_at_no_query_more(
    student, pages, enrollment, sam, book, django_assert_num_queries
):
    enroll(sam, make_course(book, "Spring"))
    found = queries(django_assert_num_queries, student, 7, course=enrollment.course_id)
    assert found["course"]["name"] == "Autumn"
    assert queries(django_assert_num_queries, student, 6)["course"]["name"] == "Autumn"


def test_the_bar_of_search_results_is_that_of_the_book(client, student, pages, enrollment, book):
    post(student, question("adding"), "4")
    tell(student)
    told = student.get("/api/bar/tiny").json()
    assert (told["book"], told["book_url"]) == (book.title, "/books/tiny/")
    assert told["course"]["pk"] == enrollment.course_id
    assert told["progress"]["answered"] == 1
    assert told["resume"]["url"] == "/books/tiny/numbers.html"
    client.logout()
    told = client.get("/api/bar/tiny").json()
    assert (told["user"], told["course"], told["courses"]) == (None, None, [])
    assert told["texts"]["sign_in"] == "Sign in"
    assert client.get("/api/bar/nothing").status_code == 404


def test_the_bar_of_several_books_leads_to_all_of_them(student, pages):
    make_book("algebra", project="tiny", url="algebra")
    told = student.get("/api/bar/tiny").json()
    assert (told["book_url"], told["course"], told["progress"]) == ("/books/tiny/", None, None)
