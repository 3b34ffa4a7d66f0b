"""The reader in three themes, at both widths, light and dark: nothing moves, axe finds nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from bookbinder.tests.e2e import reading
from bookbinder.tests.e2e.reading import bar, read, sign_in_as
from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync
from books.models import Question
from conftest import make_answer
from grading.models import Attempt

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]

THEMES = ("alabaster", "furo", "sphinx_book_theme")
PHONE, DESK = {"width": 390, "height": 800}, {"width": 1280, "height": 850}


@pytest.fixture(scope="module")
def in_theme(tmp_path_factory):
    """Return a function that builds the RST book in a theme, once."""
    folders: dict[str, Path] = {}

    def build(theme: str) -> Path:
        if theme not in folders:
            folders[theme] = tmp_path_factory.mktemp(theme)
            builds.build(builds.BOOKS / "rst", folders[theme], "-D", f"html_theme={theme}")
        return folders[theme]

    return build


@pytest.fixture
def student(transactional_db):
    """Has answered two questions of each page, one of them twice."""

    def make():
        user = reading.make_student(attempt_limit=3)
        enrollment = user.enrollments.get()
        for label, string in (("adding", "5"), ("why", "hm"), ("capital", "")):
            question = Question.objects.get(label=label)
            matched = question.feedback.exclude(feedback="").order_by("-index").first()
            string = string or matched.key
            for _attempt in range(2):
                Attempt.objects.create(enrollment=enrollment, question=question, string=string)
            make_answer(enrollment, question, string, points=0.5, feedback=matched)
        return user

    return make


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_moves_when_the_state_arrives_and_axe_is_content(
    visit, in_theme, student, theme, size, scheme
):
    assert sync(in_theme(theme), "--noinput")[0] == 0
    page = visit(viewport=size, color_scheme=scheme)
    sign_in_as(page, student())
    page.context.add_init_script(reading.WATCH_SHIFTS)
    for name in ("numbers", "cities"):
        read(page, name)
        page.wait_for_timeout(300)
        assert page.evaluate("window.shifts") == []
        reading.look(page, f"{theme}-{size['width']}-{scheme}-{name}", whole=True)
        page.get_by_role("button", name="Sam Tester").click()
        expect(bar(page).get_by_role("link", name="Sign out")).to_be_visible()
        reading.check(page, f"{theme}-{size['width']}-{scheme}-{name}-menu")
        page.keyboard.press("Escape")
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
