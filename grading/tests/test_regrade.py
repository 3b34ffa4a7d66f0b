"""Points after a new edition: as recorded, unless `--regrade` is said."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import access
from bookbinder.tests.support.admin_pages import change_form, text_of
from bookbinder.tests.support.syncing import answered, change, sync
from books.models import Feedback, Question
from conftest import (
    enroll,
    make_answer,
    make_course,
    make_feedback,
    make_override,
    make_user,
)
from grading.models import Answer, Attempt, Instructor, Override, Regrade, RegradedAttempt

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db]


def right(label: str = "adding") -> Feedback:
    return Feedback.objects.get(question__label=label, points__gt=0, answer="4")


@pytest.fixture
def three(live):
    """Three students: two gave what is right, one of them was graded by hand; one was wrong."""
    for name, string, points in (("ann", "4", 2), ("ben", "4", 2), ("cid", "9", 0)):
        answered("adding", name, string, points=points, feedback=right() if points else None)
    make_override(Answer.objects.get(enrollment__user__email="ben@example.org"), 1)
    # A test student is in no figure.
    course = Answer.objects.first().enrollment.course
    enrollment = enroll(make_user("tess"), course, origin="test")
    make_answer(enrollment, Question.objects.get(label="adding"), "4", points=2, feedback=right())
    return live


def points() -> dict[str, str]:
    rows = Answer.objects.values_list("enrollment__user__email", "points")
    return {email.partition("@")[0]: f"{earned:f}" for email, earned in rows}


@pytest.fixture
def worth_less(three, source):
    change(source, "numbers.rst", "4\n      :points: 2", "4\n      :points: 1.5")
    return source


def test_points_stay_and_the_plan_says_who_would_lose(worth_less):
    code, out, _err = sync(worth_less, "--noinput")
    assert code == 0
    assert (
        "answers of Tiny Book: 1 would earn different points: 1 student loses 0.5. They keep" in out
    )
    assert points() == {"ann": "2.00", "ben": "1.00", "cid": "0.00", "tess": "2.00"}
    assert not Regrade.objects.exists()


def test_regrade_gives_the_new_points_and_keeps_what_was(worth_less):
    code, out, _err = sync(worth_less, "--noinput", "--regrade")
    assert code == 0 and "1 are regraded: 1 student loses 0.5." in out
    assert points() == {"ann": "1.50", "ben": "1.00", "cid": "0.00", "tess": "1.50"}
    layer = Regrade.objects.get()
    assert (
        "new edition" in layer.reason and layer.attempts.count() == 4
    )  # also Ben's, and the reply to Cid's
    assert {f"{one.points}" for one in Attempt.objects.filter(string="4")} == {"2.00"}


def test_regrading_can_come_later(worth_less):
    assert sync(worth_less, "--noinput")[0] == 0
    assert sync(worth_less, "--dry-run")[0] == 0
    assert sync(worth_less, "--dry-run", "--regrade")[0] == 4
    assert sync(worth_less, "--noinput", "--regrade")[0] == 0
    assert points()["ann"] == "1.50"
    assert sync(worth_less, "--dry-run", "--regrade")[0] == 0


def test_the_figures_are_there_for_programs(worth_less):
    _code, out, _err = sync(worth_less, "--dry-run", "--format", "json")
    assert json.loads(out)["figures"]["answers"] == {
        "out_of_date": 1,
        "students_up": 0,
        "students_down": 1,
        "points_up": 0.0,
        "points_down": 0.5,
    }


def test_a_typo_mended_in_a_choice_keeps_who_took_it(live, source):
    three = Feedback.objects.get(answer="three")
    two = Feedback.objects.get(answer="two")
    answer = answered("primes", string=json.dumps(sorted([two.key, three.key])), points=3)
    change(source, "cities.rst", "choice:: three", "choice:: threee")
    code, out, _err = sync(source, "--noinput", "--regrade")
    assert code == 0 and "same choice (by similar text): primes: three -> primes: threee" in out
    answer.refresh_from_db()
    assert Feedback.objects.get(answer="threee").key in json.loads(answer.string)
    assert answer.points == 3


def test_an_answer_whose_choice_is_gone_keeps_its_points(live, source):
    turku = Feedback.objects.get(answer="Turku")
    answer = answered("capital", string=turku.key)
    change(source, "cities.rst", "choice:: Turku\n\n      It was, until 1812.", "choice:: Porvoo")
    assert sync(source, "--noinput", "--regrade")[0] == 0
    answer.refresh_from_db()
    assert (answer.string, answer.points) == (turku.key, 2)


def test_an_instructor_sees_what_an_answer_had(worth_less, as_user):
    sync(worth_less, "--noinput", "--regrade")
    answer = Answer.objects.get(enrollment__user__email="ann@example.org")
    ines = make_user("ines")
    Instructor.objects.create(course=answer.enrollment.course, user=ines)
    assert "regraded" in text_of(as_user(ines).get(change_form(answer)))
    page = text_of(as_user(ines).get(change_form(answer.attempt)))
    assert "1.5 of 2 points; regraded" in page and "A new edition was published" in page
    stranger = make_user("eve")
    Instructor.objects.create(course=make_course(answer.question.page.book, "Else"), user=stranger)
    for row in (answer, answer.attempt):
        assert as_user(stranger).get(change_form(row)).status_code == 302


def test_the_archive_brings_answers_back_with_their_history(worth_less, source, data_dir):
    assert sync(worth_less, "--noinput", "--regrade")[0] == 0
    rows = [
        list(model.objects.order_by("pk").values())
        for model in (Answer, Attempt, RegradedAttempt, Override)
    ]  # fmt: skip
    text = (source / "numbers.rst").read_text()
    (source / "numbers.rst").write_text(
        text.replace(":: adding", ":: subtracting").replace("2 + 2", "9 - 1")
    )
    code, out, _err = sync(source, "--noinput", "--delete-user-data")
    assert code == 0 and not Answer.objects.exists() and not Override.objects.exists()
    (source / "numbers.rst").write_text(text)
    assert sync(source, "--noinput")[0] == 0
    (archive,) = (data_dir / "archives").iterdir()
    assert str(archive) in out
    call_command("load_archive", archive, stdout=StringIO())
    ids = ("question_id", "feedback_id", "parts")
    for model, before in zip((Answer, Attempt, RegradedAttempt, Override), rows, strict=True):
        after = list(model.objects.order_by("pk").values())
        assert len(after) == len(before) > 0
        for old, new in zip(before, after, strict=True):
            assert {k: v for k, v in old.items() if k not in ids} == {
                k: v for k, v in new.items() if k not in ids
            }
            assert ("feedback_id" not in old) or (old["feedback_id"] is None) == (
                new["feedback_id"] is None
            )


def as_the_version_before(path, own):
    """Write an archive with the columns that answers had before points were kept apart."""
    rows = []
    for row in json.loads(path.read_bytes()):
        fields = row["fields"]
        if row["model"] == "grading.attempt":
            del fields["parts"]
            fields["created_at"] = fields.pop("received_at")
        if row["model"] == "grading.answer":
            for name in ("attempt", "raw_points", "waits", "reasons"):
                del fields[name]
            by_hand = ("override_points", "override_by", "override_at")
            fields |= dict.fromkeys(by_hand) | {"override_reason": ""} | own
        if row["model"] in ("grading.attempt", "grading.answer"):
            rows.append(row)
    regraded = {"answer": 1, "string": "4", "points": "1.00", "reason": "?"}
    rows.append({"model": "grading.regrade", "pk": 1, "fields": regraded})
    path.write_text(json.dumps(rows))


@pytest.mark.parametrize(
    ("own", "points"),
    [
        ({"points": "1.25"}, "1.25"),
        ({"override_points": "0.75", "override_reason": "Late."}, "0.75"),
    ],
)
def test_an_archive_of_the_version_before_brings_points_back(live, source, data_dir, own, points):
    answered("adding", "ann", "4", points=2)
    text = (source / "numbers.rst").read_text()
    gone = text.replace(":: adding", ":: subtracting").replace("2 + 2", "9 - 1")
    for page in (gone, text):
        (source / "numbers.rst").write_text(page)
        assert sync(source, "--noinput", "--delete-user-data")[0] == 0
    (archive,) = (data_dir / "archives").iterdir()
    as_the_version_before(archive, own)
    assert not Answer.objects.exists()
    call_command("load_archive", archive, stdout=StringIO())
    answer = Answer.objects.get()
    assert (f"{answer.points}", answer.string, answer.attempt.string) == (points, "4", "4")
    assert Attempt.objects.count() == 1
    for bad in ("{", "[1]", "{}"):
        archive.write_text(bad)
        with pytest.raises(CommandError, match="is no archive"):
            call_command("load_archive", archive)


def test_a_student_sees_the_files_of_a_reply_that_a_regrade_gave(enrollment, adding, sam, eve):
    reply = make_feedback(adding, "5")
    attempt = make_answer(enrollment, adding, "5", points=0).attempt
    layer = Regrade.objects.create(course=enrollment.course, reason="?")
    RegradedAttempt.objects.create(regrade=layer, attempt=attempt, points=0, feedback=reply)
    assert access.may(sam, "books.see_feedback", reply)
    assert not access.may(eve, "books.see_feedback", reply)
    Regrade.objects.update(undone_at=timezone.now())
    assert not access.may(sam, "books.see_feedback", reply)
