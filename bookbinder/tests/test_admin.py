"""The admin as each person sees it."""

import csv
import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import User
from bookbinder.tests.support.admin_pages import (
    change_form,
    changelist,
    course_data,
    feedback_data,
    text_of,
)
from books.models import Author, Book, Feedback, Page, Question
from conftest import (
    make_answer,
    make_course,
    make_feedback,
)
from grading.models import Answer, Attempt, Course, Enrollment, Interactive, Invitation

SECRETS = ("Other book", "Secret page", "secretq", "Other course", "Otherperson", "secret string")
OURS = (Book, Page, Question, Course, Enrollment, Answer, Attempt)


@pytest.mark.parametrize("name", [None, "eve", "sam"])
def test_who_is_no_staff_does_not_come_in(client, as_user, request, course, name):
    if name:
        as_user(request.getfixturevalue(name))
    for path in ("/admin/", changelist(Course), changelist(Answer), changelist(User)):
        assert client.get(path).status_code in (302, 403)


def test_people_sign_in_to_the_admin_as_everywhere_else(client, db):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", ["ines", "ada"])
def test_each_sees_their_own_alone(as_user, request, adding, enrollment, other, name):
    make_answer(enrollment, adding)
    client = as_user(request.getfixturevalue(name))
    text_of(client.get("/admin/"))
    for model in OURS:
        response = client.get(changelist(model))
        assert response.status_code in (200, 403)
        for secret in SECRETS:
            assert secret not in response.content.decode(), (model, secret)


def test_an_instructor_reaches_no_row_of_another_course(as_user, ines, other):
    client = as_user(ines)
    for row in (other, Page.objects.get(url="secret"), Course.objects.get(name="Other course"),
                Enrollment.objects.get(course__name="Other course"), Answer.objects.get()):  # fmt: skip
        response = client.get(change_form(row))
        assert response.status_code in (302, 403)


def test_an_instructor_sees_the_roster_and_the_answers_of_the_course(
    as_user, ines, adding, enrollment
):
    make_answer(enrollment, adding, "four")
    client = as_user(ines)
    assert "Autumn" in text_of(client.get(changelist(Course)))
    assert "sam@example.org" in text_of(client.get(changelist(Enrollment)))
    assert "four" in text_of(client.get(changelist(Answer)))
    assert client.get(changelist(Book)).status_code == 403
    assert client.get(changelist(User)).status_code == 403


def test_an_author_sees_no_student(as_user, ada, adding, enrollment):
    make_answer(enrollment, adding, "four")
    client = as_user(ada)
    assert "Tiny" in text_of(client.get(changelist(Book)))
    assert "Autumn" in text_of(client.get(changelist(Course)))
    for model in (Enrollment, Answer, Attempt, User):
        assert client.get(changelist(model)).status_code == 403
    assert "sam@" not in text_of(client.get(change_form(enrollment.course)))


def test_an_instructor_changes_the_course_and_not_its_price_or_book(as_user, ines, course, other):
    initial = {"instructors-TOTAL_FORMS": 1, "instructors-INITIAL_FORMS": 1,
               "instructors-0-id": ines.instructorships.get().pk, "instructors-0-course": course.pk}  # fmt: skip
    data = course_data(course, name="Winter", price=0, book=other.pk, **initial)
    response = as_user(ines).post(change_form(course), data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    course.refresh_from_db()
    assert (course.name, course.price, course.book.project) == ("Winter", None, "tiny")


def test_an_author_makes_a_course_and_appoints_its_instructor(as_user, ada, book, other):
    client, path = as_user(ada), reverse("admin:grading_course_add")
    form = text_of(client.get(path))
    assert "Tiny" in form and "Other book" not in form
    data = {
        "name": "New one", "book": book.pk, "time_zone": "Europe/Helsinki", "price": "",
        "attempts_policy": "latest", "course_notes": "named",
        "invitations-TOTAL_FORMS": 1, "invitations-INITIAL_FORMS": 0,
        "invitations-0-email": "EVE@example.org",
    }  # fmt: skip
    assert client.post(path, data | {"book": other.pk}).status_code == 200
    response = client.post(path, data)
    assert response.status_code == 302, response.context["errors"]
    invitation = Course.objects.get(name="New one").invitations.get()
    assert (invitation.email, invitation.role) == ("eve@example.org", "instructor")


def test_an_author_may_appoint_themselves_at_once(as_user, ada, book):
    ada.emailaddress_set.create(email=ada.email, verified=True, primary=True)
    data = {
        "name": "Mine", "book": book.pk, "time_zone": "UTC", "price": "",
        "attempts_policy": "latest", "course_notes": "named",
        "invitations-TOTAL_FORMS": 1, "invitations-INITIAL_FORMS": 0,
        "invitations-0-email": ada.email,
    }  # fmt: skip
    as_user(ada).post(reverse("admin:grading_course_add"), data)
    assert Course.objects.get().instructors.get().user == ada


def test_an_author_appoints_the_first_instructor_and_no_further(as_user, ada, course, adding, ines):
    existing = {"instructors-TOTAL_FORMS": 1, "instructors-INITIAL_FORMS": 1,
                "instructors-0-id": ines.instructorships.get().pk,
                "instructors-0-course": course.pk, "instructors-0-DELETE": "on"}  # fmt: skip
    mine = {"invitations-TOTAL_FORMS": 1, "invitations-0-email": "ada@example.org"}
    client = as_user(ada)
    client.post(change_form(course), course_data(course, price="", **existing, **mine))
    assert [one.user for one in course.instructors.all()] == [ines]
    assert not course.invitations.exists()
    assert client.get(changelist(Answer)).status_code == 403


@pytest.mark.parametrize("emails", [["ines@example.org"], ["eve@example.org", "EVE@example.org"]])
def test_nobody_is_appointed_twice(as_user, ines, course, eve, emails):
    extra = {"invitations-TOTAL_FORMS": len(emails)}
    extra |= {f"invitations-{n}-email": email for n, email in enumerate(emails)}
    response = as_user(ines).post(change_form(course), course_data(course, **extra))
    assert "errorlist" in text_of(response)
    assert not course.invitations.exists()


def test_a_join_code_is_drawn_and_never_chosen(as_user, ines, course, other):
    theirs = Course.objects.get(name="Other course")
    before = course.join_code, theirs.join_code
    client = as_user(ines)
    client.post(change_form(course), course_data(course, join_code="autumn"))
    course.refresh_from_db()
    assert course.join_code == before[0]
    action = {"action": "draw_join_codes", "_selected_action": [course.pk, theirs.pk]}
    client.post(changelist(Course), action)
    course.refresh_from_db(), theirs.refresh_from_db()
    assert course.join_code != before[0] and theirs.join_code == before[1]


def test_an_instructor_cannot_make_a_course(as_user, ines):
    assert as_user(ines).get(reverse("admin:grading_course_add")).status_code == 403


def test_appointing_tells_nothing_of_who_has_an_account(as_user, ines, course, eve):
    emails = ("eve@example.org", "nobody@example.org")
    extra = {"invitations-TOTAL_FORMS": 2}
    extra |= {f"invitations-{n}-email": email for n, email in enumerate(emails)}
    client = as_user(ines)
    response = client.post(change_form(course), course_data(course, **extra))
    assert response.status_code == 302, response.context["errors"]
    rows = course.invitations.values_list("email", "role", "accepted_at")
    assert sorted(rows) == [(email, "instructor", None) for email in emails]
    assert course.instructors.count() == 1
    listed = text_of(client.get(changelist(Invitation)))
    assert all(email in listed for email in emails) and "Eve" not in listed


def test_an_instructor_switches_a_question_off(as_user, ines, course, adding, other):
    secret = Question.objects.get(label="secretq")
    extra = {"interactives-2-TOTAL_FORMS": 1, "interactives-2-0-question": adding.pk}
    client = as_user(ines)
    wrong = course_data(course, **extra | {"interactives-2-0-question": secret.pk})
    assert client.post(change_form(course), wrong).status_code == 200
    response = client.post(change_form(course), course_data(course, **extra))
    assert response.status_code == 302, response.context["errors"]
    switch = Interactive.objects.get()
    assert (switch.question, switch.enabled, switch.provide_feedback) == (adding, False, False)


def test_questions_to_switch_off_are_searched_among_ones_own(as_user, ines, adding, other):
    client = as_user(ines)
    query = {"app_label": "grading", "model_name": "interactive", "field_name": "question"}
    found = client.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [one["text"] for one in found] == ["adding"]


def test_an_instructor_does_not_see_the_key(as_user, ines, adding):
    text = text_of(as_user(ines).get(change_form(adding)))
    assert "About 4." not in text and 'name="feedback-0-answer"' not in text


def test_the_history_is_for_who_may_change_the_row(as_user, ada, ines, adding):
    """It names the answers that were foreseen, which the page hides from an instructor."""
    rows = [{"answer": one.answer, "points": "1", "text": "x"} for one in adding.feedback.all()]
    assert as_user(ada).post(change_form(adding), feedback_data(adding, *rows)).status_code == 302
    history = reverse("admin:books_question_history", args=(adding.pk,))
    assert "“4”" in text_of(as_user(ada).get(history))
    assert history in text_of(as_user(ada).get(change_form(adding)))
    assert as_user(ines).get(history).status_code == 403
    assert history not in text_of(as_user(ines).get(change_form(adding)))


def test_an_author_edits_feedback_beside_its_question(as_user, ada, adding):
    Feedback.objects.update(origin="source", markup="sphinx", text="About.", source_text="About.")
    rows = [
        {"answer": "4", "points": "1.5", "text": "**Well** <script>x</script>"},
        {"answer": "*", "points": "0", "text": "About \\*."},
        {"answer": "5 +- 0.1", "points": "0.5", "text": "Nearly."},
    ]
    response = as_user(ada).post(change_form(adding), feedback_data(adding, *rows))
    assert response.status_code == 302, response.context["errors"]
    first, rest, added = adding.feedback.order_by("pk")
    assert (first.points, first.markup, first.source_text) == (Decimal("1.5"), "md", "About.")
    assert "<strong>Well</strong>" in first.feedback and "<script" not in first.feedback
    assert (rest.markup, rest.feedback) == ("sphinx", "<p>About *.</p>")
    assert (added.origin, added.feedback, added.source_answer) == ("admin", "<p>Nearly.</p>", None)


def test_a_reply_that_nobody_touched_stays_as_it_is(as_user, ada, adding):
    html = "<p>One.</p><p>Two.</p>"
    Feedback.objects.update(markup="sphinx", text="One.\n\nTwo.", feedback=html)
    rows = [{"answer": answer, "points": "1", "text": "One.\r\n\r\nTwo."} for answer in ("4", "*")]
    response = as_user(ada).post(change_form(adding), feedback_data(adding, *rows))
    assert response.status_code == 302, response.context["errors"]
    assert {one.markup for one in adding.feedback.all()} == {"sphinx"}
    assert {one.feedback for one in adding.feedback.all()} == {html}


def test_a_form_that_was_open_meanwhile_changes_nothing(as_user, ada, adding):
    client = as_user(ada)
    page = text_of(client.get(change_form(adding)))
    seen = re.findall(r'name="feedback-\d+-seen" value="(\w+)"', page)
    first = adding.feedback.order_by("index", "pk")[0]
    Feedback.objects.filter(pk=first.pk).update(text="Mended.", source_text="Mended.")
    rows = [
        {"answer": answer, "points": "1", "text": "Old.", "seen": mark}
        for answer, mark in zip(("4", "*"), seen, strict=True)
    ]
    assert "changed meanwhile" in text_of(
        client.post(change_form(adding), feedback_data(adding, *rows))
    )
    first.refresh_from_db()
    assert (first.text, first.points) == ("Mended.", 2)


def test_an_answer_that_the_grader_cannot_read_is_refused(as_user, ada, adding):
    rows = [
        {"answer": "four", "points": "2", "text": "x"},
        {"answer": "*", "points": "0", "text": "x"},
    ]
    response = as_user(ada).post(change_form(adding), feedback_data(adding, *rows))
    assert "This answer is not a number" in text_of(response)
    assert adding.feedback.order_by("pk").first().answer == "4"


def test_a_choice_keeps_its_text_and_cannot_be_added(as_user, ada, adding):
    adding.grader = "choice"
    adding.save()
    Feedback.objects.all().delete()
    make_feedback(adding, "Turku", key="t")
    rows = [{"answer": "Changed", "points": "1", "text": "Yes"}, {"answer": "New", "points": "1"}]
    as_user(ada).post(change_form(adding), feedback_data(adding, *rows))
    one = adding.feedback.get()
    assert (one.answer, one.points, one.text) == ("Turku", 1, "Yes")


def test_an_author_changes_title_order_and_price(as_user, ada, book, page):
    client = as_user(ada)
    nothing = {f"{prefix}-{name}_FORMS": 0 for prefix in ("authors", "pages", "questions")
               for name in ("TOTAL", "INITIAL")}  # fmt: skip
    assert (
        client.post(change_form(book), {"title": "Huge", "price": 900} | nothing).status_code == 302
    )
    assert (
        client.post(change_form(page), {"title": "Sums", "index": 7} | nothing).status_code == 302
    )
    book.refresh_from_db()
    page.refresh_from_db()
    assert (book.title, book.price, page.title, page.index) == ("Huge", 900, "Sums", 7)


@pytest.mark.parametrize("name", ["ada", "ines", "root"])
def test_answers_are_read_only_for_everybody(as_user, request, adding, enrollment, name):
    answer = make_answer(enrollment, adding)
    client = as_user(request.getfixturevalue(name))
    assert client.post(change_form(answer), {"string": "changed"}).status_code == 403
    assert client.post(f"{change_form(answer)[:-7]}delete/", {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:grading_answer_add")).status_code == 403
    answer.refresh_from_db()
    assert answer.string == "4"


def export(client, *courses, **over):
    data = {"action": "export_gradebook", "_selected_action": [course.pk for course in courses]}
    return client.post(changelist(Course), data | over, follow=True)


@pytest.mark.parametrize("name", ["ines", "root"])
def test_the_gradebook_is_exported(as_user, request, adding, enrollment, name):
    make_answer(enrollment, adding)
    response = export(as_user(request.getfixturevalue(name)), enrollment.course)
    assert response["Content-Disposition"] == 'attachment; filename="gradebook-autumn.csv"'
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[3] == ["sam@example.org", "Tester", "Sam", "2"]


def test_the_gradebook_is_exported_as_xlsx(as_user, ines, adding, enrollment):
    response = export(as_user(ines), enrollment.course, file_format="xlsx")
    assert response["Content-Disposition"].endswith('.xlsx"')
    assert response.content.startswith(b"PK")


def test_an_author_exports_no_gradebook(as_user, ada, adding, enrollment):
    response = export(as_user(ada), enrollment.course)
    assert "Content-Disposition" not in response


def test_nobody_exports_the_gradebook_of_another_course(as_user, ines, adding, enrollment, other):
    response = export(as_user(ines), Course.objects.get(name="Other course"))
    assert "Content-Disposition" not in response


def test_an_author_who_teaches_exports_only_what_they_teach(
    as_user, ines, adding, enrollment, book
):
    second = make_course(book, "Spring")
    Author.objects.create(book=book, user=ines)
    response = export(as_user(ines), second)
    assert "Select one course" in text_of(response)


def test_two_courses_are_two_files(as_user, root, enrollment, book):
    response = export(as_user(root), enrollment.course, make_course(book, "Spring"))
    assert "Select one course" in text_of(response)


def test_enrollments_are_ended_and_restored_with_their_answers(as_user, ines, adding, enrollment):
    make_answer(enrollment, adding)
    client = as_user(ines)
    for action, status in (("end_enrollments", "ended"), ("restore_enrollments", "active")):
        client.post(changelist(Enrollment), {"action": action, "_selected_action": [enrollment.pk]})
        enrollment.refresh_from_db()
        assert enrollment.status == status
    assert Answer.objects.count() == 1


def test_an_admin_makes_an_account_that_sets_its_own_password(as_user, root):
    data = {"email": "new@example.org", "username": "new", "first_name": "N", "last_name": "New",
            "type": "author", "is_active": "on"}  # fmt: skip
    response = as_user(root).post(reverse("admin:accounts_user_add"), data)
    assert response.status_code == 302
    assert not User.objects.get(email="new@example.org").has_usable_password()


@pytest.mark.parametrize(
    "points", ["sNaN", "NaN", "Infinity", "-1", "1e9", "1.005", "x", "", "2.01"]
)
def test_points_that_are_none_or_too_many_are_refused(as_user, ada, adding, points):
    rows = [
        {"answer": "4", "points": points, "text": "x"},
        {"answer": "*", "points": "0", "text": "x"},
    ]
    response = as_user(ada).post(change_form(adding), feedback_data(adding, *rows))
    assert "errorlist" in text_of(response)
    assert adding.feedback.order_by("pk").first().points == 2
