"""Lists of the admin: what they cost, what they are filtered by, and where they lead."""

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bookbinder.tests.support.admin_pages import change_form, changelist, text_of
from books.models import Book, Page, Question
from conftest import (
    enroll,
    make_answer,
    make_course,
    make_feedback,
    make_page,
    make_question,
    make_user,
)
from grading.models import Answer, Attempt, Course, Enrollment, Instructor, Interactive


def test_the_way_to_a_rows_page_is_for_who_sees_the_row(as_user, ines, course, other):
    kind = ContentType.objects.get_for_model(Course)
    client, theirs = as_user(ines), Course.objects.get(name="Other course")
    assert client.get(f"/admin/r/{kind.pk}/{course.pk}/").url == course.get_absolute_url()
    assert client.get(f"/admin/r/{kind.pk}/{theirs.pk}/").status_code == 404
    assert client.get(f"/admin/r/{10**6}/1/").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["string__regex=(", "string__startswith=a", "enrollment__user__password__startswith=p",
     "enrollment__user__email__contains=s", "answered_at__year=99999", "course=x"],
)  # fmt: skip
def test_lists_are_filtered_by_what_they_offer_alone(as_user, ines, adding, enrollment, query):
    make_answer(enrollment, adding)
    response = as_user(ines).get(f"{changelist(Answer)}?{query}")
    assert response.status_code in (302, 400)


def fill(book, course, count: int) -> None:
    for number in range(count):
        page = make_page(book, f"p{book.pages.count()}")
        question = make_question(page, f"q{number}", grader="text")
        make_feedback(question, "a")
        make_course(book, f"C{number}")
        user = make_user(f"u{book.pages.count()}")
        enrollment = enroll(user, course)
        make_answer(enrollment, question)
        Attempt.objects.create(enrollment=enrollment, question=question, string="x")
        Instructor.objects.create(course=course, user=user)
        Interactive.objects.create(course=course, question=question)


@pytest.mark.parametrize("name", ["root", "ines", "ada"])
def test_no_page_costs_a_query_per_row(as_user, request, book, page, course, adding, name):
    client = as_user(request.getfixturevalue(name))

    def queries() -> dict[str, int]:
        counts = {}
        paths = [changelist(model) for model in admin.site._registry]
        paths += [change_form(row) for row in (book, page, adding, course)]
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            counts[path] = len(captured)
        return counts

    fill(book, course, 4)
    queries()
    few = queries()
    fill(book, course, 8)
    assert queries() == few


@pytest.mark.parametrize("model", [Book, Page, Question, Course, Enrollment, Answer, User])
def test_every_list_can_be_searched(as_user, root, adding, enrollment, model):
    make_answer(enrollment, adding)
    client = as_user(root)
    assert "0 " in text_of(client.get(changelist(model), {"q": "no such thing"}))
