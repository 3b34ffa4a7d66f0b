"""The notes on a page come in parts, in reading order, through every way in."""

import re
from itertools import chain

import pytest

from annotations import limits, page_notes
from annotations.errors import Refused
from annotations.models import Annotation
from bookbinder.tests.support.note_http import post, reply_to, send
from conftest import make_note, make_page

PLAIN = "/notes/on/tiny/numbers"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(page_notes, "PART", 3)


@pytest.fixture
def written(sam, laid):
    """Return the bodies of ten notes of sam's in reading order; each part ends somewhere else."""
    late = make_note(sam, laid, "late", start=40, end=45)
    make_note(sam, laid, "lost", start=None, end=None, state="orphan")
    early = make_note(sam, laid, "early", start=0, end=3)
    for at in range(3):
        make_note(sam, laid, f"reply {at}", root=early, parent=early, start=None, end=None)
    make_note(sam, laid, "reply to late", root=late, parent=late, start=None, end=None)
    make_note(sam, laid, "same place", start=0, end=9)
    make_note(sam, laid, "whole page", quote="", start=None, end=None)
    make_note(sam, laid, "whole page too", quote="", start=None, end=None)
    replies = [f"reply {at}" for at in range(3)]
    whole = ["whole page", "whole page too"]
    return [*whole, "early", *replies, "same place", "late", "reply to late", "lost"]


def bodies(items) -> list[str]:
    return [item["body"]["value"] for item in items]


def followed(client, address: str) -> list[list[str]]:
    """Return the notes of each part, from one `next` to another."""
    found = []
    while address:
        data = client.get(address).json()
        assert data["type"] == "AnnotationPage"
        found.append(bodies(data["items"]))
        address = data.get("next", "")
    return found


def test_the_list_is_read_to_its_end_by_its_next(as_user, sam, laid, written):
    found = followed(as_user(sam), f"/api/pages/{laid.pk}/annotations")
    assert [len(part) for part in found] == [3, 3, 3, 1]
    assert [*chain(*found)] == written


def test_the_state_brings_the_first_part_and_says_where_the_next_is(as_user, sam, laid, written):
    client = as_user(sam)
    state = client.get("/api/state/tiny/numbers").json()
    rest = followed(client, state["notes_next"])
    assert [*bodies(state["notes"]), *chain(*rest)] == written
    make_page(laid.book, "other")
    assert client.get("/api/state/tiny/other").json()["notes_next"] is None


def test_the_plain_page_leads_to_further_notes(as_user, sam, written):
    client, address, found = as_user(sam), PLAIN, []
    while address:
        html = client.get(address).content.decode()
        found += [body for body in re.findall(r"<p>([a-z0-9 ]+)</p>", html) if body in written]
        link = re.search(r'href="(\?after=[^"]+)"', html)
        address = link and PLAIN + link[1]
    assert found == written


def test_the_next_part_keeps_to_the_course_and_to_what_one_may_read(
    as_user, sam, ines, eve, laid, course, written
):
    for at in range(4):
        make_note(ines, laid, f"shared {at}", audience="course", course=course)
        make_note(ines, laid, f"private {at}")
    path = f"/api/pages/{laid.pk}/annotations"
    found = [*chain(*followed(as_user(sam), f"{path}?course={course.pk}"))]
    assert sorted(found) == sorted([*written, *(f"shared {at}" for at in range(4))])
    first = as_user(sam).get(path).json()
    assert as_user(eve).get(first["next"]).status_code == 404


@pytest.mark.parametrize(
    "after", ["x", "1.2", "1.2.3.4", "-2.1.1", "1.2.x", "9" * 11 + ".1.1", "٣.1.1"]
)
def test_an_after_that_no_address_has_is_refused(as_user, sam, laid, after):
    client = as_user(sam)
    refused = client.get(f"/api/pages/{laid.pk}/annotations", {"after": after})
    assert refused.status_code == 400
    assert "after" in refused.json()["detail"]
    assert client.get(PLAIN, {"after": after}).status_code == 404


def test_two_hundred_notes_on_a_page_are_enough(as_user, sam, laid, monkeypatch):
    monkeypatch.setattr(limits, "MOST_ON_PAGE", 2)
    client = as_user(sam)
    first = post(client, laid).json()
    assert post(client, laid).status_code == 201
    path = f"/api/pages/{laid.pk}/annotations"
    for refused in (post(client, laid), send(client, "post", path, reply_to(first))):
        assert refused.status_code == 403
        assert "You have 2 notes on this page" in refused.json()["detail"]
    assert client.delete(f"/api/annotations/{first['bookbinder']['uuid']}").status_code == 204
    assert post(client, laid).status_code == 201
    assert Annotation.objects.count() == 2
    assert limits.MOST_IN_BOOK == 5_000


def test_notes_on_pages_that_are_gone_count_in_the_book_alone(sam, laid, monkeypatch):
    """Who has many of them can still reply there."""
    for _n in range(3):
        make_note(sam, laid)
    Annotation.objects.update(page=None)
    monkeypatch.setattr(limits, "MOST_ON_PAGE", 2)
    limits.check_count(sam, laid.book_id, None)
    monkeypatch.setattr(limits, "MOST_IN_BOOK", 3)
    with pytest.raises(Refused, match="3 notes in this book"):
        limits.check_count(sam, laid.book_id, None)


def test_the_admin_shows_the_newest_replies_and_counts_the_others(
    as_user, sam, ines, laid, course, monkeypatch
):
    from annotations.admin import base

    monkeypatch.setattr(base, "REPLIES", 2)
    shared = {"audience": "course", "course": course}
    note = make_note(sam, laid, **shared)
    for at in range(3):
        make_note(sam, laid, f"Reply {at}", root=note, parent=note, **shared)
    html = as_user(ines).get(f"/admin/annotations/sharednote/{note.pk}/change/").content.decode()
    assert "One earlier reply is not shown." in html
    assert ["Reply 0" in html, "Reply 1" in html, "Reply 2" in html] == [False, True, True]
