"""Public pages without an account, and the reader in the book's language."""

import pytest
from playwright.sync_api import expect

from bookbinder.tests.e2e import reading
from bookbinder.tests.e2e.reading import bar, question, read, result, send, sign_in_as
from bookbinder.tests.support.syncing import change, sync
from books.models import Book, Question
from conftest import make_course, make_user
from grading.models import Attempt

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]


@pytest.fixture(autouse=True)
def open_book(source, transactional_db):
    change(
        source,
        "numbers.rst",
        "   :points: 2\n   :grader: number",
        "   :points: 2\n   :grader: number\n   :try:",
    )
    assert sync(source, "--noinput", "--no-back-annotate")[0] == 0
    make_course(Book.objects.get())


def test_a_question_is_tried_without_an_account(visit):
    page = visit()
    read(page, "numbers", "Sign in")
    expect(question(page, "adding")).to_contain_text("You can try this question")
    reading.check(page, "try")
    send(page, "adding", "7", "Incorrect.")
    send(page, "adding", "5", "Partly correct.")
    expect(result(page, "adding")).not_to_contain_text("Nearly")
    send(page, "adding", "4", "Correct.")
    reading.check(page, "tried")
    result(page, "adding").get_by_role("link", name="Join a course to get feedback").click()
    expect(page.get_by_role("heading", name="Open courses")).to_be_visible()
    assert not Attempt.objects.exists()


def test_links_to_former_labels_lead_to_the_question(visit):
    Question.objects.filter(label="adding").update(former_labels=["sums", "plus"])
    page = visit()
    page.goto("/books/tiny-book/numbers.html?x=1#sums")
    page.wait_for_url("**/numbers.html?x=1#adding")
    page.evaluate("location.hash = 'plus'")
    page.wait_for_url("**/numbers.html?x=1#adding")
    page.evaluate("location.hash = 'unknown'")
    assert page.url.endswith("#unknown")


def test_who_tries_too_often_is_told_to_wait(visit):
    page = visit()
    read(page, "numbers", "Sign in")
    limit = {"status": 429, "json": {"detail": "Too many attempts. Wait 9 seconds."}}
    page.route("**/answers", lambda route: route.fulfill(**limit))
    send(page, "adding", "5", "Too many attempts. Wait 9 seconds.")


def test_other_questions_ask_to_sign_in_or_to_join(visit):
    page = visit()
    read(page, "numbers", "Sign in")
    why = question(page, "why")
    expect(why).to_contain_text("Sign in to answer.")
    why.get_by_label("Your answer").fill("because")
    why.get_by_role("button", name="Check").click()
    page.wait_for_url("**/accounts/login/**")
    sign_in_as(page, make_user("eve"))
    read(page, "numbers", "Eve Tester")
    expect(why).to_contain_text("Join a course of this book to answer.")
    expect(why.get_by_role("link")).to_have_attribute("href", "/books/tiny-book/#courses")
    reading.check(page, "join")
    send(page, "adding", "4", "Correct.")
    why.get_by_label("Your answer").fill("because")
    why.get_by_role("button", name="Check").click()
    page.wait_for_url("**/books/tiny-book/#courses")
    expect(page.get_by_role("heading", name="Open courses")).to_be_in_viewport()


def test_search_results_keep_the_bar(visit):
    page = visit()
    sam = reading.make_student()
    sign_in_as(page, sam)
    read(page, "numbers")
    send(page, "adding", "4", "Correct.")
    for path in ("search.html?q=numbers", "genindex.html"):
        page.goto(f"/books/tiny-book/{path}")
        expect(bar(page)).to_contain_text("Autumn")
        bar(page).get_by_role("button", name="Sam Tester").click()
        expect(bar(page).get_by_role("link", name="Continue where you stopped")).to_be_visible()
        expect(bar(page)).to_contain_text("Whole book: 1 of 6 answered")
        expect(bar(page).get_by_role("link", name="Sign out")).to_be_visible()
        assert page.get_by_role("button", name="Note mode").count() == 0


@pytest.mark.parametrize(
    ("language", "button", "told", "lang"),
    [
        ("de", "Prüfen", "2 von 2 Punkten", None),
        ("fi", "Check", "2 of 2 points", "en"),
    ],
)
def test_the_texts_are_in_the_books_language_or_in_english(
    visit, source, language, button, told, lang
):
    change(source, "conf.py", "project", f'language = "{language}"\nproject')
    assert sync(source, "--noinput", "--no-back-annotate")[0] == 0
    page = visit(locale="sv-SE")
    sign_in_as(page, reading.make_student())
    page.goto("/books/tiny-book/numbers.html")
    adding = question(page, "adding")
    adding.get_by_role("textbox").fill("4")
    adding.get_by_role("button", name=button).click()
    expect(result(page, "adding")).to_contain_text(told)
    assert result(page, "adding").locator("p").first.get_attribute("lang") == lang
    assert bar(page).get_attribute("lang") == lang
    adding.get_by_role("textbox").fill("")
    adding.get_by_role("button", name=button).click()
    expect(result(page, "adding")).to_contain_text(
        "Geben Sie zuerst eine Antwort" if language == "de" else "Give an answer first"
    )
    adding.get_by_role("textbox").fill("x" * 20_000)
    adding.get_by_role("button", name=button).click()
    expect(result(page, "adding")).to_contain_text(
        "20000 " + ("Zeichen" if language == "de" else "characters")
    )
    reading.check(page, f"language-{language}")
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("button", name="Sam Tester").click()
    reading.check(page, f"language-{language}-phone")
