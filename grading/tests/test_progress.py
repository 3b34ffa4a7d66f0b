"""Where a reader stopped, and how far they are, on the bookshelf and on the book's page."""

import pytest

from bookbinder.tests.support.admin_pages import text_of
from bookbinder.tests.support.answers_http import state
from books.models import Book
from conftest import enroll, make_answer, make_book, make_course, make_page, make_question
from grading.models import Enrollment

SHELF, BOOK = "/", "/books/tiny/"
STOPPED = "Continue where you stopped: Numbers"


@pytest.fixture
def read(enrollment, page):
    """The student has read the page."""
    enrollment.last_page = page
    enrollment.save()
    return enrollment


@pytest.mark.parametrize("path", [SHELF, BOOK])
def test_a_student_goes_on_where_they_stopped(as_user, sam, page, enrollment, path):
    client = as_user(sam)
    assert "where you stopped" not in text_of(client.get(path))
    state(client)
    text = text_of(client.get(path))
    assert STOPPED in text and 'href="/books/tiny/numbers.html"' in text


@pytest.mark.parametrize("path", [SHELF, BOOK])
def test_it_is_told_to_nobody_else(client, as_user, read, eve, ines, ada, root, course, path):
    assert "where you stopped" not in text_of(client.get(path))
    enroll(eve, course)
    for user in (eve, ines, ada, root):
        assert "where you stopped" not in text_of(as_user(user).get(path))


def test_it_ends_with_the_place_and_with_the_book(as_user, sam, read):
    client = as_user(sam)
    release = read.course.book.release
    Book.objects.update(release=None)
    assert "where you stopped" not in text_of(client.get(SHELF))
    Book.objects.update(release=release)
    Enrollment.objects.update(status="ended")
    for path in (SHELF, BOOK):
        assert "where you stopped" not in text_of(client.get(path))


def test_a_page_that_is_of_another_book_now_is_not_offered(as_user, sam, read, page):
    page.book = make_book("other")
    page.save()
    assert "where you stopped" not in text_of(as_user(sam).get(SHELF))


def test_who_ran_a_course_is_not_led_back_into_it(as_user, ines, page, course):
    client = as_user(ines)
    state(client)
    assert STOPPED in text_of(client.get(SHELF))
    course.instructors.all().delete()
    assert "where you stopped" not in text_of(client.get(SHELF))


def test_with_two_courses_each_leads_back_into_itself(as_user, sam, read, book, page):
    spring = enroll(sam, make_course(book, "Spring"), last_page=make_page(book, "words"))
    text = text_of(as_user(sam).get(SHELF))
    assert f'href="/books/tiny/numbers.html?course={read.course_id}"' in text
    assert f'href="/books/tiny/words.html?course={spring.course_id}"' in text


def test_a_book_shows_how_far_a_student_is(client, as_user, sam, enrollment, adding, page, eve):
    make_question(page, "other", points_possible="0.5", index=1)
    make_answer(enrollment, adding, points="1.25")
    assert "answered" not in text_of(client.get(BOOK))
    text = text_of(as_user(sam).get(BOOK))
    assert "1 of 2 questions answered, 1.25 of 2.5 points." in text
    assert "answered" not in text_of(as_user(eve).get(BOOK))


def test_a_book_without_questions_shows_no_figures(as_user, sam, page):
    assert "answered" not in text_of(as_user(sam).get(BOOK))


@pytest.mark.parametrize("path", [SHELF, BOOK])
def test_pages_cost_no_more_with_more_courses(
    as_user, sam, read, book, path, django_assert_num_queries
):
    client = as_user(sam)
    client.get(path)
    counts = []
    for number in range(2):
        for name in range(number * 5):
            enroll(sam, make_course(book, f"C{name}"), last_page=read.last_page)
        with django_assert_num_queries(counts[0] if counts else 6 + 2 * (path == BOOK)) as found:
            client.get(path)
        counts.append(len(found))
