"""Formulas of replies, notes and pages are typeset by the site itself: no other host is reached."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from bookbinder.tests.e2e import axe, prose, reading
from bookbinder.tests.e2e.prose import note_on, panel
from bookbinder.tests.e2e.reading import bar, look, sign_in_as
from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync
from books.models import Author, Book, Feedback, Question
from conftest import make_user

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]
PLAIN = """\
:access: public

.. page-id:: plainpage1

Plain
=====

No formula is on this page.

.. question:: root
   :grader: number

   What is the square root of nine?

   .. feedback:: 3
      :points: 1

      Yes.
"""
KATEX = "() => performance.getEntriesByType('resource').filter(one => one.name.includes('katex')).length"


@pytest.fixture
def sam(tmp_path, transactional_db):
    source = tmp_path / "plain"
    builds.write_book(source, f'{builds.HEAD}html_theme = "alabaster"\n', index=PLAIN)
    code, _out, err = sync(source, "--noinput")
    assert code == 0, err
    return reading.make_student()


def maths(part):
    return part.locator("math")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_reply_and_a_note_are_typeset_on_a_page_without_formulas(visit, sam, width):
    reply = Feedback.objects.get(answer="3")
    reply.feedback = r'<p>Since <span class="math">\(\sqrt{9} \in \mathbb{N}\)</span>.</p>'
    reply.save()
    page = visit(viewport={"width": width, "height": 800})
    sign_in_as(page, sam)
    page.goto("/books/tiny-book/index.html")
    expect(bar(page)).to_contain_text("0 notes" if width > 400 else "0")
    assert page.evaluate(KATEX) == 0
    question = reading.question(page, "root")
    question.get_by_label("Your answer").fill("3")
    question.get_by_role("button", name="Check").click()
    expect(maths(question)).to_contain_text("9∈ℕ")
    assert page.evaluate(KATEX) == 1
    note_on(page, "formula is on", r"Or $\frac{1}{2}$ and $\href{javascript:alert(1)}{x}$")
    page.get_by_role("button", name="1 note on this paragraph").click()
    expect(maths(panel(page)).first.locator("mfrac")).to_be_visible()
    assert panel(page).locator("math a, math [href]").count() == 0
    look(page, f"formulas-page-{width}")
    assert axe.faults(page, ".bookbinder-panel") == []
    page.goto("/notes/")
    expect(maths(page).first.locator("mfrac")).to_be_visible()
    look(page, f"formulas-notes-{width}")


def test_an_author_sees_a_reply_typeset_while_writing_it(visit, sam):
    ada = make_user("ada", type="author")
    Author.objects.create(book=Book.objects.get(), user=ada)
    page = visit(viewport={"width": 1280, "height": 900})
    sign_in_as(page, ada)
    page.goto(f"/admin/books/question/{Question.objects.get().pk}/change/")
    assert page.evaluate(KATEX) == 0
    page.get_by_label("Reply").first.fill(r"So $x_1 = \frac{1}{2}$.")
    expect(maths(page.locator(".bookbinder-shown").first)).to_be_visible()
    look(page, "formulas-admin")


@pytest.mark.parametrize("conf", ["", 'mathjax_path = "/static/katex/katex.min.js"\n'])
def test_a_books_own_formulas_need_no_other_host(visit, tmp_path, transactional_db, conf):
    prose.publish(tmp_path, conf=conf)
    page, asked = visit(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/books/tiny-book/foxes.html")
    expect(maths(page.locator("p"))).to_have_text(re.compile("v>0"))
    hosts = {urlsplit(url).hostname for url in asked}
    assert hosts == ({"localhost"} if conf else {"localhost", "cdn.jsdelivr.net"})
    sign_in_as(page, reading.make_student())
    page.goto("/books/tiny-book/foxes.html")
    expect(maths(page.locator("p"))).to_be_visible()
    expect(bar(page)).to_contain_text("0 notes")
    note_on(page, "It never looks back", "After a formula that is typeset.")


def test_where_mathjax_is_there_it_typesets(visit, sam):
    reply = Feedback.objects.get(answer="3")
    reply.feedback = r'<p>Since <span class="math">\(x\)</span>.</p>'
    reply.save()
    page = visit()
    page.add_init_script(
        "window.MathJax = {startup: {promise: Promise.resolve()}, typesetPromise: async parts => {"
        "document.documentElement.dataset.typeset = parts.length; }};"
    )
    sign_in_as(page, sam)
    page.goto("/books/tiny-book/index.html")
    expect(bar(page)).to_contain_text("0 notes")
    question = reading.question(page, "root")
    question.get_by_label("Your answer").fill("3")
    question.get_by_role("button", name="Check").click()
    expect(page.locator("html")).to_have_attribute("data-typeset", "1")
    page.reload()
    reading.result(page, "root").get_by_text("Feedback").click()
    expect(page.locator("html")).to_have_attribute("data-typeset", "1")
    assert page.evaluate(KATEX) == 0
