"""Notes over HTTP: made, read, changed and deleted as the W3C protocol says."""

import re
import uuid

import pytest

from annotations import drafts, limits
from annotations.models import Annotation, PageRevision
from bookbinder.tests.support.note_http import annotation, post, send
from conftest import WORDS, lay_page, make_note, make_page


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


def test_a_list_that_has_not_changed_is_not_sent_again(as_user, sam, laid):
    make_note(sam, laid)
    client, path = as_user(sam), f"/api/pages/{laid.pk}/annotations"
    etag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_five_thousand_notes_a_person_and_book_are_enough(as_user, sam, laid, monkeypatch):
    monkeypatch.setattr(limits, "MOST_IN_BOOK", 2)
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
    hostile = (
        "<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![i](https://spy.example/i.png)"
    )
    html = post(as_user(sam), laid, body=hostile).json()["bookbinder"]["html"]
    assert "<img" not in html
    assert "javascript" not in re.findall(r'href="([^"]*)"', html)
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
