"""What the tests of the reader share: a student in the browser, and how much a page has moved."""

import os
from pathlib import Path

from django.test import Client
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from bookbinder.tests.e2e import axe
from books.models import Book
from conftest import PASSWORD, enroll, make_course, make_user
from grading.models import Course

SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder, for who wants to look
# What Book Binder adds to a page: the rest is the theme's, with its faults.
OURS = ".bookbinder-question, .bookbinder-bar, .bookbinder-skip, .bookbinder-unseen"
# The state arrives well after the first paint, as on a slow network. What the theme's own scripts
# have moved until then is not ours.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const one of list.getEntries()) {
    const moved = one.sources.map(({node}) => node?.className || node?.nodeName);
    window.shifts.push(`${one.value} ${moved.join()}`);
  }
}).observe({type: "layout-shift", buffered: true});
const ask = window.fetch;
window.fetch = async (...given) => {
  await new Promise(done => setTimeout(done, 700));
  window.shifts = [];
  return ask(...given);
};
"""


def make_student(name: str = "sam", **course) -> User:
    """A student of the one book's first course; `course` says how one that is made now is."""
    book = Book.objects.get()
    user = make_user(name)
    enroll(user, Course.objects.first() or make_course(book, **course))
    return user


def sign_in_as(page: Page, user: User | None) -> None:
    """Give the browser a session as signing in does, with a CSRF cookie of its own."""
    page.context.clear_cookies()
    if user is None:
        return
    client = Client()
    client.force_login(user, backend="accounts.access.RulesBackend")
    page.goto("/healthz")
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": page.url}])


def bar(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Book Binder")


def read(page: Page, name: str, told: str = "points") -> None:
    """Open a page of the book and wait until its script has the state."""
    page.goto(f"/books/tiny-book/{name}.html")
    expect(bar(page)).to_contain_text(told)


def question(page: Page, label: str) -> Locator:
    return page.locator(f"form[data-label={label}]")


def result(page: Page, label: str) -> Locator:
    return question(page, label).get_by_role("status")


def send(page: Page, label: str, answer: str, told: str) -> None:
    """Answer a question with a field for a text, and see what one is told."""
    question(page, label).get_by_label("Your answer", exact=True).fill(answer)
    question(page, label).get_by_role("button", name="Check").click()
    expect(result(page, label)).to_contain_text(told)


def look(page: Page, name: str, *, whole: bool = False) -> None:
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=whole)


def check(page: Page, name: str) -> None:
    """Look at a state of the page, and have axe look at what is ours in it."""
    look(page, name)
    assert axe.faults(page, OURS) == []


def sign_in(page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


def send_and_read(question, told: str) -> None:
    question.get_by_role("button", name="Check").click()
    expect(question.get_by_role("status")).to_contain_text(told)
