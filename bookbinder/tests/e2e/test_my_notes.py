"""Django's own pages of notes in a browser: my notes, a page's, as it was, and the two inboxes."""

import os
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from annotations import mail, page_texts
from annotations.models import Annotation
from bookbinder.tests.e2e import axe
from bookbinder.tests.e2e.reading import sign_in_as
from books.models import Author
from conftest import enroll, lay_page, make_book, make_course, make_note, make_page, make_user
from grading.models import Instructor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENSHOTS = os.environ.get("SCREENSHOTS")  # a folder, for who wants to look
SIZES = ({"width": 1280, "height": 850}, {"width": 390, "height": 800})
TEXT = "The quick brown fox jumps over the lazy dog. It never looks back at it."
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3


@pytest.fixture
def page_of_book():
    page = make_page(make_book(), "foxes")
    lay_page(page, f"<p>{TEXT}</p>\n<h2>Foxes</h2>\n<p>It sleeps.</p>")
    return page


@pytest.fixture
def course(page_of_book):
    return make_course(page_of_book.book, course_notes="anonymous")


@pytest.fixture
def sam(course):
    sam = make_user("sam")
    enroll(sam, course)
    return sam


@pytest.fixture
def ines(course):
    ines = make_user("ines")
    Instructor.objects.create(course=course, user=ines)
    return ines


@pytest.fixture
def ada(page_of_book):
    ada = make_user("ada")
    Author.objects.create(book=page_of_book.book, user=ada)
    return ada


@pytest.fixture
def notes(sam, ines, page_of_book, course):
    """Thirty notes of sam's: one in each state, and more of the plain ones."""
    page, now = page_of_book, timezone.now()
    revision = page_texts.revision_of(page, page_texts.of(page))
    made = {"revision": revision, "orig_revision": revision}
    red = {"quote": "quick red fox", "displaced_at": now, "state": "changed"}
    shared = {"audience": "course", "course": course}
    asked = make_note(
        sam, page, "Why is it *quick*? See `fox.run()`.", motivation="questioning",
        audience="instructors", course=course, tags=["exam", "speed"], resolved_at=now, **made,
    )  # fmt: skip
    make_note(ines, page, "Since.", **shared, root=asked, parent=asked, motivation="replying")
    Annotation.objects.filter(root=asked).update(audience="instructors")
    make_note(sam, page, "It was brown.", tags=["exam"], **(made | red))
    gone = {"start": None, "end": None, "state": "orphan"}
    make_note(sam, page, "Where is it now?", **gone, **made)
    place = {"page": page.pk, "start": 28, "end": 33, "quote": "jumps"}
    make_note(sam, page, "It may be there.", suggestion=place, **gone, **made)
    make_note(sam, page, f"Not nice {LONG}", hidden_at=now, hidden_by=ines, **shared)
    make_note(sam, page, "Yummy", anonymous=True, pinned=True, **shared)
    for status, problem in (("new", "error"), ("fixed", "typo"), ("declined", "unclear")):
        make_note(
            sam, page, f"Reported as {problem}", audience="authors", motivation="editing",
            problem=problem, status=status, tags=["report"],
        )  # fmt: skip
    make_note(sam, page, "", motivation="highlighting", **made)
    lost = make_note(sam, page, "1. one\n2. two\n\n> said\n\n```\ncode\n```", **gone)
    Annotation.objects.filter(pk=lost.pk).update(page=None)
    for i in range(18):
        make_note(sam, page, f"Plain note {i}", tags=["plain"])
    return Annotation.objects.filter(user=sam)


@pytest.fixture
def opened(visit):
    """Return a function that opens a page as somebody."""

    def open_as(user, path, **options):
        page = visit(**({"viewport": SIZES[0]} | options))
        sign_in_as(page, user)
        page.goto(path)
        return page

    return open_as


def check(page, name: str, within: str = "html") -> None:
    """Nothing for axe and no sideways scrolling, at both widths."""
    scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
    for size in SIZES:
        page.set_viewport_size(size)
        if SCREENSHOTS:
            shot = f"{name}-{size['width']}-{scheme}.png"
            page.screenshot(path=Path(SCREENSHOTS) / shot, full_page=True)
        assert axe.faults(page, within) == [], (name, size)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], (name, size)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_notes(opened, notes, sam, page_of_book, scheme):
    page = opened(make_user("una"), "/notes/", color_scheme=scheme)
    check(page, "notes-empty")
    sign_in_as(page, sam)
    page.goto("/notes/")
    assert page.get_by_role("article").count() == 29
    check(page, "notes-all")
    page.goto("/notes/?q=nothing+like+it&tag=exam")
    expect(page.get_by_role("main")).to_contain_text("None of your notes match.")
    check(page, "notes-none-found")
    page.goto("/notes/on/tiny/foxes")
    check(page, "notes-on-page")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".errorlist")).to_contain_text("Write something first.")
    check(page, "notes-on-page-wrong")
    changed = notes.get(state="changed")
    for act in ("change", "reply", "delete", "as-it-was"):
        page.goto(f"/notes/{changed.uuid}/{act}/")
        check(page, f"note-{act}")
    page.goto("/notes/" + mail.LETTERS.stop_address(sam).partition("/notes/")[2])
    check(page, "notes-stop-letters")
    page.get_by_role("button", name="no more e-mails").click()
    check(page, "notes-letters-stopped")


def test_notes_are_searched_filtered_and_taken_out(opened, notes, sam):
    page = opened(sam, "/notes/")
    main = page.get_by_role("main")
    page.get_by_label("Search").fill("quick exam")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(main.get_by_role("article")).to_have_count(2)
    page.get_by_label("Its passage").select_option(label="changed")
    page.get_by_role("button", name="Show", exact=True).click()
    note = main.get_by_role("article")
    expect(note).to_have_count(1)
    expect(note.locator("del")).to_have_text("brown")
    expect(note.locator("ins")).to_have_text("red")
    for kind, told in (("Markdown", "It was brown."), ("CSV", "It was brown."), ("JSON", "brown")):
        with page.expect_download() as download:
            main.get_by_role("link", name=kind).click()
        data = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert told in data
        assert "Plain note" not in data
    page.get_by_role("link", name="Show all").click()
    expect(main.get_by_role("article")).to_have_count(29)
    main.get_by_role("link", name="speed").click()
    expect(main.get_by_role("article")).to_have_count(1)


def test_the_list_prints_notes_and_nothing_to_press(opened, notes, sam):
    page = opened(sam, "/notes/")
    page.emulate_media(media="print")
    expect(page.get_by_text("Plain note 7")).to_be_visible()
    for selector in ("header.site-header", "form.filters", ".note-acts", "main button"):
        assert not page.locator(selector).first.is_visible(), selector
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / "notes-print.png", full_page=True)


def tab_to(page, text: str) -> None:
    """Press Tab until a thing of that text has the focus."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if text in page.evaluate("document.activeElement.textContent.trim()"):
            return
    raise AssertionError(f"Tab does not lead to {text}")


def test_the_pages_are_walked_by_keyboard_and_without_javascript(opened, sam, page_of_book):
    page = opened(sam, "/books/tiny/")
    tab_to(page, "Notes · Foxes")
    page.keyboard.press("Enter")
    page.wait_for_url("**/notes/on/tiny/foxes")
    page.goto(page.url)
    for _press in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "passage":
            break
    page.keyboard.type("It sl")
    page.keyboard.press("Tab")
    page.keyboard.type("By keyboard")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article")).to_contain_text("By keyboard")
    assert Annotation.objects.get().quote == "It sleeps."


def test_a_note_is_written_and_changed_with_scripts_switched_off(opened, sam, page_of_book):
    page = opened(sam, "/notes/on/tiny/foxes", java_script_enabled=False)
    page.get_by_label("Passage").select_option(index=1)
    page.get_by_label("Your note").fill("No script")
    page.get_by_role("button", name="Save").click()
    note = page.get_by_role("article")
    expect(note).to_contain_text("No script")
    expect(note.locator("blockquote")).to_contain_text("The quick brown fox")
    note.get_by_role("link", name="Change").click()
    page.get_by_label("Your note").fill("Still no script")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("article")).to_contain_text("Still no script")
    page.get_by_role("article").get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("main")).to_contain_text("There are no notes on this page yet.")


INBOXES = ".passage, .thread-reply, .field-text, .field-reply, .field-status"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_instructor_answers_and_hides_in_the_inbox(opened, notes, ines, scheme):
    page = opened(ines, reverse("admin:annotations_sharednote_changelist"), color_scheme=scheme)
    look(page, "inbox-notes", scheme)
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_role("link", name="No", exact=True).last.click()  # not hidden
    expect(rows).to_have_count(2)
    rows.filter(has_text="Yummy").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Hide from the course")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("Notes changed: 1.")
    assert Annotation.objects.get(body="Yummy").hidden_by == ines
    page.get_by_role("link", name="Why is it *quick*").click()
    expect(page.locator(".field-text")).to_contain_text("Why is it quick?")
    look(page, "inbox-note", scheme)
    assert axe.faults(page, INBOXES) == []
    page.get_by_label("Reply").fill("Since it **runs**.")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".thread-reply").last).to_contain_text("Since it runs.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_author_marks_a_report_as_fixed(opened, notes, ada, mailoutbox, scheme):
    Annotation.objects.filter(problem="error").update(
        state="changed", quote="quick red fox", displaced_at=timezone.now()
    )
    page = opened(ada, reverse("admin:annotations_problemreport_changelist"), color_scheme=scheme)
    look(page, "inbox-reports", scheme)
    page.get_by_role("link", name="Reported as error").click()
    expect(page.locator(".field-whole_passage del")).to_have_text("brown")
    expect(page.locator(".field-displaced")).to_contain_text("has changed on")
    look(page, "inbox-report", scheme)
    assert axe.faults(page, INBOXES) == []
    page.get_by_label("Status").select_option(label="fixed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_be_visible()
    assert Annotation.objects.get(problem="error").status == "fixed"
    assert mailoutbox[-1].to == ["sam@example.org"]


def look(page, name: str, scheme: str) -> None:
    """The admin at both widths: of its change pages nothing is wider than a phone."""
    for size in SIZES:
        page.set_viewport_size(size)
        if SCREENSHOTS:
            shot = f"{name}-{size['width']}-{scheme}.png"
            page.screenshot(path=Path(SCREENSHOTS) / shot, full_page=True)
    page.set_viewport_size(SIZES[0])


def test_who_teaches_and_writes_nothing_has_no_inbox(opened, notes, sam):
    page = opened(sam, reverse("admin:annotations_sharednote_changelist"))
    assert "/admin/login/" in page.url
    assert "Why is it" not in page.content()
