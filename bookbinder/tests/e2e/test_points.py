"""What a student is told of points that somebody has given or changed."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from bookbinder.tests.e2e import reading
from bookbinder.tests.e2e.reading import bar, question, read, result, send
from books.models import Question
from conftest import make_user
from grading import grades, overrides, rules
from grading.models import Attempt, Course, Enrollment

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit, live):
    """A student of the book in a browser."""
    page = visit()
    reading.sign_in_as(page, reading.make_student())
    return page


def test_a_student_sees_what_counts_and_why(page):
    root, enrollment = make_user("root", type="admin"), Enrollment.objects.get()
    read(page, "numbers")
    send(page, "adding", "5", "Partly correct. 0.5 of 2 points")
    expect(bar(page)).to_contain_text("0.5 of")
    grades.give(Attempt.objects.get(), Decimal("1.5"), root, "You were on the right way.")
    page.reload()
    expect(result(page, "adding")).to_contain_text("Partly correct. 1.5 of 2 points")
    expect(result(page, "adding")).to_contain_text("Graded by a person")
    send(page, "adding", "4", "Correct. 2 of 2 points")
    question(page, "adding").get_by_text("My attempts (2)").click()
    first = question(page, "adding").get_by_role("listitem").nth(1)
    expect(first).to_contain_text("Graded by a person: You were on the right way.")
    adding = Question.objects.get(label="adding")
    override = overrides.give(enrollment, adding, Decimal(1), root, "Agreed in class.")
    send(page, "adding", "7", "Incorrect. 0 of 2 points")
    told = "1 of 2 points count · Set by an instructor: Agreed in class."
    expect(result(page, "adding")).to_contain_text(told)
    expect(bar(page)).to_contain_text("1 of")
    reading.check(page, "override")
    overrides.end(override, root)
    rules.change_questions(Course.objects.get(), [adding], root, full_points=True)
    page.reload()
    expect(result(page, "adding")).to_contain_text("Correct. 2 of 2 points")
    expect(result(page, "adding")).to_contain_text("Full points for everybody")


def test_points_without_an_answer_are_told_too(page):
    root, adding = make_user("root", type="admin"), Question.objects.get(label="adding")
    overrides.give(Enrollment.objects.get(), adding, Decimal("1.5"), root, "Ill.")
    read(page, "numbers")
    expect(result(page, "adding")).to_contain_text("Partly correct. 1.5 of 2 points")
    expect(result(page, "adding")).to_contain_text("Set by an instructor: Ill.")
    expect(bar(page)).to_contain_text("1.5 of")
    assert not Attempt.objects.exists()
