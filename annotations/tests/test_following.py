"""A new edition and the notes on the old one: followed, told in the plan, never lost."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from annotations import moderation, page_texts, writing
from annotations.drafts import Draft
from annotations.models import Annotation, PageRevision
from bookbinder.tests.support import builds
from bookbinder.tests.support.annotating import note_on
from bookbinder.tests.support.syncing import answered, change, sync
from books.models import Book, Page, Release
from books.sync import pipeline
from conftest import enroll, make_course, make_user
from grading.models import Answer

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]
FOXES = """\
.. page-id:: foxespage1

Foxes
=====

The quick brown fox jumps over the lazy dog, and it never looks back at it.

A fox is awake at night, and sleeps for most of the day in a den under the ground.
"""
OWLS = """\
.. page-id:: owlspage01

Owls
====

An owl sits in the old oak tree, and waits for the night to come.
"""
INDEX = ".. page-id:: indexpage1\n\nTiny Book\n=========\n\n.. toctree::\n   :glob:\n\n   *\n"


@pytest.fixture
def source(tmp_path):
    source = builds.write_book(tmp_path / "source", index=INDEX, foxes=FOXES, owls=OWLS)
    assert sync(source, "--noinput")[0] == 0
    return source


@pytest.fixture
def sam(source):
    user = make_user("sam")
    enroll(user, make_course(Book.objects.get(), "Autumn"))
    return user


@pytest.fixture
def tiny(tmp_path):
    """The RST book of the tests, live."""
    source = builds.copy_book("rst", tmp_path / "tiny")
    assert sync(source, "--noinput")[0] == 0
    return source


def whole_note(user, page, fragment=""):
    """A note on a page as a whole, or on a part of it with an id."""
    draft = Draft("commenting", "Hm.", fragment=fragment)
    return writing.create(user, page, draft)[0]


def page(url: str) -> Page:
    return Page.objects.select_related("book__release").get(url=url)


def stands(note) -> str | None:
    """Return the words that the note is on in the page as it is published now."""
    note.refresh_from_db()
    if note.start is None:
        return None
    return page_texts.of(Page.objects.select_related("book__release").get(pk=note.page_id)).text[
        note.start : note.end
    ]


def test_notes_follow_their_words_and_the_plan_says_so(source, sam):
    kept = note_on(sam, page("foxes"), "never looks back")
    changed = note_on(sam, page("foxes"), "sleeps for most of the day")
    lost = note_on(make_user("mate"), page("owls"), "sits in the old oak tree")
    elsewhere = note_on(sam, page("foxes"), "in a den under the ground")
    change(source, "foxes.rst", "The quick brown fox", "A new start. The quick red fox")
    change(source, "foxes.rst", "most of the day", "all the day")
    change(
        source,
        "owls.rst",
        "An owl sits in the old oak tree, and waits for the night to come.",
        "Nothing.",
    )
    code, out, _err = sync(source, "--dry-run")
    assert code == 4
    assert "4 notes of 2 people: 2 stay, 1 is on changed words, 1 loses its passage." in out
    assert "loses its passage: “sits in the old oak tree”" in out
    assert "is on changed words: “sleeps for most of the day”" in out
    assert stands(lost) == "sits in the old oak tree"  # nothing was written
    code, out, _err = sync(source, "--noinput", "--format", "json")
    assert code == 0
    figures = json.loads(out)["figures"]["annotations"]
    assert figures == {"people": 2, "kept": 2, "found": 0, "moved": 0, "changed": 1, "orphan": 1}
    assert [stands(note) for note in (kept, changed, lost, elsewhere)] == [
        "never looks back", "sleeps for all the day", None, "in a den under the ground",
    ]  # fmt: skip
    assert [note.state for note in (kept, changed, lost)] == ["kept", "changed", "orphan"]
    assert lost.quote == lost.orig_quote == "sits in the old oak tree"
    assert lost.displaced_at and changed.displaced_at and not kept.displaced_at
    assert kept.revision.text_sha256 == page_texts.of(page("foxes")).sha256
    assert page_texts.unpack(lost.revision.text).endswith("waits for the night to come.")


def test_a_return_to_the_old_release_brings_every_note_home(source, sam):
    changed = note_on(sam, page("foxes"), "most of the day")
    lost = note_on(sam, page("owls"), "sits in the old oak tree")
    first = Release.objects.get().pk
    change(source, "foxes.rst", "most of the day", "all of the day")
    change(
        source,
        "owls.rst",
        "An owl sits in the old oak tree, and waits for the night to come.",
        "Gone.",
    )
    assert sync(source, "--noinput")[0] == 0
    assert stands(lost) is None
    code, out, _err = sync("--release", str(first), "--noinput")
    assert code == 0
    assert "1 has its passage again" in out
    assert [stands(note) for note in (changed, lost)] == [
        "most of the day", "sits in the old oak tree",
    ]  # fmt: skip
    assert {note.state for note in (changed, lost)} == {"kept"}


def test_a_page_that_goes_leaves_its_notes_and_a_reply(source, sam):
    note = note_on(sam, page("owls"), "sits in the old oak tree")
    reply = Annotation.objects.create(
        user=sam, book=note.book, page=note.page, root=note, parent=note, motivation="replying"
    )
    (source / "owls.rst").unlink()
    code, out, _err = sync(source, "--noinput")
    assert code == 0
    assert "loses its passage" in out
    note.refresh_from_db()
    reply.refresh_from_db()
    assert (note.page, note.state, reply.page) == (None, "orphan", None)
    assert page_texts.unpack(note.revision.text).startswith("Owls")


def test_words_that_go_to_another_page_take_notes_and_replies_along(source, sam):
    note = note_on(sam, page("owls"), "sits in the old oak tree")
    reply = Annotation.objects.create(
        user=sam, book=note.book, page=note.page, root=note, parent=note, motivation="replying"
    )
    moved = "An owl sits in the old oak tree, and waits for the night to come."
    change(source, "owls.rst", moved, "Nothing here.")
    with (source / "foxes.rst").open("a") as file:
        file.write(f"\n{moved}\n")
    assert sync(source, "--noinput")[0] == 0
    assert stands(note) == "sits in the old oak tree"
    reply.refresh_from_db()
    assert (note.page.url, note.state, reply.page.url) == ("foxes", "moved", "foxes")


def test_a_page_of_another_name_keeps_its_notes(source, sam):
    note = note_on(sam, page("owls"), "sits in the old oak tree")
    (source / "owls.rst").rename(source / "night.rst")
    assert sync(source, "--noinput")[0] == 0
    assert stands(note) == "sits in the old oak tree"
    assert (note.page.url, note.state) == ("night", "kept")


def test_a_note_made_while_the_plan_is_read_is_followed_too(source, sam, monkeypatch):
    note_on(sam, page("foxes"), "never looks back")
    late = []
    from books.sync import apply as applying

    begin = applying._check_user_data

    def meanwhile(*arguments):
        if not late:
            late.append(note_on(sam, page("foxes"), "under the ground"))
        return begin(*arguments)

    monkeypatch.setattr(applying, "_check_user_data", meanwhile)
    change(source, "foxes.rst", "The quick", "Once upon a time the quick")
    assert sync(source, "--noinput")[0] == 0
    assert stands(late[0]) == "under the ground"
    assert late[0].revision.text_sha256 == page_texts.of(page("foxes")).sha256


def test_the_first_note_of_a_book_made_meanwhile_has_the_sync_plan_anew(source, sam, monkeypatch):
    begin, made = pipeline.marks_of, []

    def meanwhile(plan):
        if not made:
            made.append(note_on(sam, page("foxes"), "under the ground"))
        return begin(plan)

    monkeypatch.setattr(pipeline, "marks_of", meanwhile)
    change(source, "foxes.rst", "The quick", "Once upon a time the quick")
    code, out, _err = sync(source, "--noinput")
    assert code == 0
    assert "1 note of 1 person: 1 stays." in out.partition("This is the plan now")[2]
    assert stands(made[0]) == "under the ground"
    assert made[0].revision.text_sha256 == page_texts.of(page("foxes")).sha256


def test_a_lost_note_is_put_where_its_owner_says(source, sam):
    note = note_on(sam, page("owls"), "waits for the night to come")
    Annotation.objects.filter(pk=note.pk).update(
        state="orphan", start=None, end=None,
        suggestion={"page": page("foxes").pk, "start": 6, "end": 15, "quote": page_texts.of(page("foxes")).text[6:15]},
    )  # fmt: skip
    note.refresh_from_db()
    moderation.accept(note, sam)
    assert stands(note) == page_texts.of(page("foxes")).text[6:15]
    assert (note.state, note.suggestion, note.page.url) == ("changed", None, "foxes")


def test_texts_that_no_note_points_to_are_not_kept(source, sam):
    note_on(sam, page("foxes"), "never looks back")
    for words in ("first", "second", "third"):
        change(source, "foxes.rst", "Foxes\n=====\n", f"Foxes\n=====\n\nOnce more, {words}.\n")
        assert sync(source, "--noinput")[0] == 0
    # The one it was made on, and the one it stands in.
    assert PageRevision.objects.count() == 2


def test_no_edition_deletes_a_note(source, sam):
    note_on(sam, page("foxes"), "never looks back")
    other = builds.write_book(source.parent / "other", index=INDEX)
    code, _out, _err = sync(other, "--noinput", "--delete-user-data")
    assert code == 0
    assert Annotation.objects.count() == 1


def test_a_report_tells_when_its_passage_has_changed(source, sam):
    report = note_on(sam, page("foxes"), "lazy dog", audience="authors", motivation="editing")
    change(source, "foxes.rst", "lazy dog", "lazy cat")
    assert sync(source, "--noinput")[0] == 0
    report.refresh_from_db()
    assert timezone.now() - report.displaced_at < timedelta(minutes=1)
    assert (report.orig_quote, report.quote) == ("lazy dog", "lazy cat")


def test_notes_are_never_archived_and_the_archive_is_loaded_beside_them(tiny, data_dir):
    answer = answered(string="an answer")
    cities = page("cities")
    on_words = note_on(answer.enrollment.user, cities, "Cities")
    on_question = whole_note(answer.enrollment.user, cities, fragment="capital")
    on_page = whole_note(answer.enrollment.user, cities)
    text = (tiny / "cities.rst").read_text()
    (tiny / "cities.rst").unlink()
    code, out, _err = sync(tiny, "--noinput", "--delete-user-data")
    assert code == 0, out
    (archive,) = (data_dir / "archives").iterdir()
    assert {row["model"].split(".")[0] for row in json.loads(archive.read_text())} == {"grading"}
    for note in (on_words, on_question, on_page):
        note.refresh_from_db()
        assert (note.page, note.state) == (None, "orphan")
    (tiny / "cities.rst").write_text(text)
    assert sync(tiny, "--noinput")[0] == 0
    call_command("load_archive", archive, stdout=StringIO())
    assert Answer.objects.get().string == "an answer"
    assert stands(on_words) == "Cities"
    for note in (on_words, on_question, on_page):
        note.refresh_from_db()
        assert (note.page.url, note.state) == ("cities", "kept")
