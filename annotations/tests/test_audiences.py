"""Notes that others read: in courses, with replies, and what instructors do with them."""

import pytest
from django.core import mail
from django.core.cache import cache

from annotations.models import Annotation
from bookbinder.tests.support.note_http import annotation, post, reply_to, send
from conftest import enroll, make_course, make_note, make_user
from grading.models import Enrollment


def test_a_note_is_shared_with_a_course_that_one_has_a_place_in(as_user, sam, laid, course, book):
    other = make_course(book, "Evening")
    client = as_user(sam)
    assert post(client, laid, audience="course", course=course.pk).status_code == 201
    assert post(client, laid, audience="course", course=other.pk).status_code == 403
    Enrollment.objects.update(status="ended")
    laid.access = "public"
    laid.save()
    assert post(client, laid, audience="instructors", course=course.pk).status_code == 403


def test_course_wide_notes_are_as_the_instructor_allows(as_user, sam, ines, laid, course):
    def share(person, **over):
        return post(as_user(person), laid, audience="course", course=course.pk, **over).status_code

    assert share(sam, anonymous=True) == 403
    course.course_notes = "anonymous"
    course.save()
    assert share(sam, anonymous=True) == 201
    assert share(sam) == 201
    course.course_notes = "off"
    course.save()
    assert share(sam) == 403
    assert share(ines) == 201


def test_an_anonymous_note_has_a_name_for_instructors_alone(as_user, sam, ines, laid, course):
    course.course_notes = "anonymous"
    course.save()
    mate = make_user("mate")
    enroll(mate, course)
    name = post(
        as_user(sam), laid, audience="course", course=course.pk, anonymous=True
    ).json()["bookbinder"]["uuid"]  # fmt: skip
    names = {
        person.first_name: as_user(person).get(f"/api/annotations/{name}").json()["creator"]["name"]
        for person in (sam, mate, ines)
    }
    assert names == {"Sam": "Sam Tester", "Mate": "", "Ines": "Sam Tester"}
    for path in (f"/api/annotations/{name}", f"/api/pages/{laid.pk}/annotations"):
        shown = as_user(mate).get(path, {"course": course.pk}).content.decode()
        assert name in shown
        assert "Tester" not in shown
        assert "sam@" not in shown


def test_a_reply_is_read_by_whoever_reads_the_note(as_user, sam, ines, laid, course, settings):
    settings.BOOKBINDER_SITE_URL = "https://site.example"
    asked = post(
        as_user(sam), laid, motivation="questioning", audience="instructors", course=course.pk
    ).json()
    path = f"/api/pages/{laid.pk}/annotations"
    told = send(as_user(ines), "post", path, reply_to(asked, body="Since foxes are quick."))
    assert told.status_code == 201, told.content
    assert told.json()["bookbinder"]["audience"] == "instructors"
    assert told.json()["bookbinder"]["root"] == asked["bookbinder"]["uuid"]
    items = as_user(sam).get(path, {"course": course.pk}).json()["items"]
    assert [item["motivation"] for item in items] == ["questioning", "replying"]
    assert items[1]["target"].endswith(asked["bookbinder"]["uuid"])


def test_a_reply_is_told_by_e_mail_to_who_wrote_the_note(
    as_user, sam, ines, laid, course, django_capture_on_commit_callbacks, client
):
    note = make_note(sam, laid, audience="instructors", course=course)
    path = f"/api/pages/{laid.pk}/annotations"
    body = reply_to({"bookbinder": {"uuid": note.uuid}}, body="Secret words")
    with django_capture_on_commit_callbacks(execute=True):
        send(as_user(ines), "post", path, body)
    (letter,) = mail.outbox
    assert letter.to == [sam.email]
    assert f"#note-{note.uuid}" in letter.body
    assert "Secret words" not in letter.body
    stop = next(line for line in letter.body.splitlines() if "/notes/letters/" in line)
    address = stop[stop.index("/notes/") :]
    assert letter.extra_headers["List-Unsubscribe"] == f"<{stop}>"
    client.logout()
    assert client.get(address).status_code == 200
    sam.refresh_from_db()
    assert sam.wants_reply_letters  # a mail scanner's look ends nothing
    assert client.post(address).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        send(as_user(ines), "post", path, body)
    assert len(mail.outbox) == 1
    assert client.get("/notes/letters/1:wrong/").status_code == 404


def test_replies_that_are_deleted_send_no_further_e_mails(
    as_user, sam, ines, laid, course, django_capture_on_commit_callbacks
):
    note = make_note(sam, laid, audience="course", course=course)
    path = f"/api/pages/{laid.pk}/annotations"
    mate = make_user("mate")
    enroll(mate, course)
    for replier, letters in ((ines, 1), (mate, 2)):
        for _time in range(3):
            with django_capture_on_commit_callbacks(execute=True):
                body = reply_to({"bookbinder": {"uuid": note.uuid}})
                made = send(as_user(replier), "post", path, body).json()
            as_user(replier).delete(f"/api/annotations/{made['bookbinder']['uuid']}")
        assert len(mail.outbox) == letters
    cache.clear()  # ten minutes later
    with django_capture_on_commit_callbacks(execute=True):
        send(as_user(ines), "post", path, reply_to({"bookbinder": {"uuid": note.uuid}}))
    assert len(mail.outbox) == 3


def test_nobody_replies_to_a_note_that_they_cannot_read(as_user, sam, ines, laid, course):
    private = make_note(ines, laid)
    path = f"/api/pages/{laid.pk}/annotations"
    body = reply_to({"bookbinder": {"uuid": private.uuid}})
    assert send(as_user(sam), "post", path, body).status_code == 404


def test_nobody_changes_anothers_note(as_user, sam, ines, root, laid, course):
    note = make_note(sam, laid, audience="instructors", course=course)
    path = f"/api/annotations/{note.uuid}"
    for person in (ines, root):
        client = as_user(person)
        assert send(client, "put", path, annotation(), **{"If-Match": "x"}).status_code == 403
        assert client.delete(path).status_code == 403
    private = make_note(sam, laid)
    for person in (ines, root):
        assert as_user(person).get(f"/api/annotations/{private.uuid}").status_code == 404
        assert as_user(person).delete(f"/api/annotations/{private.uuid}").status_code == 404


def test_a_note_with_replies_leaves_its_place_when_it_is_deleted(as_user, sam, ines, laid, course):
    note = make_note(sam, laid, "Gone words", audience="course", course=course, tags=["gone"])
    reply = make_note(ines, laid, "Stays", audience="course", course=course, root=note, parent=note)
    client = as_user(sam)
    assert client.delete(f"/api/annotations/{note.uuid}").status_code == 204
    note.refresh_from_db()
    assert (note.body, note.tags) == ("", [])
    shown = client.get(f"/api/annotations/{note.uuid}").json()
    assert shown["bookbinder"]["deleted"]
    assert shown["creator"]["name"] == ""
    assert as_user(ines).delete(f"/api/annotations/{reply.uuid}").status_code == 204
    assert not Annotation.objects.exists()


def test_narrowing_takes_the_replies_along(as_user, sam, ines, laid, course):
    note = make_note(sam, laid, audience="course", course=course)
    reply = make_note(ines, laid, audience="course", course=course, root=note, parent=note)
    client, path = as_user(sam), f"/api/annotations/{note.uuid}"
    etag = client.get(path)["ETag"]
    narrower = annotation(audience="instructors", course=course.pk)
    changed = send(client, "put", path, narrower, **{"If-Match": etag})
    assert changed.status_code == 200
    reply.refresh_from_db()
    assert reply.audience == "instructors"
    wider = annotation(audience="course", course=course.pk)
    refused = send(client, "put", path, wider, **{"If-Match": changed["ETag"]})
    assert refused.status_code == 403
    reply.delete()
    assert send(client, "put", path, wider, **{"If-Match": changed["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    ("act", "who", "status"),
    [
        ("resolve", "sam", 200), ("resolve", "ines", 200), ("resolve", "mate", 403),
        ("hide", "ines", 200), ("hide", "root", 200), ("hide", "sam", 403), ("hide", "mate", 403),
        ("pin", "ines", 200), ("pin", "sam", 403), ("flag", "mate", 200), ("flag", "sam", 200),
        ("accept", "sam", 400), ("accept", "mate", 403), ("dance", "ines", 404),
        ("hide", "eve", 404), ("hide", "ada", 404),
    ],
)  # fmt: skip
def test_acts_are_for_whom_they_are_for(
    as_user, sam, ines, ada, eve, root, laid, course, act, who, status
):
    people = {"sam": sam, "ines": ines, "ada": ada, "eve": eve, "root": root}
    people["mate"] = make_user("mate")
    enroll(people["mate"], course)
    note = make_note(sam, laid, audience="course", course=course)
    answer = as_user(people[who]).post(f"/api/annotations/{note.uuid}/{act}")
    assert answer.status_code == status


def test_a_hidden_note_tells_its_writer_so(as_user, sam, ines, laid, course):
    note = make_note(sam, laid, audience="course", course=course)
    as_user(ines).post(f"/api/annotations/{note.uuid}/hide")
    note.refresh_from_db()
    assert note.hidden_by == ines
    shown = as_user(sam).get(f"/api/annotations/{note.uuid}").json()
    assert shown["bookbinder"]["hidden"]


def test_a_course_without_its_note_is_another_courses_page(as_user, sam, laid, course, book):
    evening = make_course(book, "Evening")
    enroll(sam, evening)
    make_note(sam, laid, audience="course", course=course)
    private = make_note(sam, laid)
    items = (
        as_user(sam).get(f"/api/pages/{laid.pk}/annotations?course={evening.pk}").json()["items"]
    )
    assert [item["bookbinder"]["uuid"] for item in items] == [str(private.uuid)]
