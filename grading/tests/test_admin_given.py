"""Grades, overrides, rules and regrades in the admin, by its forms and actions."""

import re
from decimal import Decimal

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from bookbinder.tests.support.admin_pages import change_form, course_data, text_of
from conftest import enroll, make_answer, make_course, make_feedback, make_question, make_user
from grading import overrides
from grading.models import Answer, Attempt, Grade, Instructor, Override, Regrade, RuleChange

GRADE, OVERRIDE = "/admin/grading/grade/add/", "/admin/grading/override/add/"
REGRADE = "/admin/grading/regrade/add/"


def act(client, model: str, action: str, *rows) -> str:
    data = {"action": action, ACTION_CHECKBOX_NAME: [row.pk for row in rows]}
    return text_of(client.post(f"/admin/grading/{model}/", data, follow=True))


@pytest.fixture
def written(enrollment, page):
    question = make_question(page, "essay", grader="manual", prompt="Why?", index=1)
    make_answer(enrollment, question, "Because of <b>this</b>", points=None)
    return enrollment.attempts.get()


def test_an_instructor_grades_from_the_answer_on(as_user, ines, written):
    client = as_user(ines)
    answer = text_of(client.get(change_form(Answer.objects.get())))
    link = f"{GRADE}?attempt={written.pk}"
    assert link in answer
    form = text_of(client.get(link))
    assert "Because of &lt;b&gt;this&lt;/b&gt;" in form and "Sam Tester" in form
    assert "Of 2 that are possible." in form
    for points, told in (("x", "Enter a number"), ("-1", "from 0 to 2"), ("3", "from 0 to 2")):
        bad = {"attempt": written.pk, "points": points, "seen": ""}
        assert told in text_of(client.post(GRADE, bad))
    data = {"attempt": written.pk, "points": "1.5", "comment": "Nearly.", "seen": ""}
    assert client.post(GRADE, data).status_code == 302
    grade = Grade.objects.get()
    assert (grade.points, grade.comment, grade.created_by) == (Decimal("1.5"), "Nearly.", ines)
    again = text_of(client.get(link))
    assert 'value="1.50"' in again and "Nearly." in again
    assert "1.5 of 2 points; graded by a person" in text_of(client.get(change_form(written)))
    assert "Grades ended: 1." in act(client, "grade", "end_grades", grade)
    assert "ended already" in act(client, "grade", "end_grades", grade)
    assert Answer.objects.get().points is None


def test_the_second_grader_is_told_and_chooses(as_user, ines, root, written):
    client = as_user(ines)
    data = {"attempt": written.pk, "points": "1", "comment": "", "seen": ""}
    as_user(root).post(GRADE, data | {"points": "2"})
    form = text_of(as_user(ines).post(GRADE, data))
    assert "Root Tester" in form and "has given 2 points for this attempt meanwhile" in form
    seen = re.search(r'name="seen" value="(\d+)"', form)[1]
    assert as_user(ines).post(GRADE, data | {"seen": seen}).status_code == 302
    assert client and Answer.objects.get().points == 1


@pytest.fixture
def una(book, adding):
    """An instructor of another course on the book, with a student of its own."""
    user = make_user("una")
    spring = make_course(book, "Spring")
    Instructor.objects.create(course=spring, user=user)
    make_answer(enroll(make_user("olga"), spring), adding)
    return user


def test_of_another_course_nothing_can_be_given(
    as_user, una, ada, sam, ines, written, enrollment, adding, course
):
    given = {"attempt": written.pk, "points": "1", "seen": ""}
    points = {"enrollment": enrollment.pk, "question": adding.pk, "points": "1"}
    for user in (una, ada, sam):
        client = as_user(user)
        for path, data in (
            (GRADE, given), (OVERRIDE, points), (REGRADE, {"course": course.pk, "reason": "x"}),
        ):  # fmt: skip
            response = client.post(path, data)
            assert response.status_code in (200, 302, 403), path
    assert not (Grade.objects.exists() or Override.objects.exists() or Regrade.objects.exists())
    page = text_of(as_user(una).get(f"{GRADE}?attempt={written.pk}"))
    assert "Because" not in page and "Sam" not in page


def test_an_instructor_sets_points_that_were_never_answered(as_user, ines, enrollment, adding):
    client = as_user(ines)
    data = {"enrollment": enrollment.pk, "question": adding.pk, "points": "5", "reason": "Ill."}
    assert "twice what is possible" in text_of(client.post(OVERRIDE, data))
    page = text_of(client.post(OVERRIDE, data | {"points": "3"}, follow=True))
    assert "more points than the 2 that are possible" in page
    override = Override.objects.get()
    answer = Answer.objects.get()
    assert (answer.points, answer.attempt, override.created_by) == (3, None, ines)
    form = text_of(client.get(change_form(answer)))
    assert "set by an instructor: Ill." in form and f"{OVERRIDE}?enrollment=" in form
    assert "Overrides ended: 1." in act(client, "override", "end_overrides", override)
    assert not Answer.objects.exists()


def test_who_has_left_gets_no_points(as_user, ines, enrollment, adding):
    enrollment.status = "ended"
    enrollment.save()
    data = {"enrollment": enrollment.pk, "question": adding.pk, "points": "1"}
    assert "has left the course" in text_of(as_user(ines).post(OVERRIDE, data))


def test_rules_of_the_courses_form_have_a_history(as_user, ines, course, enrollment, adding):
    make_answer(enrollment, adding, "5", points=0)
    client = as_user(ines)
    data = course_data(
        course,
        **{
            "attempts_policy": "best", "interactives-2-TOTAL_FORMS": 1,
            "interactives-2-0-question": adding.pk, "interactives-2-0-full_points": "on",
            "interactives-2-0-enabled": "on", "interactives-2-0-provide_feedback": "on",
        },
    )  # fmt: skip
    assert client.post(change_form(course), data).status_code == 302
    changes = {one.name: (one.after, one.created_by) for one in RuleChange.objects.all()}
    assert changes == {"attempts_policy": ("best", ines), "full_points": (True, ines)}
    assert Answer.objects.get().points == 2
    full = RuleChange.objects.get(name="full_points")
    assert "full points" in text_of(client.get("/admin/grading/rulechange/"))
    assert "Changes undone: 1." in act(client, "rulechange", "undo_changes", full)
    assert Answer.objects.get().points == 0
    assert "changed again since" in act(client, "rulechange", "undo_changes", full)


def test_a_regrade_is_looked_at_made_and_undone(as_user, ines, course, enrollment, adding):
    make_answer(enrollment, adding, "5", points=0)
    make_feedback(adding, "5", points=Decimal(1), index=0)
    client = as_user(ines)
    assert f"{REGRADE}?course={course.pk}" in text_of(client.get(change_form(course)))
    data = {"course": course.pk, "reason": "5 is right too.", "shown": ""}
    assert "This field is required" in text_of(client.post(REGRADE, data | {"reason": ""}))
    shown = text_of(client.post(REGRADE, data))
    assert "1 student gains 1" in shown and not Regrade.objects.exists()
    mark = re.search(r'name="shown" value="(\w+)"', shown)[1]
    # Somebody answers in the meantime, so it is shown once more.
    make_answer(enroll(make_user("bea"), course), adding, "5", points=0)
    shown = text_of(client.post(REGRADE, data | {"shown": mark}))
    assert "2 students gain 1" in shown and not Regrade.objects.exists()
    mark = re.search(r'name="shown" value="(\w+)"', shown)[1]
    assert "was regraded" in text_of(client.post(REGRADE, data | {"shown": mark}, follow=True))
    layer = Regrade.objects.get()
    assert (layer.created_by, layer.attempts.count()) == (ines, 2)
    assert set(Answer.objects.values_list("points", flat=True)) == {1}
    assert "Nothing: every attempt" in text_of(client.post(REGRADE, data))
    assert "Regrades undone: 1." in act(client, "regrade", "undo_regrades", layer)
    assert "undone already" in act(client, "regrade", "undo_regrades", layer)
    assert set(Answer.objects.values_list("points", flat=True)) == {0}
    assert Attempt.objects.filter(points=0).count() == 2


def test_what_changes_between_check_and_act_is_told(as_user, ines, enrollment, adding, monkeypatch):
    def give(*given, **over):
        raise overrides.OverrideError("This student has left the course.")

    monkeypatch.setattr(overrides, "give", give)
    data = {"enrollment": enrollment.pk, "question": adding.pk, "points": "1"}
    page = text_of(as_user(ines).post(OVERRIDE, data, follow=True))
    assert "This student has left the course." in page and not Override.objects.exists()
