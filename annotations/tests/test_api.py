"""Notes over HTTP: made, read, changed and deleted as the W3C protocol says."""

import json
import uuid

import pytest
from django.core import mail

from annotations import drafts, writing
from annotations.models import Annotation, PageRevision
from conftest import WORDS, enroll, lay_page, make_course, make_note, make_page, make_user
from grading.models import Enrollment

PASSAGE = {
    "selector": [
        {"type": "TextQuoteSelector", "exact": "quick brown fox", "prefix": "x", "suffix": "y"},
        {"type": "TextPositionSelector", "start": 4, "end": 19},
    ]
}


@pytest.fixture
def laid(page):
    lay_page(page)
    return page


def annotation(body="Why a **fox**?", target=PASSAGE, motivation="commenting", **ours):
    text = {"type": "TextualBody", "format": "text/markdown", "value": body}
    return {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "type": "Annotation",
        "motivation": motivation,
        "body": text,
        "target": target,
        "bookbinder": ours,
    }


def send(client, method, path, data=None, **headers):
    return getattr(client, method)(
        path, json.dumps(data), content_type="application/json", headers=headers
    )


def post(client, page, **over):
    return send(client, "post", f"/api/pages/{page.pk}/annotations", annotation(**over))


def reply_to(note, **over):
    target = f"https://site.example/api/annotations/{note['bookbinder']['uuid']}"
    return annotation(target=target, motivation="replying", **over)


def test_a_note_is_kept_on_the_words_that_the_page_has(as_user, sam, laid):
    made = post(as_user(sam), laid)
    assert made.status_code == 201
    note = Annotation.objects.get()
    assert made["Location"].endswith(f"/api/annotations/{note.uuid}")
    assert (note.quote, note.start, note.end) == ("quick brown fox", 4, 19)
    # Recomputed: what was sent of them is not trusted.
    assert (note.prefix, note.suffix) == ("The ", WORDS[19:51])
    assert (note.orig_quote, note.orig_start) == (note.quote, 4)
    assert note.revision == note.orig_revision == PageRevision.objects.get()
    data = made.json()
    assert data["creator"]["name"] == "Sam Tester"
    assert data["target"]["selector"][1] == {"type": "TextPositionSelector", "start": 4, "end": 19}
    assert data["bookbinder"]["html"] == "<p>Why a <strong>fox</strong>?</p>"
    assert made["Content-Type"].startswith("application/ld+json")
    again = as_user(sam).get(f"/api/annotations/{note.uuid}")
    assert again.json() == data
    assert again["ETag"] == made["ETag"] == data["bookbinder"]["etag"]


def test_words_that_stand_elsewhere_now_are_found_by_their_context(as_user, sam, laid):
    target = {
        "selector": [
            {"type": "TextQuoteSelector", "exact": "over the lazy dog", "prefix": "jumps "},
            {"type": "TextPositionSelector", "start": 1, "end": 5},
        ]
    }
    made = post(as_user(sam), laid, target=target).json()
    place = made["target"]["selector"][1]
    assert WORDS[place["start"] : place["end"]] == "over the lazy dog"


def test_words_that_the_page_has_no_more_are_refused(as_user, sam, laid):
    target = {"selector": {"type": "TextQuoteSelector", "exact": "a slow green fox"}}
    answer = post(as_user(sam), laid, target=target)
    assert answer.status_code == 409
    assert "Reload" in answer.json()["detail"]
    assert not Annotation.objects.exists()


def test_a_note_can_be_on_a_whole_page_or_on_a_figure(as_user, sam, page):
    lay_page(page, '<figure id="map"></figure><p>Text.</p>')
    client = as_user(sam)
    whole = post(client, page, target={"source": "x"}).json()
    assert "selector" not in whole["target"]
    figure = {"selector": {"type": "FragmentSelector", "value": "map"}}
    made = post(client, page, target=figure).json()
    assert made["target"]["selector"] == [{"type": "FragmentSelector", "value": "map"}]
    figure["selector"]["value"] = "nowhere"
    assert post(client, page, target=figure).status_code == 409


def test_the_same_note_sent_twice_is_kept_once(as_user, sam, laid):
    name = str(uuid.uuid4())
    client = as_user(sam)
    assert [post(client, laid, uuid=name).status_code for _i in range(2)] == [201, 200]
    assert Annotation.objects.count() == 1


def test_another_persons_uuid_is_not_given_away(as_user, sam, laid, ines, course):
    private = make_note(ines, laid)
    answer = post(as_user(sam), laid, uuid=str(private.uuid))
    assert answer.status_code == 403
    assert Annotation.objects.get() == private


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({"body": ""}, 400),
        ({"body": "ä" * 5001}, 413),
        ({"body": "a\0b"}, 400),
        ({"motivation": "dancing"}, 400),
        ({"audience": "everybody"}, 400),
        ({"audience": "authors"}, 400),
        ({"audience": "authors", "problem": "typo"}, 201),
        ({"audience": "authors", "problem": "ugly"}, 400),
        ({"motivation": "editing"}, 400),
        ({"audience": "course"}, 400),
        ({"audience": "course", "course": 2**70}, 400),
        ({"audience": "course", "course": 999}, 403),
        ({"anonymous": True}, 400),
        ({"uuid": "no"}, 400),
        ({"target": {"selector": {"type": "SvgSelector"}}}, 400),
        ({"target": {"selector": ["x"]}}, 400),
        ({"target": {"selector": {"type": "TextQuoteSelector", "exact": "a" * 5001}}}, 413),
        ({"motivation": "highlighting", "body": "", "target": {}}, 400),
        ({"motivation": "highlighting", "body": ""}, 201),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason(as_user, sam, laid, over, status):
    answer = post(as_user(sam), laid, **over)
    assert answer.status_code == status, answer.content
    assert Annotation.objects.count() == (status == 201)
    assert status == 201 or answer.json()["detail"]


def test_a_highlight_that_gets_a_text_is_a_note(as_user, sam, laid):
    client = as_user(sam)
    made = post(client, laid, motivation="highlighting", body="")
    changed = send(
        client, "put", f"/api/annotations/{made.json()['bookbinder']['uuid']}",
        annotation(motivation="highlighting"), **{"If-Match": made["ETag"]},
    )  # fmt: skip
    assert changed.json()["motivation"] == "commenting"


def test_nobody_writes_on_a_page_that_they_may_not_read(client, as_user, eve, laid):
    assert post(client, laid).status_code == 401
    assert post(as_user(eve), laid).status_code == 404
    assert as_user(eve).get(f"/api/pages/{laid.pk}/annotations").status_code == 404


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
    address = stop.partition("//")[2].partition("/")[2]
    client.logout()
    assert client.get(f"/{address}").status_code == 200
    sam.refresh_from_db()
    assert sam.wants_reply_letters  # a mail scanner's look ends nothing
    client.post(f"/{address}")
    with django_capture_on_commit_callbacks(execute=True):
        send(as_user(ines), "post", path, body)
    assert len(mail.outbox) == 1
    assert client.get("/notes/letters/1:wrong/").status_code == 404


def test_nobody_replies_to_a_note_that_they_cannot_read(as_user, sam, ines, laid, course):
    private = make_note(ines, laid)
    path = f"/api/pages/{laid.pk}/annotations"
    body = reply_to({"bookbinder": {"uuid": private.uuid}})
    assert send(as_user(sam), "post", path, body).status_code == 404


def test_two_tabs_that_edit_one_note_lose_nothing(as_user, sam, laid):
    client = as_user(sam)
    made = post(client, laid)
    path = f"/api/annotations/{made.json()['bookbinder']['uuid']}"
    first = send(client, "put", path, annotation("First."), **{"If-Match": made["ETag"]})
    second = send(client, "put", path, annotation("Second."), **{"If-Match": made["ETag"]})
    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["annotation"]["body"]["value"] == "First."
    assert Annotation.objects.get().body == "First."
    assert send(client, "put", path, annotation("Third.")).status_code == 428
    stale = send(client, "delete", path, **{"If-Match": made["ETag"]})
    assert stale.status_code == 412
    assert send(client, "delete", path, **{"If-Match": first["ETag"]}).status_code == 204
    assert not Annotation.objects.exists()


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
    items = as_user(sam).get(f"/api/pages/{laid.pk}/annotations?course={evening.pk}").json()["items"]
    assert [item["bookbinder"]["uuid"] for item in items] == [str(private.uuid)]


def test_a_list_that_has_not_changed_is_not_sent_again(as_user, sam, laid):
    make_note(sam, laid)
    client, path = as_user(sam), f"/api/pages/{laid.pk}/annotations"
    etag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_five_thousand_notes_a_person_and_book_are_enough(as_user, sam, laid, monkeypatch):
    monkeypatch.setattr(writing, "NOTES", 2)
    make_note(sam, laid)
    client = as_user(sam)
    assert post(client, laid).status_code == 201
    refused = post(client, laid)
    assert refused.status_code == 403
    assert "2" in refused.json()["detail"]


def test_a_flood_of_notes_is_dammed(as_user, sam, laid):
    client = as_user(sam)
    statuses = [post(client, laid).status_code for _i in range(61)]
    assert statuses.count(201) == 60
    assert statuses[-1] == 429


def test_what_people_write_is_never_run(as_user, sam, laid):
    hostile = '<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![i](https://spy.example/i.png)'
    html = post(as_user(sam), laid, body=hostile).json()["bookbinder"]["html"]
    assert "<img" not in html
    assert "href" not in html
    assert "&lt;img" in html


def test_writing_needs_the_token_against_forgery(sam, laid):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(sam, backend="accounts.access.RulesBackend")
    assert post(client, laid).status_code == 403
    assert not Annotation.objects.exists()


def test_the_state_call_brings_the_pages_notes(as_user, sam, laid, course):
    make_note(sam, laid)
    make_note(sam, make_page(laid.book, "other"))
    notes = as_user(sam).get("/api/state/tiny/numbers").json()["notes"]
    assert [note["body"]["value"] for note in notes] == ["Hm."]


def test_the_number_of_notes_is_no_number_of_queries(
    as_user, sam, laid, course, django_assert_max_num_queries
):
    client, path = as_user(sam), f"/api/pages/{laid.pk}/annotations?course={course.pk}"
    counts = []
    for _round in range(2):
        for _i in range(10):
            note = make_note(sam, laid, audience="course", course=course)
            make_note(sam, laid, audience="course", course=course, root=note, parent=note)
        with django_assert_max_num_queries(6) as asked:
            client.get(path)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_drafts_know_how_wide_they_are():
    assert drafts.Draft("commenting", audience="authors").kind == "editing"
