"""What a person might read or write who should not: each was possible once."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts import access
from annotations.models import Annotation, SharedNote
from bookbinder.tests.support.note_http import annotation, post, reply_to, send
from conftest import enroll, make_book, make_course, make_note, make_page, make_user
from grading.models import Enrollment, Instructor

NOTES = reverse("admin:annotations_sharednote_changelist")


@pytest.fixture
def mate(course):
    user = make_user("mate")
    enroll(user, course)
    return user


def seen_by(user) -> set[Annotation]:
    return set(Annotation.objects.visible_to(user))


@pytest.mark.parametrize("kind", ["user", "book", "course"])
def test_who_deletes_a_person_or_a_book_is_shown_no_word_of_their_notes(
    as_user, root, sam, page, course, kind
):
    make_note(sam, page, "Private secret", quote="")
    make_note(sam, page, "Private secret", quote="secret quote")
    row = {"user": sam, "book": page.book, "course": course}[kind]
    path = reverse(f"admin:{row._meta.app_label}_{kind}_delete", args=(row.pk,))
    shown = as_user(root).get(path)
    assert shown.status_code == 200
    assert "secret" not in shown.content.decode()


def test_the_admins_log_keeps_no_word_of_a_note(as_user, ines, sam, page, course):
    note = make_note(
        sam, page, "My secret", audience="instructors", course=course, quote="secret words"
    )
    path = reverse("admin:annotations_sharednote_change", args=(note.pk,))
    as_user(ines).post(path, {"reply": "Told you a secret"})
    logged = LogEntry.objects.get()
    assert "secret" not in f"{logged.object_repr} {logged.change_message}"


def test_no_right_to_notes_opens_private_ones_to_an_admin(root, sam, page):
    private = make_note(sam, page)
    about_notes = [name for name, model in access.permissions().items() if model is Annotation]
    assert len(about_notes) > 5
    for name in about_notes:
        assert not access.may(root, name, private), name


def test_an_author_who_tries_their_book_as_a_test_student_sees_no_students_note(
    as_user, ada, sam, laid, course
):
    make_note(sam, laid, audience="course", course=course)
    client = as_user(ada)
    state = client.get("/api/state/tiny/numbers").json()
    assert state["is_test"]
    assert state["notes"] == []
    assert state["note_rights"]["audiences"] == ["private", "authors"]
    assert post(client, laid, audience="course", course=course.pk).status_code == 403


def test_who_taught_a_course_reads_it_no_more_by_a_test_students_place(
    as_user, ines, sam, laid, course
):
    make_note(sam, laid, audience="course", course=course)
    state = as_user(ines).get("/api/state/tiny/numbers").json()
    assert len(state["notes"]) == 1
    assert state["note_rights"]["audiences"] == ["private", "instructors", "course", "authors"]
    Instructor.objects.all().delete()
    assert not seen_by(ines)


def test_an_instructor_writes_to_a_course_also_where_students_do_not(as_user, ines, laid, course):
    course.course_notes = "off"
    course.save()
    state = as_user(ines).get("/api/state/tiny/numbers").json()
    assert "course" in state["note_rights"]["audiences"]


def test_who_has_left_a_course_answers_there_no_more(as_user, sam, mate, laid, course):
    note = make_note(sam, laid, audience="course", course=course)
    laid.access = "public"
    laid.save()
    body = reply_to({"bookbinder": {"uuid": note.uuid}})
    path = f"/api/pages/{laid.pk}/annotations"
    assert send(as_user(mate), "post", path, body).status_code == 201
    Enrollment.objects.filter(user=sam).update(status="ended")
    refused = send(as_user(sam), "post", path, body)
    assert refused.status_code == 403
    assert Annotation.objects.filter(root=note).count() == 1


def test_a_hidden_reply_is_hidden_also_from_who_wrote_the_note(sam, mate, ines, page, course):
    note = make_note(sam, page, audience="course", course=course)
    reply = make_note(mate, page, audience="course", course=course, root=note, parent=note)
    assert seen_by(sam) == {note, reply}
    Annotation.objects.filter(pk=reply.pk).update(hidden_at=timezone.now())
    assert seen_by(sam) == {note}
    assert seen_by(mate) == seen_by(ines) == {note, reply}


@pytest.mark.parametrize("over", [{"course_notes": "off"}, {"notes_after": 1}])
def test_an_instructors_reply_is_read_no_wider_than_the_note(sam, mate, ines, page, course, over):
    note = make_note(sam, page, audience="course", course=course)
    shared = {"audience": "course", "course": course}
    make_note(ines, page, "As Sam says", root=note, parent=note, **shared)
    taught = make_note(ines, page, **shared)
    more = make_note(ines, page, root=taught, parent=taught, **shared)
    for name, value in over.items():
        setattr(course, name, value)
    course.save()
    assert seen_by(mate) == {taught, more}


def test_a_page_as_it_was_is_for_who_may_read_that_page(as_user, sam, laid, course, book):
    made = post(as_user(sam), laid).json()
    path = f"/notes/{made['bookbinder']['uuid']}/as-it-was/"
    public = make_page(book, "public", access="public")
    Annotation.objects.update(page=public)  # where an edition has moved it
    assert as_user(sam).get(path).status_code == 200
    Enrollment.objects.update(status="ended")
    assert as_user(sam).get(path).status_code == 404


def test_a_flagged_reply_comes_before_the_instructor(as_user, ines, sam, mate, page, course):
    shared = {"audience": "course", "course": course}
    note = make_note(sam, page, **shared)
    reply = make_note(mate, page, "Rude words", root=note, parent=note, **shared)
    assert "Rude words" not in as_user(ines).get(NOTES).content.decode()
    as_user(sam).post(f"/api/annotations/{reply.uuid}/flag")
    client = as_user(ines)
    assert "Rude words" in client.get(NOTES).content.decode()
    client.post(NOTES, {"action": "hide", "_selected_action": [reply.pk]})
    assert SharedNote.objects.get(pk=reply.pk).hidden_by == ines
    other = make_course(make_book("other"))
    otto = make_user("otto")
    Instructor.objects.create(course=other, user=otto)
    assert "Rude words" not in as_user(otto).get(NOTES).content.decode()


def test_a_flag_is_not_noticed_by_who_wrote_the_note(as_user, sam, mate, laid, course):
    note = make_note(sam, laid, audience="course", course=course)
    path = f"/api/annotations/{note.uuid}"
    before = as_user(sam).get(path)
    assert as_user(mate).post(f"{path}/flag").status_code == 200
    after = as_user(sam).get(path)
    assert (after["ETag"], after.json()) == (before["ETag"], before.json())


def test_a_pin_stays_with_the_course_whose_instructor_set_it(as_user, ines, sam, laid, course):
    evening = make_course(course.book, "Evening")
    enroll(sam, evening)
    note = make_note(sam, laid, audience="course", course=course)
    as_user(ines).post(f"/api/annotations/{note.uuid}/pin")
    client, path = as_user(sam), f"/api/annotations/{note.uuid}"
    moved = annotation(audience="course", course=evening.pk)
    shown = send(client, "put", path, moved, **{"If-Match": client.get(path)["ETag"]}).json()
    assert shown["bookbinder"]["course"] == evening.pk
    assert not shown["bookbinder"]["pinned"]


def test_a_hidden_note_stays_hidden_however_its_audience_goes(as_user, ines, sam, laid, course):
    note = make_note(sam, laid, audience="course", course=course)
    as_user(ines).post(f"/api/annotations/{note.uuid}/hide")
    client, path = as_user(sam), f"/api/annotations/{note.uuid}"
    for over in ({}, {"audience": "course", "course": course.pk}):
        etag = client.get(path)["ETag"]
        shown = send(client, "put", path, annotation(**over), **{"If-Match": etag}).json()
        assert shown["bookbinder"]["hidden"]


def test_one_person_does_not_flood_anothers_mailbox(
    as_user, sam, mate, ines, laid, course, django_capture_on_commit_callbacks
):
    note = make_note(sam, laid, audience="course", course=course)
    path = f"/api/pages/{laid.pk}/annotations"
    body = reply_to({"bookbinder": {"uuid": note.uuid}})
    with django_capture_on_commit_callbacks(execute=True):
        for person in (mate, mate, ines, mate, ines):
            assert send(as_user(person), "post", path, body).status_code == 201
    assert len(mail.outbox) == 2
