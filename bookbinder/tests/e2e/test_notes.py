"""Notes in the reader: by mouse and by keyboard, shared and answered, in two tabs."""

import os
import re

import pytest
from playwright.sync_api import expect

from annotations import page_notes
from annotations.models import Annotation
from bookbinder.tests.e2e import axe, prose, reading
from bookbinder.tests.e2e.prose import drawn, fill, note_on, panel, select
from bookbinder.tests.e2e.reading import bar, sign_in_as
from bookbinder.tests.support import annotating
from books.models import Author, Book
from books.models import Page as BookPage
from conftest import enroll, make_user
from grading.models import Course, Instructor

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]
OURS = ".bookbinder-bar, .bookbinder-panel, .bookbinder-dialog, .bookbinder-marker, .bookbinder-tip"
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder, for who wants to look


def look(page, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=f"{SCREENSHOTS}/{name}.png")


@pytest.fixture
def published(tmp_path, transactional_db):
    prose.publish(tmp_path)
    return tmp_path


@pytest.fixture
def sam(published):
    return reading.make_student(course_notes="anonymous")


@pytest.fixture
def ines(sam):
    ines = make_user("ines")
    Instructor.objects.create(course=Course.objects.get(), user=ines)
    return ines


@pytest.fixture
def opened(visit):
    """Return a function that opens the page of foxes as somebody."""

    def open_as(user, **options):
        page = visit(**({"viewport": {"width": 1280, "height": 800}} | options))
        sign_in_as(page, user)
        page.goto("/books/tiny-book/foxes.html")
        expect(bar(page).get_by_role("button", name="Note mode")).to_be_visible()
        return page

    return open_as


def test_a_passage_is_selected_and_noted_on(opened, sam):
    page = opened(sam)
    note_on(page, "brown fox jumps", "Is it a **red** one?", Tags="colour, animals")
    note = Annotation.objects.get()
    assert (note.quote, note.audience) == ("brown fox jumps", "private")
    assert note.tags == ["colour", "animals"]
    assert drawn(page, "mine") == ["brown fox jumps"]
    marker = page.get_by_role("button", name="1 note on this paragraph")
    marker.click()
    expect(panel(page)).to_contain_text("Is it a red one?")
    expect(panel(page).locator("strong", has_text="red")).to_be_visible()
    look(page, "notes-desk-panel")
    assert axe.faults(page, OURS) == []
    page.keyboard.press("Escape")
    expect(marker).to_be_focused()
    page.reload()
    expect(marker).to_be_visible()
    assert drawn(page, "mine") == ["brown fox jumps"]


def test_an_emoji_and_a_formula_are_counted_as_the_server_does(opened, sam):
    page = opened(sam)
    note_on(page, "It never looks back", "After the emoji.")
    page.evaluate(
        """() => {
          const paragraph = document.querySelector("p .math").parentElement;
          getSelection().selectAllChildren(paragraph);
        }"""
    )
    page.get_by_role("button", name="Note", exact=True).click()
    expect(page.get_by_role("dialog").locator("blockquote")).to_contain_text("since […].")
    fill(page, "All of it.")
    first, second = Annotation.objects.order_by("pk")
    assert first.quote == "It never looks back"
    assert second.quote.startswith("The quick") and second.quote.endswith("since \ufffc.")


def test_a_highlight_takes_one_press(opened, sam):
    page = opened(sam)
    select(page, "awake at night")
    page.get_by_role("button", name="Highlight", exact=True).click()
    expect(page.get_by_role("button", name="1 highlight on this paragraph")).to_be_visible()
    assert Annotation.objects.get().motivation == "highlighting"
    assert drawn(page, "mine") == ["awake at night"]


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_note_is_written_by_keyboard_alone(opened, sam):
    page = opened(sam)
    mode = bar(page).get_by_role("button", name="Note mode")
    # The skip link is the first stop of the page; the bar's buttons follow.
    press(page, "Tab", "Enter")
    for _press in range(20):
        if mode.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    press(page, "Enter")
    expect(mode).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    press(page, "ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("The quick brown")
    look(page, "notes-desk-mode")
    assert axe.faults(page, OURS) == []
    press(page, "Enter")
    dialog = page.get_by_role("dialog")
    text, passage = dialog.get_by_label("Your note"), dialog.get_by_label("Passage")
    expect(text).to_be_focused()
    look(page, "notes-desk-dialog")
    assert axe.faults(page, OURS) == []
    press(page, "Shift+Tab")
    expect(passage).to_be_focused()
    press(page, "Control+ArrowRight", "Shift+Control+ArrowRight", "Shift+Control+ArrowRight")
    page.keyboard.type("Two words")  # which are for the note, and end there
    expect(text).to_be_focused()
    assert passage.input_value().startswith("The quick brown fox")
    press(page, "Tab", "Tab", "Tab", "Enter")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent").startswith("The quick brown")
    press(page, "Escape")
    expect(mode).to_be_focused()
    assert Annotation.objects.get().quote == "quick brown"
    assert Annotation.objects.get().body == "Two words"


def test_a_whole_block_a_figure_and_a_question_are_noted_on(opened, sam):
    page = opened(sam)
    bar(page).get_by_role("button", name="Note mode").click()
    told = []
    for _step in range(12):
        words = page.evaluate("document.activeElement.textContent.trim().slice(0, 12)")
        if words.startswith(("It is rarely", "Where foxes", "How many")) and words not in told:
            told.append(words)
            page.keyboard.press("Enter")
            fill(page, f"On {words}")
        page.keyboard.press("ArrowDown")
    places = [(note.quote, note.fragment) for note in Annotation.objects.order_by("pk")]
    assert places[0] == ("It is rarely seen.", "")
    assert {fragment for _quote, fragment in places[1:]} >= {"legs"}


def test_a_question_to_the_instructor_is_answered_and_resolved(opened, sam, ines):
    student = opened(sam)
    note_on(student, "sleeps for most", "Why in a den?", "My course's instructors")
    teacher = opened(ines)
    teacher.get_by_role("button", name="1 note on this paragraph").click()
    assert drawn(teacher, "course") == ["sleeps for most"]
    thread = panel(teacher).get_by_role("article")
    expect(thread).to_contain_text("Sam Tester")
    thread.get_by_role("button", name="Reply").click()
    teacher.get_by_role("dialog").get_by_label("Your note").fill("It is *safe* there.")
    teacher.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(thread).to_contain_text("It is safe there.")
    thread.get_by_role("button", name="Mark as resolved").click()
    expect(thread.get_by_text("resolved", exact=True)).to_be_visible()
    student.reload()
    student.get_by_role("button", name="1 note on this paragraph").click()
    expect(panel(student)).to_contain_text("It is safe there.")
    expect(panel(student).get_by_text("instructor", exact=True)).to_be_visible()
    look(student, "notes-desk-thread")
    assert axe.faults(student, OURS) == []


def test_a_course_wide_note_without_a_name_says_who_still_sees_it(opened, sam, ines):
    page = opened(sam)
    select(page, "mice and berries")
    page.get_by_role("button", name="Note", exact=True).click()
    form = page.get_by_role("dialog")
    form.get_by_label("Your note").fill("Yummy")
    expect(form.get_by_label("Hide my name")).to_be_hidden()
    form.get_by_label("Who can read it").select_option(label="My whole course")
    form.get_by_label("Hide my name").check()
    expect(form).to_contain_text("Your instructors still see your name.")
    look(page, "notes-desk-anonymous")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    mate = make_user("mate")
    enroll(mate, Course.objects.get())
    theirs = opened(mate)
    theirs.get_by_role("button", name="1 note on this paragraph").click()
    expect(panel(theirs)).to_contain_text("A classmate")
    expect(panel(theirs)).not_to_contain_text("Sam")
    taught = opened(ines)
    taught.get_by_role("button", name="1 note on this paragraph").click()
    expect(panel(taught)).to_contain_text("Sam Tester")
    taught.get_by_role("button", name="Hide from the course").click()
    expect(panel(taught).get_by_text("hidden from the course")).to_be_visible()
    theirs.reload()
    expect(bar(theirs)).to_contain_text("0 notes")


def test_a_problem_is_reported_to_the_authors(opened, sam):
    author = make_user("ada")
    Author.objects.create(book=Book.objects.get(), user=author)
    page = opened(sam)
    select(page, "under the ground")
    page.get_by_role("button", name="Note", exact=True).click()
    form = page.get_by_role("dialog")
    form.get_by_label("Your note").fill("Above it, I think.")
    form.get_by_label("Who can read it").select_option(
        label="The book's authors (report a problem)"
    )
    form.get_by_label("What is the problem?").select_option(label="Something is wrong")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    report = Annotation.objects.get()
    assert (report.audience, report.problem, report.status) == ("authors", "error", "new")
    theirs = opened(author)
    assert drawn(theirs, "author") == ["under the ground"]


def test_two_tabs_that_change_one_note_lose_nothing(opened, sam):
    first = opened(sam)
    note_on(first, "lazy dog", "First words")
    second = opened(sam)
    for page in (first, second):
        page.get_by_role("button", name="1 note on this paragraph").click()
        panel(page).get_by_role("button", name="Change").click()
    fill(second, "Words of the second tab")
    form = first.get_by_role("dialog")
    form.get_by_label("Your note").fill("Words of the first tab")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Words of the second tab")
    assert form.get_by_label("Your note").input_value() == "Words of the first tab"
    look(first, "notes-desk-conflict")
    assert axe.faults(first, OURS) == []
    assert Annotation.objects.get().body == "Words of the second tab"
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    assert Annotation.objects.get().body == "Words of the first tab"


def test_a_note_is_deleted_after_a_question(opened, sam):
    page = opened(sam)
    note_on(page, "lazy dog", "Gone soon")
    page.get_by_role("button", name="1 note on this paragraph").click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    panel(page).get_by_role("button", name="Delete").click()
    assert Annotation.objects.exists()
    page.once("dialog", lambda dialog: dialog.accept())
    panel(page).get_by_role("button", name="Delete").click()
    expect(panel(page)).to_contain_text("No notes on this page yet.")
    assert not Annotation.objects.exists()
    assert drawn(page, "mine") == []


def test_the_whole_page_is_noted_on(opened, sam):
    page = opened(sam)
    bar(page).get_by_role("button", name="0 notes").click()
    panel(page).get_by_role("button", name="Note on the whole page").click()
    fill(page, "A fine page")
    expect(panel(page).get_by_role("article")).to_contain_text("A fine page")
    assert Annotation.objects.get().start is None
    assert page.get_by_role("button", name="on this paragraph").count() == 0


def test_more_readers_are_asked_about_first(opened, sam):
    page = opened(sam)
    note_on(page, "lazy dog", "For me")
    page.get_by_role("button", name="1 note on this paragraph").click()
    panel(page).get_by_role("button", name="Change").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Who can read it").select_option(label="My course's instructors")
    page.once("dialog", lambda dialog: dialog.dismiss())
    form.get_by_role("button", name="Save").click()
    assert Annotation.objects.get().audience == "private"
    page.once("dialog", lambda dialog: dialog.accept())
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    assert Annotation.objects.get().audience == "instructors"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_when_the_notes_arrive(opened, sam, width):
    page = opened(sam, viewport={"width": width, "height": 800})
    for words in ("brown fox", "awake at night", "mice and berries"):
        note_on(page, words, "Here")
    page.context.add_init_script(reading.WATCH_SHIFTS)
    page.reload()
    expect(page.get_by_role("button", name="1 note on this paragraph")).to_have_count(3)
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifts") == []


def test_without_a_connection_the_form_keeps_what_was_written(opened, sam):
    page = opened(sam)
    select(page, "lazy dog")
    page.get_by_role("button", name="Note", exact=True).click()
    form = page.get_by_role("dialog")
    form.get_by_label("Your note").fill("Kept")
    page.context.set_offline(True)
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("No connection")
    page.context.set_offline(False)
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    assert Annotation.objects.get().body == "Kept"


def test_the_address_of_a_note_opens_it(opened, sam):
    page = opened(sam)
    note_on(page, "rarely seen", "By its address")
    page.goto(f"/books/tiny-book/foxes.html#note-{Annotation.objects.get().uuid}")
    page.reload()
    expect(panel(page).get_by_role("article")).to_be_focused()


def test_many_notes_are_loaded_in_parts(opened, sam, monkeypatch):
    monkeypatch.setattr(page_notes, "PART", 2)  # five of these are loaded without being asked for
    numbers = [f"Number {at:02}" for at in range(12)]
    foxes = BookPage.objects.get(url="foxes")
    notes = [annotating.note_on(sam, foxes, "rarely seen", body=text) for text in numbers]
    page = opened(sam)
    page.get_by_role("button", name="10+ notes").click()
    expect(panel(page).get_by_role("article")).to_have_count(10)
    page.goto(f"/books/tiny-book/foxes.html#note-{notes[-1].uuid}")
    page.reload()
    expect(panel(page).get_by_role("article").filter(has_text="Number 11")).to_be_focused()
    expect(bar(page).get_by_role("button", name="11+ notes")).to_be_visible()
    panel(page).get_by_role("button", name="Further notes").click()
    expect(panel(page).get_by_role("article")).to_have_text([re.compile(text) for text in numbers])
    expect(bar(page).get_by_role("button", name="12 notes")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Further notes")).to_have_count(0)


def test_who_has_no_account_has_no_notes(visit, published):
    page = visit()
    page.goto("/books/tiny-book/foxes.html")
    expect(bar(page)).to_contain_text("Sign in")
    select(page, "lazy dog")
    page.wait_for_timeout(400)
    assert page.get_by_role("button", name="Note", exact=True).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["alabaster", "furo", "sphinx_book_theme"])
def test_notes_fit_each_theme_on_a_phone(visit, tmp_path, transactional_db, theme, scheme):
    prose.publish(tmp_path, theme)
    sam = reading.make_student()
    page = visit(viewport={"width": 390, "height": 800}, color_scheme=scheme, has_touch=True)
    sign_in_as(page, sam)
    page.goto("/books/tiny-book/foxes.html")
    expect(bar(page)).to_contain_text("0 notes")
    note_on(page, "brown fox jumps", "On the phone")
    note_on(page, "awake at night", "Once more")
    look(page, f"notes-phone-{theme}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="1 note on this paragraph").first.click()
    look(page, f"notes-phone-{theme}-{scheme}-panel")
    assert axe.faults(page, OURS) == []
