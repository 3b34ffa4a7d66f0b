"""The admin in a browser: its lists fit a window of 1,280 pixels, and it is as readable as the site."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotations.models import Annotation
from bookbinder.tests.e2e import axe
from bookbinder.tests.e2e.reading import look, sign_in_as
from books.models import Feedback, Question
from conftest import (
    enroll,
    make_answer,
    make_book,
    make_course,
    make_feedback,
    make_note,
    make_page,
    make_question,
    make_user,
)
from grading.models import Grade, Override, Regrade, RuleChange

pytestmark = pytest.mark.browser
LISTS = (
    "grading/course", "grading/enrollment", "grading/answer", "grading/attempt",
    "grading/override", "grading/grade", "grading/regrade", "grading/rulechange", "books/book",
    "books/page", "books/question", "books/release", "annotations/sharednote",
    "annotations/problemreport", "accounts/user", "account/emailaddress",
)  # fmt: skip
WIDTHS = "() => { const list = document.querySelector('.results'); return [list.scrollWidth, list.clientWidth]; }"


@pytest.fixture
def root(transactional_db):
    """An admin, with one row or more in each list, whose texts are as long as real ones."""
    book = make_book("everyday-chemistry", title="Everyday Chemistry for the First Term")
    page = make_page(book, "acids-and-bases", title="Acids and Bases in the Kitchen")
    question = make_question(page, "boiling-point-of-water", prompt="At how many degrees?" * 5)
    feedback = make_feedback(question, "100 +- 0.5")
    Feedback.objects.filter(pk=feedback.pk).update(conflicts="reply")
    course = make_course(book, name="Everyday Chemistry, Autumn 2026")
    student = make_user("constantin", first_name="Constantin", last_name="Papadopoulos")
    answer = make_answer(enroll(student, course), question, points=None)
    given = {"created_by": student, "points": 1}
    why = "Answered orally, in the last lesson before the holidays."
    Grade.objects.create(attempt=answer.attempt, comment=why, ended_at=timezone.now(), **given)
    Override.objects.create(
        enrollment=answer.enrollment,
        question=question,
        reason=why,
        ended_at=timezone.now(),
        **given,
    )
    Regrade.objects.create(course=course, reason=why, created_by=student)
    RuleChange.objects.create(
        course=course, question=question, name="provide_feedback", before=True, after=False,
        reason=why, created_by=student,
    )  # fmt: skip
    make_note(student, page, "Why is that so? " * 6, audience="course", course=course, flagged=True)
    make_note(
        student, page, "I do not think so. " * 6, motivation="editing", audience="authors",
        problem="error", status="new",
    )  # fmt: skip
    assert Annotation.objects.count() == 2 and Question.objects.exists()
    return make_user("root", type="admin")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lists_fit_a_window_of_1280_pixels(visit, root, scheme):
    page = visit(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    sign_in_as(page, root)
    for name in LISTS:
        page.goto(f"/admin/{name}/")
        look(page, f"admin-{name.replace('/', '-')}-{scheme}")
        rows = page.locator("#result_list tbody tr")
        if rows.count():
            wide, room = page.evaluate(WIDTHS)
            assert wide <= room, name
    assert axe.faults(page, "#header") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_what_waits_stands_in_the_head_and_on_the_first_page(visit, root, width, scheme):
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    sign_in_as(page, root)
    page.goto("/admin/grading/course/")
    page.get_by_role("link", name="3 wait for you").click()
    waits = page.get_by_role("region", name="Waits for you")
    expect(waits.get_by_role("link")).to_have_text(
        ["1 question with conflicts", "1 answer to grade", "1 new problem report"]
    )
    look(page, f"admin-index-{width}-{scheme}")
    assert axe.faults(page, "#header, #waits") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    headings = page.locator("#content-main .module caption").all_inner_texts()
    assert [heading.title() for heading in headings][-1] == "Accounts"
