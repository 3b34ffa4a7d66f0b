"""What programs send that is not as it should be, and the headers of the protocol."""

import uuid

import pytest
from django.urls import reverse

from annotations import api
from annotations.models import Annotation
from bookbinder.tests.support.note_http import PASSAGE, annotation, post, reply_to, send
from conftest import enroll, make_note, make_page, make_user

FOX = {"type": "TextQuoteSelector", "exact": "quick brown fox"}


@pytest.mark.parametrize(
    "over",
    [
        {"motivation": []}, {"motivation": {}}, {"motivation": 3},
        {"bookbinder": {"audience": []}}, {"bookbinder": {"audience": {"a": 1}}},
        {"bookbinder": []}, {"bookbinder": {"course": 1.0}},
        {"bookbinder": {"course": float("nan")}}, {"bookbinder": {"uuid": 5}},
        {"bookbinder": {"problem": []}}, {"body": None}, {"body": [[]]}, {"body": "\ud800"},
        {"target": {"selector": {"type": []}}}, {"target": {"selector": {"type": {}}}},
        {"target": {"selector": None}},
        {"target": {"selector": [FOX, {"type": "TextPositionSelector", "start": 1.5, "end": 2}]}},
        {"target": {"selector": {"type": "FragmentSelector", "value": "\ud800"}}},
        {"motivation": "replying", "target": "\ud800"},
        {"body": ["x", {"purpose": "tagging", "value": "\ud800"}]},
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_of_no_form_is_refused_and_no_fault_of_ours(as_user, sam, laid, over):
    client, note = as_user(sam), make_note(sam, laid)
    path = f"/api/annotations/{note.uuid}"
    data = annotation() | over
    assert send(client, "post", f"/api/pages/{laid.pk}/annotations", data).status_code == 400
    if data["motivation"] != "replying":
        assert send(client, "put", path, data, **{"If-Match": "*"}).status_code == 400
    assert Annotation.objects.get().body == "Hm."


def test_a_huge_place_is_a_place_that_the_page_has_not(as_user, sam, laid):
    place = {"type": "TextPositionSelector", "start": 10**300, "end": -(10**300)}
    target = {"selector": [FOX | {"prefix": "\ud800" * 100_000}, place]}
    assert post(as_user(sam), laid, target=target).status_code == 409


def test_a_uuid_sent_again_with_another_text_is_a_conflict(as_user, sam, laid):
    client, name = as_user(sam), str(uuid.uuid4())
    assert post(client, laid, uuid=name, body="First.").status_code == 201
    second = post(client, laid, uuid=name, body="Second.")
    elsewhere = post(client, laid, uuid=name, body="First.", target={})
    assert (second.status_code, elsewhere.status_code) == (409, 409)
    assert "another text" in second.json()["detail"]
    assert Annotation.objects.get().body == "First."


def test_a_reply_sent_again_is_kept_once_and_under_one_note_alone(as_user, sam, laid):
    client, name = as_user(sam), str(uuid.uuid4())
    one, other = (post(client, laid).json() for _i in range(2))
    path = f"/api/pages/{laid.pk}/annotations"
    sent = [send(client, "post", path, reply_to(to, uuid=name)) for to in (one, one, other)]
    assert [answer.status_code for answer in sent] == [201, 200, 409]
    assert Annotation.objects.filter(motivation="replying").count() == 1


@pytest.mark.parametrize(
    ("form", "status"),
    [("{}", 200), ("W/{}", 200), ('"x", {}', 200), ("*", 200), ('"x"', 412), ("x", 412)],
)
def test_if_match_is_read_in_each_of_its_forms(as_user, sam, laid, form, status):
    client = as_user(sam)
    made = post(client, laid)
    path = f"/api/annotations/{made.json()['bookbinder']['uuid']}"
    seen = {"If-Match": form.format(made["ETag"])}
    assert send(client, "put", path, annotation("New."), **seen).status_code == status
    etag = client.get(path)["ETag"]
    gone = send(client, "delete", path, **{"If-Match": form.format(etag)})
    assert gone.status_code == (204 if status == 200 else 412)


def test_a_list_is_known_again_also_by_a_weak_etag(as_user, sam, laid):
    client, path = as_user(sam), f"/api/pages/{laid.pk}/annotations"
    etag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": f'"x", W/{etag}'}).status_code == 304


@pytest.mark.parametrize(
    "over",
    [
        {"motivation": "replying"},
        {"motivation": "highlighting", "body": "", "target": PASSAGE},
    ],
)
def test_a_note_on_a_page_becomes_nothing_that_it_is_not(as_user, sam, laid, over):
    client = as_user(sam)
    made = post(client, laid, target={})
    path = f"/api/annotations/{made.json()['bookbinder']['uuid']}"
    changed = send(client, "put", path, annotation(**over), **{"If-Match": made["ETag"]})
    assert changed.status_code == 400
    assert Annotation.objects.get().motivation == "commenting"


def test_a_reply_is_changed_in_its_text_alone(as_user, sam, laid, course):
    client = as_user(sam)
    root = post(client, laid, audience="instructors", course=course.pk).json()
    path = f"/api/pages/{laid.pk}/annotations"
    made = send(client, "post", path, reply_to(root))
    path = f"/api/annotations/{made.json()['bookbinder']['uuid']}"
    empty = annotation("", motivation="highlighting")
    assert send(client, "put", path, empty, **{"If-Match": "*"}).status_code == 400
    wider = annotation("Changed", audience="authors", problem="typo", pinned=True, course=5)
    assert send(client, "put", path, wider, **{"If-Match": "*"}).status_code == 200
    reply = Annotation.objects.get(motivation="replying")
    assert (reply.body, reply.audience, reply.course) == ("Changed", "instructors", course)
    assert (reply.problem, reply.status, reply.pinned) == ("", "", False)


def test_nothing_is_done_with_a_note_that_is_deleted(as_user, sam, ines, laid, course):
    note = make_note(sam, laid, audience="course", course=course)
    make_note(ines, laid, audience="course", course=course, root=note, parent=note)
    as_user(sam).delete(f"/api/annotations/{note.uuid}")
    path = f"/api/annotations/{note.uuid}"
    for act in ("resolve", "hide", "pin"):
        assert as_user(ines).post(f"{path}/{act}").status_code == 409
    body = reply_to({"bookbinder": {"uuid": note.uuid}})
    refused = send(as_user(ines), "post", f"/api/pages/{laid.pk}/annotations", body)
    assert refused.status_code == 403
    assert send(as_user(sam), "put", path, annotation(), **{"If-Match": "*"}).status_code == 412


def test_an_empty_thread_leaves_nothing_behind(as_user, sam, laid, course):
    mate = make_user("mate")
    enroll(mate, course)
    shared = {"audience": "course", "course": course}
    note = make_note(sam, laid, **shared)
    reply = make_note(mate, laid, root=note, parent=note, **shared)
    last = make_note(sam, laid, root=note, parent=reply, **shared)
    for person, one in ((sam, note), (mate, reply)):
        as_user(person).delete(f"/api/annotations/{one.uuid}")
    assert Annotation.objects.count() == 3
    as_user(sam).delete(f"/api/annotations/{last.uuid}")
    assert not Annotation.objects.exists()


def test_what_is_done_with_notes_is_dammed_too(as_user, sam, laid, monkeypatch):
    monkeypatch.setattr(api, "MOST_ACTS", 3)
    client, note = as_user(sam), make_note(sam, laid)
    path = f"/api/annotations/{note.uuid}"
    statuses = [client.post(f"{path}/{act}").status_code for act in ("resolve", "reopen") * 2]
    assert statuses == [200, 200, 200, 429]
    assert client.delete(path).status_code == 429


def test_tags_are_found_whole_and_in_any_script(as_user, sam, laid):
    make_note(sam, laid, "Here.", tags=["über", 'a"b', "party"])
    client = as_user(sam)
    for query, found in (
        ({"tag": "über"}, True), ({"q": "über"}, True), ({"q": "part"}, True),
        ({"tag": "party"}, True), ({"tag": "art"}, False), ({"tag": 'a"b'}, True),
    ):  # fmt: skip
        assert ("Here." in client.get("/notes/", query).content.decode()) == found, query


def test_my_notes_and_an_instructors_form_ask_as_much_for_many_notes(
    as_user, sam, ines, laid, course, django_assert_max_num_queries
):
    shared = {"audience": "course", "course": course}
    note = make_note(sam, laid, **shared)
    admin = reverse("admin:annotations_sharednote_change", args=(note.pk,))
    counts = []
    for _round in range(3):
        for _i in range(10):
            make_note(sam, laid, **shared)
            make_note(sam, laid, root=note, parent=note, **shared)
        for person, path in ((sam, "/notes/"), (sam, "/notes/export.jsonld"), (ines, admin)):
            client = as_user(person)
            with django_assert_max_num_queries(40) as asked:
                assert client.get(path).status_code == 200
            counts.append(len(asked))
    assert counts[3:6] == counts[6:]  # the first round fills caches


def test_an_orphan_goes_where_its_writer_accepts_and_no_second_time(as_user, sam, laid, book):
    gone = make_page(book, "gone")
    place = {"page": laid.pk, "start": 4, "end": 19, "quote": "quick brown fox"}
    lost = {"state": "orphan", "start": None, "end": None, "suggestion": place}
    note = make_note(sam, gone, **lost)
    reply = make_note(sam, gone, root=note, parent=note)
    path = f"/api/annotations/{note.uuid}/accept"
    assert as_user(sam).post(path).status_code == 200
    note.refresh_from_db()
    reply.refresh_from_db()
    assert (note.page, note.start, note.state, note.suggestion) == (laid, 4, "changed", None)
    assert reply.page == laid
    assert as_user(sam).post(path).status_code == 400
    wrong = make_note(sam, gone, **lost | {"suggestion": place | {"quote": "a slow green fox"}})
    assert as_user(sam).post(f"/api/annotations/{wrong.uuid}/accept").status_code == 409
