"""The form of a note: beside the text, by touch and by clicks, and what was written is kept."""

import re

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Annotation
from bookbinder.tests.e2e import axe, prose, reading
from bookbinder.tests.e2e.prose import note_on, panel, select
from bookbinder.tests.e2e.reading import bar, look, sign_in_as
from books.models import Page as BookPage
from conftest import enroll, make_user
from grading.models import Course

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]
OURS = ".bookbinder-bar, .bookbinder-panel, .bookbinder-dialog, .bookbinder-mode-help"
THEMES = ["alabaster", "classic", "furo", "sphinx_book_theme"]
# How far the text of the page reaches to the right, in pixels.
RIGHT = """() => Math.max(...[...document.querySelectorAll("section p, section li, section pre")]
  .filter(block => !block.closest("[data-annot-skip]"))
  .map(block => block.getBoundingClientRect().right))"""


@pytest.fixture
def opened(visit, tmp_path, transactional_db):
    """Return a function that opens the page of foxes as a student."""
    students = {}

    def open_as(name="sam", theme="alabaster", width=1280, **options) -> Page:
        if not students:
            prose.publish(tmp_path, theme)
            students["sam"] = reading.make_student(course_notes="anonymous")
        if name not in students:
            students[name] = make_user(name)
            enroll(students[name], Course.objects.get())
        page = visit(viewport={"width": width, "height": 800}, **options)
        sign_in_as(page, students[name])
        page.goto("/books/tiny-book/foxes.html")
        expect(bar(page).get_by_role("button", name="Note mode")).to_be_visible()
        return page

    return open_as


def begin(page: Page, words: str) -> None:
    expect(bar(page).get_by_role("button", name="Note mode")).to_be_visible()
    select(page, words)
    page.get_by_role("button", name="Note", exact=True).click()


def left_of(locator) -> float:
    return locator.bounding_box()["x"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", THEMES)
def test_the_form_and_the_list_stand_beside_the_text(opened, theme, scheme):
    page = opened(theme=theme, width=1000, color_scheme=scheme)
    form = page.get_by_role("dialog")
    for width in (1000, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        begin(page, "awake at night")
        assert page.evaluate(RIGHT) <= left_of(form)
        [subject] = page.evaluate(
            "[...CSS.highlights.get('bookbinder-subject')]"
            ".map(range => [String(range), range.getBoundingClientRect().top])"
        )
        assert subject[0] == "awake at night"
        assert 0 < subject[1] < 700
        look(page, f"form-beside-{theme}-{width}-{scheme}")
        form.get_by_label("Your note").fill("Beside it")
        form.get_by_role("button", name="Save").click()
        expect(form).to_be_hidden()
        page.get_by_role("button", name="on this paragraph").first.click()
        assert page.evaluate(RIGHT) <= left_of(panel(page))
        panel(page).get_by_role("button", name="Reply").first.click()
        expect(form.get_by_label("Your note")).to_be_focused()
        expect(form.locator("blockquote")).to_have_text("Beside it")
        look(page, f"form-reply-{theme}-{width}-{scheme}")
        assert axe.faults(page, OURS) == []
        page.keyboard.press("Escape")
        expect(form).to_be_hidden()
        panel(page).get_by_role("button", name="Close the notes").click()
        assert page.evaluate("document.body.getBoundingClientRect().right") == width


def test_what_was_written_is_kept_until_it_is_saved_or_given_up(opened):
    page = opened()
    form = page.get_by_role("dialog")
    text = form.get_by_label("Your note")
    begin(page, "lazy dog")
    text.fill("Half a thou")
    form.get_by_label("Who can read it").select_option(label="My whole course")
    form.get_by_label("Tags").fill("dogs")
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    page.reload()
    begin(page, "brown fox")  # perhaps it fits better there
    expect(form).to_contain_text("Draft restored.")
    expect(text).to_have_value("Half a thou")
    expect(form.get_by_label("Who can read it")).to_have_value("course")
    expect(form.get_by_label("Hide my name")).to_be_visible()
    begin(page, "awake at night")  # beside the open form
    expect(text).to_have_value("Half a thou")
    expect(form.locator("blockquote")).to_have_text("awake at night")
    text.press("End")
    page.keyboard.type("ght")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    note = Annotation.objects.get()
    assert (note.body, note.quote, note.tags) == ("Half a thought", "awake at night", ["dogs"])
    begin(page, "lazy dog")
    expect(text).to_have_value("")
    text.fill("Given up")
    page.once("dialog", lambda dialog: dialog.dismiss())
    form.get_by_role("button", name="Cancel").click()
    expect(text).to_have_value("Given up")
    page.once("dialog", lambda dialog: dialog.accept())
    form.get_by_role("button", name="Cancel").click()
    begin(page, "lazy dog")
    expect(text).to_have_value("")


def test_tags_alone_are_kept_too(opened):
    page = opened()
    form = page.get_by_role("dialog")
    begin(page, "lazy dog")
    form.get_by_label("Tags").fill("dogs")
    page.keyboard.press("Escape")
    page.reload()
    begin(page, "lazy dog")
    expect(form.get_by_label("Tags")).to_have_value("dogs")


def test_nobody_else_is_shown_a_draft(opened):
    page = opened()
    begin(page, "lazy dog")
    page.get_by_role("dialog").get_by_label("Your note").fill("Mine alone")
    sign_in_as(page, make_user("mate"))
    page.goto("/books/tiny-book/foxes.html")
    begin(page, "lazy dog")
    expect(page.get_by_role("dialog").get_by_label("Your note")).to_have_value("")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_note_mode_says_what_it_does_and_works_by_clicks(opened, width, scheme):
    page = opened(width=width, has_touch=width < 400, color_scheme=scheme)
    bar(page).get_by_role("button", name="Note mode").click()
    expect(page.locator(".bookbinder-mode-help")).to_contain_text("click or tap a paragraph")
    look(page, f"form-mode-{width}-{scheme}")
    assert axe.faults(page, OURS) == []
    form = page.get_by_role("dialog")
    for words in ("A fox is awake at night", "The quick brown fox"):
        block = page.locator("section p", has_text=words).last
        block.scroll_into_view_if_needed()
        block.tap() if width < 400 else block.click()
        expect(form.get_by_label("Passage")).to_have_value(re.compile(f"^{words}"))
        form.get_by_label("Your note").fill(f"On {words}")
        look(page, f"form-mode-form-{width}-{scheme}")
        form.get_by_role("button", name="Save").click()
        expect(form).to_be_hidden()
    page.get_by_role("button", name="Leave note mode").click()
    expect(page.locator(".bookbinder-mode-help")).to_have_count(0)
    page.locator("section p", has_text="It is rarely").click()
    expect(form).to_have_count(0)
    assert Annotation.objects.count() == 2


def test_a_long_press_shows_the_buttons(opened):
    page = opened(width=390, has_touch=True, is_mobile=True)
    tip = page.get_by_role("button", name="Note", exact=True)
    box = page.locator("section p", has_text="A fox is awake").bounding_box()
    touch = page.context.new_cdp_session(page)
    point = {"x": box["x"] + 30, "y": box["y"] + 10}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    page.wait_for_timeout(150)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(900)
    expect(tip).to_be_hidden()  # that was a tap
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    page.wait_for_timeout(900)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(tip).to_be_visible()
    look(page, "form-long-press")
    tip.tap()
    expect(page.get_by_role("dialog").locator("blockquote")).to_contain_text("A fox is awake")


def test_a_reply_hides_a_name_where_notes_may(opened):
    page = opened()
    note_on(page, "lazy dog", "Whose dog?", "My whole course")
    mate = opened("mate")
    mate.get_by_role("button", name="1 note on this paragraph").click()
    panel(mate).get_by_role("button", name="Reply").click()
    form = mate.get_by_role("dialog")
    form.get_by_label("Your note").fill("Nobody's")
    form.get_by_label("Hide my name").check()
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    assert Annotation.objects.get(body="Nobody's").anonymous
    page.reload()
    page.get_by_role("button", name="1 note on this paragraph").click()
    expect(panel(page)).to_contain_text("A classmate")
    expect(panel(page)).not_to_contain_text("Mate")
    Course.objects.update(course_notes="named")
    mate.reload()
    mate.get_by_role("button", name="1 note on this paragraph").click()
    panel(mate).get_by_role("button", name="Reply").first.click()
    expect(form.get_by_label("Your note")).to_be_visible()
    expect(form.get_by_label("Hide my name")).to_have_count(0)
    assert BookPage.objects.exists()
