"""The ways into a course, by hand: code, link, invitation, roster, grant; and a rush for seats."""

import io
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook

from bookbinder.tests.support.admin_pages import changelist, text_of
from bookbinder.tests.support.rosters import confirm, roster, upload
from conftest import PASSWORD, make_course, make_user
from grading import enrolling
from grading.models import Course, Enrollment, Invitation


def test_a_roster_is_shown_first_and_invites_when_confirmed(as_user, ines, sam, course):
    client = as_user(ines)
    text = "\ufeffName;E-Mail\nNora;nora@example.org\nSam;SAM@example.org\nUna;Una@Example.org\n"
    page = upload(client, course, roster(text))
    shown = text_of(page)
    assert "nora@example.org" in shown and "una@example.org" in shown
    assert shown.count("Skipped") == 1 and "is enrolled already" in shown  # sam
    assert not Invitation.objects.exists() and not mail.outbox
    confirm(client, page)
    rows = Invitation.objects.order_by("email")
    assert [one.email for one in rows] == ["nora@example.org", "una@example.org"]
    assert all(one.course == course and one.invited_by == ines and one.mailed_at for one in rows)
    assert sorted(letter.to[0] for letter in mail.outbox) == [one.email for one in rows]
    page = upload(client, course, roster(text))
    assert text_of(page).count("Skipped") == 3
    assert text_of(page).count("has been invited already") == 2
    enrolling.end(Enrollment.objects.all())
    assert "restore it under Enrollments" in text_of(upload(client, course, roster(text)))


def test_a_longer_roster_asks_the_database_no_more_of_each_row(as_user, ines, course):
    client, counts = as_user(ines), []
    for rows in (5, 50):
        text = "email\n" + "".join(f"s{n}@example.org\n" for n in range(rows))
        with CaptureQueriesContext(connection) as asked:
            upload(client, course, roster(text))
        counts.append(sum(one["sql"].startswith("SELECT") for one in asked))
    assert counts[0] == counts[1]


def test_a_roster_may_be_a_spreadsheet(as_user, ines, course):
    book, file = Workbook(), io.BytesIO()
    for row in (("email",), ("nora@example.org",)):
        book.active.append(row)
    book.save(file)
    client = as_user(ines)
    confirm(client, upload(client, course, roster(file.getvalue(), "roster.xlsx"), "1"))
    assert Invitation.objects.get().email == "nora@example.org"


def test_wrong_rows_are_left_out_and_are_a_file_to_mend(as_user, ines, enrollment, course):
    enrolling.end(Enrollment.objects.all())
    text = "email\nnora@example.org\nnobody\nNORA@example.org\n=1+1\nuna@example.org\n"
    client = as_user(ines)
    page = upload(client, course, roster(text))
    shown = text_of(page)
    assert "3 rows cannot be taken" in shown
    assert "This is not a valid e-mail address." in shown and "Also in row 2." in shown
    form = dict(page.context["confirm_form"].initial)
    file = client.post("/admin/grading/invitation/import/faults/", form)
    assert file["Content-Disposition"] == 'attachment; filename="left-out.csv"'
    assert file.content.decode("utf-8-sig").splitlines() == [
        "email,reason,row",
        "nobody,This is not a valid e-mail address.,3",
        "nora@example.org,Also in row 2.,4",
        "'=1+1,This is not a valid e-mail address.,5",
    ]
    assert not Invitation.objects.exists()
    done = text_of(confirm(client, page))
    assert "2 new" in done
    assert "3 rows were left out: nobody (This is not a valid e-mail address.)" in done
    invited = set(Invitation.objects.values_list("email", flat=True))
    assert invited == {"nora@example.org", "una@example.org"}
    mended = file.content.replace(b"nobody", b"nils@example.org").replace(
        b"'=1+1", b"x@example.org"
    )
    page = upload(client, course, roster(mended))
    assert "cannot be taken" not in text_of(page)
    assert "2 new" in text_of(confirm(client, page))


@pytest.mark.parametrize("name", ["eve", "sam", "ada"])
def test_nobody_else_is_given_the_rows(as_user, request, course, ines, name):
    page = upload(as_user(ines), course, roster("email\nnobody\n"))
    form = dict(page.context["confirm_form"].initial)
    client = as_user(request.getfixturevalue(name))
    response = client.post("/admin/grading/invitation/import/faults/", form)
    assert response.status_code in (302, 403) and b"nobody" not in response.content


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name\nNora\n", "must have one column named email"),
        ("email,e-mail\na@b.example,c@d.example\n", "must have one column named email"),
        ("", "The submitted file is empty"),
        (b"\xff\xfe\x00\x01\x02", "No valid data to import"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_with_the_reason(as_user, ines, course, text, told):
    shown = text_of(upload(as_user(ines), course, roster(text)))
    assert told in shown
    assert "Traceback" not in shown


def test_what_is_no_spreadsheet_is_refused(as_user, ines, course):
    for data in (b"PK\x03\x04 no zip", b"nothing"):
        shown = text_of(upload(as_user(ines), course, roster(data, "x.xlsx"), "1"))
        assert "Traceback" not in shown and not Invitation.objects.exists()
    shown = text_of(upload(as_user(ines), course, roster(b"x" * 5_000_001)))
    assert "at most 5 MB" in shown


def test_an_import_tells_nothing_of_who_has_an_account(as_user, ines, course, eve):
    client = as_user(ines)
    shown = []
    for email in (eve.email, "nobody@example.org"):
        page = upload(client, course, roster(f"email\n{email}\n"))
        shown.append(text_of(page).partition("<h2>Preview")[2].replace(email, "X"))
        done = confirm(client, page)
        assert "1 new" in text_of(done)
    assert shown[0] == shown[1] and shown[0]
    listed = text_of(client.get(changelist(Enrollment)))
    assert "eve@" not in listed


def test_the_roster_holds_the_seats(as_user, ines, course):
    course.seat_limit = 1
    course.save()
    client = as_user(ines)
    text = "email\nnora@example.org\nuna@example.org\n"
    page = upload(client, course, roster(text))
    assert "All seats of this course are taken." in text_of(page)
    Course.objects.update(seat_limit=0)
    assert "2 rows were left out: nora@example.org (All seats" in text_of(confirm(client, page))
    assert not Invitation.objects.exists()
    Course.objects.update(seat_limit=1)
    confirm(client, upload(client, course, roster(text)))
    assert [invitation.email for invitation in Invitation.objects.all()] == ["nora@example.org"]


@pytest.mark.parametrize("name", ["eve", "sam", "ada"])
def test_who_does_not_teach_imports_nothing(as_user, request, course, ines, name):
    client = as_user(request.getfixturevalue(name))
    assert upload(client, course, roster("email\na@example.org\n")).status_code in (302, 403)
    assert not Invitation.objects.exists()


def test_an_instructor_imports_into_no_other_course(as_user, ines, other):
    theirs = Course.objects.get(name="Other course")
    client = as_user(ines)
    page = upload(client, theirs, roster("email\na@example.org\n"))
    assert "Other course" not in text_of(page) and "errorlist" in text_of(page)
    mine = upload(client, ines.instructorships.get().course, roster("email\na@example.org\n"))
    data = dict(mine.context["confirm_form"].initial) | {"course": theirs.pk}
    client.post("/admin/grading/invitation/process_import/", data)
    assert not Invitation.objects.exists()


def test_an_invited_person_signs_in_and_has_the_place(client, eve, course):
    Invitation.objects.create(course=course, email=eve.email)
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    client.post("/accounts/login/", {"login": eve.email, "password": PASSWORD})
    assert Enrollment.objects.get().user == eve


def test_an_invited_person_who_is_signed_in_presses_the_button(as_user, eve, course):
    Invitation.objects.create(course=course, email=eve.email)
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    client = as_user(eve)
    assert "You are invited" in text_of(client.get("/"))
    assert "Join this course" in text_of(client.get(course.get_absolute_url()))
    assert not Enrollment.objects.exists()  # a GET enrols nobody
    client.post(course.get_absolute_url())
    assert Enrollment.objects.get().origin == "invited"
    assert "You are invited" not in text_of(client.get("/"))


def test_an_appointed_instructor_presses_the_button_and_is_in_the_admin(as_user, eve, course):
    Invitation.objects.create(course=course, email=eve.email, role="instructor")
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    client = as_user(eve)
    assert "Teach this course" in text_of(client.get(course.get_absolute_url()))
    page = client.post(course.get_absolute_url(), follow=True)
    assert "You are an instructor of Autumn." in text_of(page)


def test_an_admin_grants_a_place_and_minds_the_seats(as_user, root, eve, course):
    course.seat_limit = 1
    course.save()
    client = as_user(root)
    data = {"course": course.pk, "user": eve.pk, "origin": "paid", "status": "ended"}
    client.post("/admin/grading/enrollment/add/", data)
    enrollment = Enrollment.objects.get()
    assert (enrollment.user, enrollment.origin, enrollment.status) == (eve, "granted", "active")
    una = make_user("una")
    page = client.post("/admin/grading/enrollment/add/", data | {"user": una.pk})
    assert "All seats of this course are taken." in text_of(page)


def test_an_instructor_grants_no_place(as_user, ines, eve, course):
    data = {"course": course.pk, "user": eve.pk}
    assert as_user(ines).post("/admin/grading/enrollment/add/", data).status_code == 403


def test_wrong_codes_are_counted_by_account(as_user, eve, course):
    client = as_user(eve)
    for number in range(20):
        code = "/join/" if number % 2 else f"/join/wrong{number}/"
        assert client.get(code, {"code": f"wrong{number}"}).status_code in (302, 404)
    assert client.get(course.get_absolute_url()).status_code == 429
    assert client.post(course.get_absolute_url()).status_code == 429
    assert client.get("/join/", {"code": course.join_code}).status_code == 429
    assert not Enrollment.objects.exists()
    other = Client()
    other.force_login(make_user("una"), backend="accounts.access.RulesBackend")
    assert other.get(course.get_absolute_url()).status_code == 200


def test_right_codes_are_not_counted(as_user, eve, course):
    client = as_user(eve)
    for _time in range(30):
        assert client.get(course.get_absolute_url()).status_code == 200


def test_courses_open_and_close_by_date(as_user, eve, book):
    now = timezone.now()
    for dates in ({"opens_at": now + timedelta(days=1)}, {"closes_at": now - timedelta(days=1)}):
        course = make_course(book, **dates)
        client = as_user(eve)
        assert "not open now" in text_of(client.get(course.get_absolute_url()))
        client.post(course.get_absolute_url())
    assert not Enrollment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_seat_limit_holds_under_a_rush(book):
    """200 people press the button at once for 50 seats."""
    course = make_course(book, seat_limit=50)
    path = course.get_absolute_url()
    clients = [Client() for _n in range(200)]
    for number, client in enumerate(clients):
        client.force_login(make_user(f"rush{number}"), backend="accounts.access.RulesBackend")
    start = threading.Barrier(200)
    statuses = []

    def press(client: Client) -> None:
        start.wait()
        try:
            statuses.append(client.post(path).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [302] * 200
    assert Enrollment.objects.filter(course=course, status="active").count() == 50
