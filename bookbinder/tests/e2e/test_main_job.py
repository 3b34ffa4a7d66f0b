"""The whole main job by hand: a student reads and answers, the instructor exports."""

import csv
import io
import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from bookbinder.tests.e2e.reading import read, send_and_read, sign_in
from books.models import Book
from conftest import PASSWORD, make_course, make_user
from grading.models import Answer, Attempt, Enrollment, Instructor

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]


@pytest.fixture
def course(published):
    course = make_course(Book.objects.get(), "Autumn")
    teacher = make_user("ines")
    teacher.emailaddress_set.create(email=teacher.email, verified=True, primary=True)
    Instructor.objects.create(course=course, user=teacher)
    return course


def sign_up(page, start: str) -> None:
    page.goto(start)
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill("New")
    page.get_by_label("Email").fill("nora@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("I agree to the site policy").check()
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/confirm-email/")
    (link,) = re.findall(r"http\S+confirm-email\S+", str(mail.outbox[-1].body))
    page.goto(link)
    page.get_by_role("button", name="Confirm").click()


def answer_the_book(student) -> None:
    student.get_by_role("link", name="Cities", exact=True).click()
    expect(student.get_by_role("navigation", name="Book Binder")).to_contain_text("0 of 4 points")
    capital, primes = student.locator("#capital"), student.locator("#primes")
    capital.get_by_label("Helsinki").check()
    send_and_read(capital, "1 of 1 point")
    expect(capital.get_by_role("status")).to_contain_text("Yes, it is.")
    for name in ("two", "four"):
        primes.get_by_label(name).check()
    send_and_read(primes, "0 of 3 points")
    expect(primes.get_by_role("status")).to_contain_text("Two times two.")
    read(student, "numbers")
    adding = student.locator("#adding")
    for given, told in (("5", "0.5 of 2 points"), ("4", "2 of 2 points")):
        adding.get_by_label("Your answer").fill(given)
        send_and_read(adding, told)
    picture = adding.locator("img[alt='four dots']")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 8


def export_gradebook(teacher, path) -> list[list[str]]:
    sign_in(teacher, "ines@example.org")
    teacher.goto("/admin/grading/course/")
    teacher.get_by_role("checkbox").nth(1).check()
    teacher.get_by_label("Action:").select_option("Export gradebook")
    with teacher.expect_download() as download:
        teacher.get_by_role("button", name="Go").click()
    download.value.save_as(path)
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_from_signing_up_to_the_gradebook(visit, course, tmp_path):
    student = visit()
    sign_up(student, course.get_absolute_url())
    student.get_by_role("button", name="Join this course").click()
    expect(student.get_by_text("You have joined Autumn.")).to_be_visible()
    answer_the_book(student)
    read(student, "cities")
    capital = student.locator("#capital")
    expect(capital.get_by_role("status")).to_contain_text("1 of 1 point")
    expect(capital.get_by_label("Helsinki")).to_be_checked()
    expect(student.get_by_role("navigation", name="Book Binder")).to_contain_text("1 of 4 points")
    rows = export_gradebook(visit(), tmp_path / "gradebook.csv")
    assert rows[1][3:] == ["adding", "why", "pattern", "essay", "capital", "primes"]
    assert rows[3] == ["nora@example.org", "New", "Nora", "2", "", "", "", "1", "0"]


def test_without_javascript_the_same_works(visit, course):
    user = make_user("sam")
    Enrollment.objects.create(course=course, user=user, origin="free")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    page = visit(java_script_enabled=False)
    sign_in(page, user.email)
    page.goto("/books/tiny-book/cities.html")
    page.locator("#capital").get_by_label("Turku").check()
    page.locator("#capital").get_by_role("button", name="Check").click()
    expect(page.get_by_label("Turku")).to_be_checked()
    assert not Attempt.objects.exists()
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_text("0 of 1 point")).to_be_visible()
    expect(page.get_by_text("It was, until 1812.")).to_be_visible()
    assert Answer.objects.get().points == 0
    page.get_by_role("link", name="← Cities").click()
    expect(page.get_by_role("heading", name="Cities")).to_be_visible()


def test_a_stranger_is_told_how_to_come_in(visit, course):
    page = visit()
    page.goto("/books/tiny-book/cities.html")
    expect(page.get_by_text("is for people who are enrolled in one of its courses")).to_be_visible()
    page.goto("/books/tiny-book/numbers.html")
    expect(page.locator("#adding")).to_contain_text("Sign in to answer.")
    page.locator("#adding").get_by_label("Your answer").fill("4")
    page.locator("#adding").get_by_role("button", name="Check").click()
    page.wait_for_url("**/accounts/login/**")
