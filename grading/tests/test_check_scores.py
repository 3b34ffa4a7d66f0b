"""`manage.py check_scores`: what is stored, against what should be."""

from io import StringIO

import pytest
from django.core.management import call_command

from conftest import enroll, make_answer, make_course, make_override, make_user
from grading.models import Answer

pytestmark = pytest.mark.django_db


def check(*options: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_scores", *options, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def answers(enrollment, adding, book):
    """Two students' answers in different courses."""
    other = enroll(make_user("olga"), make_course(book, "Spring"))
    return [make_answer(enrollment, adding), make_override(make_answer(other, adding), 1)]


def test_all_is_well(answers):
    assert check() == (0, "All scores are right.\n")


def test_differences_are_named_and_mended(answers, course):
    Answer.objects.filter(pk=answers[0].pk).update(points=1, waits=True)
    answers[1].delete()
    code, out = check()
    assert code == 1
    assert (
        f"Autumn ({course.pk}): sam@example.org: numbers#adding: 1 point"[:-6] in out
        and ", should be 2 (attempt " in out
    )
    assert "olga@example.org: numbers#adding: no row, should be 1 (attempt " in out
    assert out.endswith("2 differences found.\n")
    assert check("--fix") == (0, out.replace("found", "mended"))
    assert check() == (0, "All scores are right.\n")
    assert set(Answer.objects.values_list("points", "waits")) == {(2, False), (1, False)}


def test_a_row_without_a_reason_to_be_there_goes(answers, enrollment, adding):
    enrollment.attempts.all()._raw_delete("default")
    Answer.objects.filter(enrollment=enrollment).update(attempt=None)
    code, out = check("--fix")
    assert code == 0 and "2 (no attempt), should be no row" in out
    assert not Answer.objects.filter(enrollment=enrollment).exists()
