"""Pages' Content-Security-Policies in a browser: `visit` fails on whatever one refuses."""

import pytest
from playwright.sync_api import expect

from billing.models import Payment
from bookbinder.tests.e2e.reading import send_and_read, sign_in
from bookbinder.tests.support import builds
from bookbinder.tests.support.admin_pages import change_form, changelist
from bookbinder.tests.support.syncing import sync
from books.models import Book, Question
from conftest import enroll, make_course, make_user
from grading.models import Course, Invitation

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]

PAGE = """
:access: public

Maths
=====

Here is :math:`x^2`, a picture, and a question.

.. question:: adding
   :grader: number

   What is 2 + 2?

   .. feedback:: 4
      :points: 1

      Right.

One
---

.. code-block:: python

   print("two")

.. raw:: html

   <script>document.documentElement.dataset.inline = "ran";</script>
   <button type="button" onclick="this.textContent = 'a &amp; b'">By hand</button>
   <iframe src="two.html" title="Two"></iframe>
   <svg width="10" height="10" style="color: red"><circle r="5"/></svg>

.. toctree::

   two
   three
"""
TWO = "\n:access: public\n\nTwo\n===\n\nAnother page with a word: zebra.\n"
THREE = "\nThree\n=====\n\nA page for the course.\n"  # so that the search is for somebody
THEMES = ("alabaster", "furo", "sphinx_book_theme")


@pytest.fixture(scope="session")
def themed(tmp_path_factory):
    """Return a function that gives a small book built with a theme."""
    made = {}

    def build(theme: str):
        if theme not in made:
            folder = tmp_path_factory.mktemp(theme)
            conf = f'{builds.HEAD}html_theme = "{theme}"\n'
            builds.build(
                builds.write_book(folder / "source", conf, index=PAGE, two=TWO, three=THREE),
                folder / "out",
            )
            made[theme] = folder / "out"
        return made[theme]

    return build


@pytest.fixture
def teacher(published):
    user = make_user("root", type="admin")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


@pytest.mark.parametrize("theme", THEMES)
def test_a_themes_own_scripts_run_and_nothing_is_refused(
    theme, themed, visit, transactional_db, as_theme
):
    assert sync(themed(theme), "--noinput")[0] == 0
    page = visit()
    page.goto("/books/tiny-book/index.html")
    expect(page.get_by_role("navigation", name="Book Binder")).to_be_visible()
    assert page.locator("html").get_attribute("data-inline") == "ran"
    button = page.get_by_role("button", name="By hand")
    button.click()
    expect(page.get_by_role("button", name="a & b")).to_be_visible()
    as_theme(theme, page)
    for path in ("search.html?q=zebra", "genindex.html"):
        response = page.goto(f"/books/tiny-book/{path}")
        assert response.status == 403  # they tell of all pages: for readers alone


def test_the_search_of_each_theme_finds_for_a_reader(themed, visit, transactional_db):
    for theme in THEMES:
        assert sync(themed(theme), "--noinput")[0] == 0
        user = make_user(f"reader-{theme.replace('_', '-')}", type="author")
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        page = visit()
        sign_in(page, user.email)
        page.goto("/books/tiny-book/search.html?q=zebra")
        expect(page.locator("#search-results")).to_contain_text("Two")
        page.goto("/books/tiny-book/genindex.html")
        expect(page.get_by_role("heading", name="Index")).to_be_visible()


@pytest.fixture
def as_theme():
    """Return a function that uses what a theme does by its own scripts."""

    def use(theme: str, page) -> None:
        html = page.locator("html")
        if theme == "furo":
            toggle = page.get_by_role("button", name="Toggle Light / Dark / Auto color theme").last
            before = page.locator("body").get_attribute("data-theme")
            toggle.click()
            assert page.locator("body").get_attribute("data-theme") != before
        elif theme == "sphinx_book_theme":
            page.get_by_role("button", name="Color mode").click()
            page.get_by_role("button", name="Dark").click()
            expect(html).to_have_attribute("data-theme", "dark")
            # By an inline handler.
            page.locator("button[onclick='toggleFullScreen()']:visible").first.click()
            page.wait_for_function("document.fullscreenElement !== null")

    return use


def test_what_is_put_into_a_page_later_does_not_run(
    visit, themed, transactional_db, browser, live_server
):
    assert sync(themed("furo"), "--noinput")[0] == 0
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.goto("/books/tiny-book/index.html")
    page.evaluate(
        """() => {
            window.refused = [];
            document.addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
            const script = document.createElement("script");
            script.textContent = "window.stolen = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", '<img src="/nothing.png" onerror="window.stolen = true">');
        }"""
    )
    page.wait_for_function("refused.length === 2")
    assert page.evaluate("window.stolen") is None
    context.close()


def test_the_sites_own_pages_ask_for_nothing_that_is_refused(visit, teacher):
    book = Book.objects.get()
    course = make_course(book)
    page = visit()
    for path in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/policy/", "/nothing"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
    sign_in(page, teacher.email)
    paths = [
        "/", book.get_absolute_url(), "/answer/tiny-book/cities", "/accounts/email/", "/accounts/2fa/",
        "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/password/change/",
        "/admin/", *map(changelist, (Book, Course, Question, Payment)), change_form(course),
        change_form(book), change_form(Question.objects.first()), "/admin/books/edition/add/",
        f"{changelist(Payment)}export/", f"{changelist(Invitation)}import/", "/admin/books/release/",
        f"/admin/books/book/{book.pk}/history/",
    ]  # fmt: skip
    for path in paths:
        response = page.goto(path)
        assert response.status == 200, path
        page.wait_for_load_state("networkidle")


def test_the_api_can_be_tried_in_its_own_pages(visit, teacher):
    page = visit()
    sign_in(page, teacher.email)
    page.goto("/api/docs")
    page.locator(".opblock-summary").first.click()
    page.get_by_role("button", name="Try it out").click()
    expect(page.get_by_role("button", name="Execute").first).to_be_visible()


def test_a_question_is_answered_under_the_policy(visit, themed, transactional_db):
    assert sync(themed("sphinx_book_theme"), "--noinput")[0] == 0
    student = make_user("sam")
    student.emailaddress_set.create(email=student.email, verified=True, primary=True)
    enroll(student, make_course(Book.objects.get()))
    page = visit()
    sign_in(page, student.email)
    page.goto("/books/tiny-book/index.html")
    question = page.locator("form[data-label=adding]")
    question.get_by_label("Your answer").fill("4")
    send_and_read(question, "Right.")
