"""Answering in the reader: by keyboard, with drafts and earlier attempts, in two tabs."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from bookbinder.tests.e2e import reading
from bookbinder.tests.e2e.reading import bar, question, read, result, send, sign_in_as
from bookbinder.tests.support.syncing import change, sync
from grading.models import Answer, Attempt, Course

pytestmark = [pytest.mark.browser, pytest.mark.sphinx, pytest.mark.usefixtures("published")]


@pytest.fixture
def sam(published):
    return reading.make_student()


@pytest.fixture
def page(visit, sam):
    page = visit(viewport={"width": 1280, "height": 700})
    sign_in_as(page, sam)
    return page


def test_a_closed_question_says_so_before_anything_is_typed(visit, sam):
    closed = datetime(2026, 1, 1, tzinfo=UTC)
    Course.objects.update(closes_at=closed, time_zone="Europe/Helsinki")
    page = visit(viewport={"width": 1280, "height": 700})
    sign_in_as(page, sam)
    read(page, "cities")
    told = "Closed since Jan. 1, 2026, 2 a.m. (Europe/Helsinki)"
    expect(question(page, "capital")).to_contain_text(f"Your course is not open now. {told}")
    expect(page.get_by_role("navigation", name="Book Binder")).to_contain_text(told)
    button = question(page, "capital").get_by_role("button", name="Check")
    expect(button).to_have_attribute("aria-disabled", "true")
    reading.check(page, "closed")


def tab_to(page, role: str, name: str) -> None:
    """Press Tab until the focus is on what has this role and name."""
    wanted = page.get_by_role(role, name=name)
    for _press in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate_all("found => found.includes(document.activeElement)"):
            return
    raise AssertionError(f"no way by Tab to {role} {name!r}")


def test_a_page_is_read_and_answered_by_keyboard_alone(page):
    read(page, "cities")
    tab_to(page, "radio", "Turku")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(result(page, "capital")).to_contain_text("1 of 1 point")
    expect(result(page, "capital")).to_contain_text("Yes, it is.")
    button = question(page, "capital").get_by_role("button", name="Check")
    expect(button).to_be_focused()
    tab_to(page, "link", "Next unanswered question")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="two")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    tab_to(page, "button", "Check")
    page.keyboard.press("Enter")
    expect(result(page, "primes")).to_contain_text("3 of 3 points")
    expect(bar(page)).to_contain_text("2 of 2 answered")
    expect(bar(page)).to_contain_text("4 of 4 points")
    tab_to(page, "link", "Next unanswered question")
    page.keyboard.press("Enter")
    page.wait_for_url("**/numbers.html#adding")
    read(page, "numbers")
    tab_to(page, "textbox", "Your answer")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(result(page, "adding")).to_contain_text("2 of 2 points")
    expect(page.get_by_role("textbox").first).to_be_focused()
    assert Answer.objects.count() == 3
    reading.check(page, "keyboard")


def test_a_keyboard_jumps_to_the_bar_and_opens_its_menu(page):
    read(page, "cities")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the Book Binder bar")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "button", "Sam Tester")
    page.keyboard.press("Enter")
    expect(bar(page).get_by_text("Whole book: 0 of 6 answered, 0 of 18 points")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sam Tester")).to_be_focused()
    expect(bar(page).get_by_text("Whole book")).to_be_hidden()


def test_feedback_is_announced_and_old_results_are_not(page):
    read(page, "cities")
    send_choice(page, "Helsinki", "Yes, it is.")
    assert result(page, "capital").get_attribute("aria-live") is None
    read(page, "cities")
    expect(result(page, "capital")).to_have_attribute("aria-live", "off")
    expect(result(page, "capital")).to_contain_text("1 of 1 point")
    expect(page.get_by_text("Yes, it is.")).to_be_hidden()
    result(page, "capital").get_by_text("Feedback").click()
    expect(page.get_by_text("Yes, it is.")).to_be_visible()
    reading.check(page, "folded")


def send_choice(page, name: str, told: str) -> None:
    page.get_by_label(name).check()
    question(page, "capital").get_by_role("button", name="Check").click()
    expect(result(page, "capital")).to_contain_text(told)


def test_earlier_attempts_open_and_none_are_left_in_the_end(page):
    Course.objects.update(attempt_limit=2)
    read(page, "numbers")
    adding = question(page, "adding")
    expect(adding).to_contain_text("2 attempts left")
    send(page, "adding", "5", "Partly correct. 0.5 of 2 points")
    expect(adding).to_contain_text("1 attempt left")
    send(page, "adding", "7", "Incorrect. 0 of 2 points")
    expect(adding).to_contain_text("No attempts left")
    button = adding.get_by_role("button", name="Check")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_be_focused()
    adding.get_by_text("My attempts (2)").click()
    tries = adding.get_by_role("listitem")
    expect(tries).to_have_count(2)
    expect(tries.nth(0)).to_contain_text("7")
    expect(tries.nth(1)).to_contain_text("Nearly.")
    reading.check(page, "none-left")
    button.press("Enter")
    page.reload()
    expect(adding.get_by_text("My attempts (2)")).to_be_visible()
    expect(button).to_have_attribute("aria-disabled", "true")
    assert Attempt.objects.count() == 2


def test_the_best_attempt_counts_in_the_bar_where_the_course_says_so(page):
    Course.objects.update(attempts_policy="best")
    read(page, "numbers")
    send(page, "adding", "4", "Correct. 2 of 2 points")
    send(page, "adding", "7", "0 of 2 points")
    expect(bar(page)).to_contain_text("2 of 14 points")


def test_a_question_that_is_switched_off_takes_no_answer(page):
    course = Course.objects.get()
    course.interactives.create(question_id=id_of("why"), enabled=False)
    read(page, "numbers")
    expect(result(page, "why")).to_contain_text("switched off in your course")
    question(page, "why").get_by_label("Your answer").press("Enter")
    expect(bar(page)).to_contain_text("0 of 3 answered")
    assert not Attempt.objects.exists()


def id_of(label: str) -> int:
    from books.models import Question

    return Question.objects.get(label=label).pk


def test_a_draft_comes_back_and_goes_when_it_is_sent(page):
    read(page, "numbers")
    essay = question(page, "essay").get_by_label("Your answer")
    essay.fill("Once upon a time")
    read(page, "numbers")
    expect(essay).to_have_value("Once upon a time")
    expect(question(page, "essay")).to_contain_text("Draft restored.")
    reading.check(page, "draft")
    question(page, "essay").get_by_role("button", name="Submit").click()
    expect(result(page, "essay")).to_contain_text("It will be graded by a person.")
    read(page, "numbers")
    expect(essay).to_have_value("Once upon a time")
    expect(question(page, "essay")).not_to_contain_text("Draft restored.")


def test_nobody_sees_the_draft_of_another_person(page):
    read(page, "numbers")
    question(page, "essay").get_by_label("Your answer").fill("My secret")
    sign_in_as(page, reading.make_student("eve"))
    read(page, "numbers")
    expect(page.get_by_role("button", name="Eve Tester")).to_be_visible()
    expect(question(page, "essay").get_by_label("Your answer")).to_have_value("")
    expect(question(page, "essay")).not_to_contain_text("Draft restored.")


def test_two_tabs_agree(page):
    read(page, "numbers")
    twin, other = page.context.new_page(), page.context.new_page()
    read(twin, "numbers")
    read(other, "cities")
    send(page, "why", "because", "1 of 1 point")
    expect(result(twin, "why")).to_contain_text("1 of 1 point")
    expect(question(twin, "why").get_by_label("Your answer")).to_have_value("because")
    expect(bar(twin)).to_contain_text("1 of 14 points")
    expect(bar(other)).to_contain_text("Whole book: 1 of 6 answered")


def test_a_tab_from_before_an_edition_is_told_to_reload(page, source):
    read(page, "numbers")
    question(page, "essay").get_by_label("Your answer").fill("A draft of mine")
    change(source, "numbers.rst", "Why?", "Why not?")
    assert sync(source, "--noinput", "--no-back-annotate", "--delete-user-data")[0] == 0
    send(page, "why", "because", "changed")
    assert not Attempt.objects.exists()
    reading.check(page, "changed")
    result(page, "why").get_by_role("button", name="Reload the page").click()
    expect(page.get_by_text("Why not?")).to_be_visible()
    expect(question(page, "why").get_by_label("Your answer")).to_have_value("because")
    send(page, "why", "because", "1 of 1 point")
    send(page, "adding", "4", "2 of 2 points")


def test_what_the_server_refuses_is_told_and_kept_as_a_draft(page):
    read(page, "numbers")
    send(page, "why", "x" * 20_000, "characters")
    read(page, "numbers")
    expect(question(page, "why").get_by_label("Your answer")).to_have_value("x" * 20_000)
