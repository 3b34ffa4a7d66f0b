"""Writers at the same moment: nothing is lost, and nobody gets an error of ours."""

import threading
import uuid

import pytest
from django.db import connection, transaction
from django.test import Client

from annotations import writing
from annotations.models import Annotation
from bookbinder.tests.support.note_http import annotation, post, reply_to, send
from conftest import make_note

pytestmark = pytest.mark.django_db(transaction=True)
several_times = pytest.mark.parametrize("_round", range(3))


def as_client(user) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.access.RulesBackend")
    return client


def at_once(*calls):
    """Return the sorted status codes of calls that start together."""
    start = threading.Barrier(len(calls))
    statuses = []

    def run(call):
        start.wait()
        try:
            statuses.append(call().status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


@several_times
def test_a_note_sent_twice_at_once_is_kept_once(sam, laid, _round):
    one, other = as_client(sam), as_client(sam)
    name = str(uuid.uuid4())
    sent = [lambda client=client: post(client, laid, uuid=name) for client in (one, other)]
    assert at_once(*sent) == [200, 201]
    assert Annotation.objects.count() == 1


@several_times
def test_of_two_edits_at_once_one_is_told(sam, laid, _round):
    one, other = as_client(sam), as_client(sam)
    note = make_note(sam, laid)
    path, seen = f"/api/annotations/{note.uuid}", {"If-Match": f'"{writing.version(note)}"'}
    edits = [
        lambda client=client, text=text: send(client, "put", path, annotation(text), **seen)
        for client, text in ((one, "One."), (other, "Other."))
    ]
    assert at_once(*edits) == [200, 412]
    note.refresh_from_db()
    assert note.body in ("One.", "Other.")


@several_times
def test_an_edit_and_two_deletions_at_once_are_no_error(sam, laid, _round):
    clients = [as_client(sam) for _i in range(3)]
    note = make_note(sam, laid)
    path, seen = f"/api/annotations/{note.uuid}", {"If-Match": f'"{writing.version(note)}"'}
    statuses = at_once(
        lambda: send(clients[0], "put", path, annotation("New."), **seen),
        lambda: clients[1].delete(path),
        lambda: clients[2].delete(path),
    )
    assert set(statuses) <= {200, 204, 403, 404}
    assert statuses.count(204) == 1
    assert not Annotation.objects.exists()


@several_times
def test_a_reply_is_never_left_without_its_note(sam, ines, laid, course, _round):
    writer, teacher = as_client(sam), as_client(ines)
    path = f"/api/pages/{laid.pk}/annotations"
    note = make_note(sam, laid, audience="course", course=course)
    body = reply_to({"bookbinder": {"uuid": note.uuid}})
    statuses = at_once(
        lambda: writer.delete(f"/api/annotations/{note.uuid}"),
        lambda: send(teacher, "post", path, body),
    )
    left = Annotation.objects.filter(pk=note.pk).first()
    if 201 in statuses:
        assert left and left.deleted_at and left.replies.count() == 1
    else:
        assert left is None
        assert set(statuses) <= {204, 403, 404}


@several_times
def test_a_reply_has_the_audience_that_its_note_has_in_the_end(sam, ines, laid, course, _round):
    writer, teacher = as_client(sam), as_client(ines)
    path = f"/api/pages/{laid.pk}/annotations"
    narrower = annotation(audience="instructors", course=course.pk)
    note = make_note(sam, laid, audience="course", course=course)
    seen = {"If-Match": f'"{writing.version(note)}"'}
    statuses = at_once(
        lambda: send(writer, "put", f"/api/annotations/{note.uuid}", narrower, **seen),
        lambda: send(teacher, "post", path, reply_to({"bookbinder": {"uuid": note.uuid}})),
    )
    assert statuses == [200, 201]
    assert note.replies.get().audience == "instructors"


@pytest.mark.parametrize("what", ["reply", "edit", "delete"])
def test_who_writes_waits_for_a_sync_and_no_page_is_missed(sam, laid, what):
    """A reply on a page that the sync deletes would fail the sync when it is done."""
    client, note = as_client(sam), make_note(sam, laid)
    path = f"/api/annotations/{note.uuid}"
    calls = {
        "reply": lambda: send(
            client, "post", f"/api/pages/{laid.pk}/annotations",
            reply_to({"bookbinder": {"uuid": note.uuid}}),
        ),
        "edit": lambda: send(client, "put", path, annotation("New."), **{"If-Match": "*"}),
        "delete": lambda: client.delete(path),
    }  # fmt: skip
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(at_once(calls[what])))
    with transaction.atomic():
        writing.lock_book(laid.book_id)  # as the sync does
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        laid.delete()
    thread.join()
    # On SQLite, the reply is counted once the sync is done, and the page is no longer found.
    assert statuses in ([[201]], [[200]], [[204]], [[404]])
    assert not Annotation.objects.filter(page__isnull=False).exists()
