"""A build that its author opens as files, and what its scripts do on a course site."""

import pytest
from playwright.sync_api import expect

from bookbinder.tests.e2e.reading import make_student, question, read, sign_in_as
from bookbinder.tests.support.syncing import change, sync

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]


@pytest.mark.parametrize("width", [390, 1280])
def test_on_the_authors_machine_questions_look_like_questions(visit, built, width):
    page = visit(viewport={"width": width, "height": 800})
    page.goto((built / "cities.html").as_uri())
    capital = question(page, "capital")
    expect(capital).to_contain_text("Answers work on the course site.")
    expect(capital).to_have_css("border-left-width", "4px")
    first, second = (choice.bounding_box() for choice in capital.locator("label").all())
    assert second["y"] >= first["y"] + first["height"]
    capital.get_by_role("radio").first.check()
    capital.get_by_role("button", name="Check").click()
    assert page.url == (built / "cities.html").as_uri()
    page.goto((built / "numbers.html").as_uri())
    expect(question(page, "essay").get_by_role("button", name="Submit")).to_be_visible()


def test_on_the_course_site_they_are_the_sites(visit, published):
    page = visit()
    sign_in_as(page, make_student())
    read(page, "cities")
    expect(question(page, "capital").get_by_role("button", name="Check")).to_be_visible()
    expect(question(page, "capital")).not_to_contain_text("course site")
    assert not page.locator('link[href*="bookbinder-local"]').count()


@pytest.mark.parametrize(
    ("word", "told"),
    [("Helsinki", "une page correspondant"), ("which", "2 pages trouvées")],
    ids=["one", "two"],
)
def test_the_plural_rule_of_the_books_language_runs(visit, source, transactional_db, word, told):
    change(source, "conf.py", "project", 'language = "fr"\nproject')
    change(source, "index.rst", ".. toctree::", "Which of them?\n\n.. toctree::")
    assert sync(source, "--noinput", "--no-back-annotate")[0] == 0
    page = visit()
    sign_in_as(page, make_student())
    page.goto(f"/books/tiny-book/search.html?q={word}")
    expect(page.locator("#search-results")).to_contain_text(told)
    extract = page.locator("#search-results .context").last
    expect(extract).to_contain_text("Which")
    assert "Check" not in extract.inner_text()
