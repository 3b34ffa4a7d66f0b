"""Who reads which note: audiences by roles, and what an admin may not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.access import may
from annotations.models import Annotation, ProblemReport, SharedNote
from books.models import Author
from conftest import enroll, make_book, make_course, make_note, make_page, make_user
from grading.models import Instructor

AUDIENCES = ("private", "instructors", "course", "authors")
# For each audience, who reads a note of sam's and a reply to it, in this order:
ROLES = (
    "sam", "mate", "ines", "ada", "root", "eve",
    "author", "elsewhere", "left", "other_teacher", "other_author",
)  # fmt: skip
READERS = {
    "private": {"sam"},
    "instructors": {"sam", "ines", "root"},
    "course": {"sam", "mate", "ines", "root"},
    "authors": {"sam", "ada", "root"},
}


@pytest.fixture
def people(sam, ines, ada, root, eve, course, book):
    other = make_course(make_book("other"), "Spring")
    mate, elsewhere, left = (make_user(name) for name in ("mate", "elsewhere", "left"))
    enroll(mate, course)
    enroll(elsewhere, other)
    enroll(elsewhere, make_course(book, "Evening"))
    enroll(left, course, status="ended")
    teacher, writer = make_user("other_teacher"), make_user("other_author")
    Instructor.objects.create(course=other, user=teacher)
    Author.objects.create(book=other.book, user=writer)
    everyone = {"sam": sam, "mate": mate, "ines": ines, "ada": ada, "root": root, "eve": eve}
    everyone |= {"author": make_user("author", type="author"), "elsewhere": elsewhere}
    return everyone | {"left": left, "other_teacher": teacher, "other_author": writer}


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("is_reply", [False, True], ids=["note", "reply"])
def test_an_audience_is_who_reads_a_note(people, page, course, audience, is_reply):
    shared = {"course": course} if audience in ("instructors", "course") else {}
    note = make_note(people["sam"], page, audience=audience, **shared)
    if is_reply:
        note = make_note(
            people["sam"], page, audience=audience, root=note, parent=note, **shared
        )  # fmt: skip
    readers = {
        role for role in ROLES
        if Annotation.objects.visible_to(people[role]).filter(pk=note.pk).exists()
    }  # fmt: skip
    assert readers == READERS[audience]
    for role in ROLES:
        assert may(people[role], "annotations.view_annotation", note) == (role in readers), role


def test_an_answer_to_my_question_is_mine_to_read(sam, ines, page, course):
    asked = make_note(sam, page, audience="instructors", course=course)
    told = make_note(ines, page, audience="instructors", course=course, root=asked, parent=asked)
    assert told in Annotation.objects.visible_to(sam)


def test_only_who_wrote_a_note_may_change_it(people, page, course):
    note = make_note(people["sam"], page, audience="course", course=course)
    for act in ("change", "delete"):
        able = {role for role in ROLES if may(people[role], f"annotations.{act}_annotation", note)}
        assert able == {"sam"}


def test_instructors_and_admins_moderate_what_is_shared_with_a_course(people, page, course):
    note = make_note(people["sam"], page, audience="course", course=course)
    private = make_note(people["sam"], page)
    able = {role for role in ROLES if may(people[role], "annotations.moderate_annotation", note)}
    assert able == {"ines", "root"}
    assert not any(may(people[role], "annotations.moderate_annotation", private) for role in ROLES)


def test_a_hidden_note_is_gone_for_classmates_with_its_replies(people, page, course):
    note = make_note(people["sam"], page, audience="course", course=course)
    reply = make_note(
        people["ines"], page, audience="course", course=course, root=note, parent=note
    )
    note.hidden_at = timezone.now()
    note.save()
    assert not Annotation.objects.visible_to(people["mate"]).exists()
    for role in ("sam", "ines"):
        assert set(Annotation.objects.visible_to(people[role])) == {note, reply}


def test_where_course_notes_are_off_only_the_instructors_are_seen(people, page, course):
    mine = make_note(people["sam"], page, audience="course", course=course)
    theirs = make_note(people["ines"], page, audience="course", course=course)
    course.course_notes = "off"
    course.save()
    assert list(Annotation.objects.visible_to(people["mate"])) == [theirs]
    assert set(Annotation.objects.visible_to(people["sam"])) == {mine, theirs}


def test_classmates_notes_wait_until_i_have_shared_enough_on_the_page(people, page, course):
    course.notes_after = 2
    course.save()
    elsewhere = make_note(
        people["sam"], make_page(page.book, "other"), audience="course", course=course
    )
    theirs = make_note(people["sam"], page, audience="course", course=course)
    taught = make_note(people["ines"], page, audience="course", course=course)
    mate = people["mate"]
    make_note(mate, page, audience="course", course=course)
    make_note(mate, page)  # a private one does not count
    seen = Annotation.objects.visible_to(mate).exclude(user=mate)
    assert list(seen) == [taught]
    make_note(mate, page, audience="instructors", course=course)
    assert set(seen.all()) == {theirs, taught}
    assert elsewhere not in seen.all()


def test_from_a_date_on_classmates_notes_wait_for_nothing(people, page, course):
    course.notes_after, course.notes_from = 1, timezone.now() + timedelta(hours=1)
    course.save()
    theirs = make_note(people["sam"], page, audience="course", course=course)
    seen = Annotation.objects.visible_to(people["mate"])
    assert not seen.exists()
    course.notes_from = timezone.now() - timedelta(hours=1)
    course.save()
    assert list(seen.all()) == [theirs]


def test_reports_on_a_book_without_an_author_go_to_any_author(people, page, book):
    report = make_note(people["sam"], page, audience="authors", motivation="editing")
    Author.objects.filter(book=book).delete()
    assert list(Annotation.objects.visible_to(people["author"])) == [report]
    assert not Annotation.objects.visible_to(people["other_author"]).exists()


def test_the_admins_lists_never_hold_a_private_note(people, page, course):
    make_note(people["sam"], page)
    shared = make_note(people["sam"], page, audience="instructors", course=course)
    report = make_note(people["sam"], page, audience="authors", motivation="editing")
    assert [note.pk for note in SharedNote.objects.all()] == [shared.pk]
    assert [note.pk for note in ProblemReport.objects.all()] == [report.pk]
