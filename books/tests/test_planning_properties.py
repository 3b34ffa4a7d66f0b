"""What holds of every plan, whatever the edition before, the admin's edits and the new edition.

A bounded sample here; PROPERTY_EXAMPLES asks for more, and for others each time.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.drawn_editions import (
    PREFER,
    PROJECT,
    after,
    brought_in,
    edited_editions,
    flat,
    histories,
    manifests,
    names_by_pk,
    plan_of,
    plans,
    repeated,
)
from bookbinder.tests.support.intent import Judge
from books.sync.content_rows import FeedbackRow, PageRow
from books.sync.plan import Prefer
from books.sync.planning.make_plan import PlanError
from books.sync.snapshot import Snapshot

pytestmark = pytest.mark.slow

Stays = set[tuple[str, int, str]]
WITHOUT_ADDED = ("choice", "manual")


@plans
@given(edited_editions(), manifests(), PREFER)
def test_the_plan_of_an_edition_that_is_in_is_nothing(before, new, prefer):
    """Also where a conflict is open, and whatever was preferred."""
    done = brought_in(new, snapshot=before[1], prefer=prefer)
    assert plan_of(done, new).is_empty
    assert plan_of(done, new, prefer=prefer).is_empty


@plans
@given(edited_editions(), manifests())
def test_names_stand_once_after_every_plan(before, new):
    done = brought_in(new, snapshot=before[1])
    assert not repeated((row.project, row.url) for row in flat(done.books))
    assert not repeated((row.book_id, row.url) for row in flat(done.pages))
    assert not repeated(row.source_id for row in flat(done.pages))
    assert not repeated((row.page_id, row.label) for row in flat(done.questions))
    keys = ((row.question_id, row.key) for row in flat(done.feedback) if row.key is not None)
    assert not repeated(keys)
    assert {row.book_id for row in flat(done.pages)} <= {row.pk for row in flat(done.books)}
    assert {row.page_id for row in flat(done.questions)} <= {row.pk for row in flat(done.pages)}


# Answers.


def judged(before: Snapshot, new: m.Manifest):
    """Yield (book url, Kept) of each question that surely is in the new edition."""
    old = {row.url: row.pk for row in before.books.get(PROJECT, [])}
    for book in new.books:
        if book.url in old:
            yield from ((book.url, kept) for kept in Judge(before, old[book.url], book).kept())


def check_answers(before: Snapshot, new: m.Manifest) -> None:
    plan = plan_of(before, new)
    gone = {row.pk for row in plan.questions.delete}
    names = names_by_pk(after(before, plan))
    for url, kept in judged(before, new):
        assert kept.row.pk not in gone, kept
        if kept.is_only:
            assert names[kept.row.pk] == f"{url}/{'#'.join(kept.asked.place)}", kept
    assert gone == {loss.question_id for loss in plan.losses}


@plans
@given(edited_editions(), manifests())
def test_no_plan_loses_an_answer_whose_question_has_a_match(before, new):
    check_answers(before[1], new)


@plans
@given(edited_editions(is_plain=True), manifests(is_plain=True))
def test_an_answer_stays_with_the_question_that_it_was_given_to(before, new):
    check_answers(before[1], new)


@plans
@given(edited_editions(), manifests())
def test_a_text_decides_only_where_it_stands_once(before, new):
    for part in plan_of(before[1], new).parts:
        by_text = {(one.kind, one.pk) for one in part.matches if one.by == "text"}
        for kind, changes in (("page", part.pages), ("question", part.questions)):
            rows = [row for row, _new in changes.update if (kind, row.pk) in by_text]
            doubtful = [text_of(row) for row in (*changes.create, *changes.delete)]
            assert not repeated(map(text_of, rows))
            assert not {text_of(row) for row in rows} & set(doubtful)


def text_of(row):
    return row.fingerprint, getattr(row, "grader", "")


# Rows.


@plans
@given(histories(1))
def test_the_rows_say_what_the_edition_says_but_for_edits_that_stay(history):
    before, (new,) = history
    plan = plan_of(before, new)
    done = after(before, plan)
    told = [edit for part in plan.parts for edit in part.edits if edit.stays]
    stays = {(one.kind, one.pk, one.field) for one in told}
    books = {row.url: row for row in flat(done.books)}
    assert books.keys() == {book.url for book in new.books}
    for book in new.books:
        row = books[book.url]
        assert row.source_title == book.title
        assert row.title == book.title or ("book", row.pk, "title") in stays
        rows = done.pages.get(row.pk, [])
        assert [one.url for one in rows] == [page.url for page in book.pages]
        for position, (one, page) in enumerate(zip(rows, book.pages, strict=True)):
            check_page(one, position, page, stays)
            check_questions(done, one.pk, page, stays)


def check_page(row: PageRow, position: int, page: m.Page, stays: Stays) -> None:
    said = (page.title, page.index, position, page.fingerprint, page.access)
    assert (row.source_title, row.source_index, row.position, row.fingerprint, row.access) == said
    assert (row.level, row.caption) == (page.level, page.caption)
    assert page.page_id in (None, row.source_id) and row.source_id
    assert row.title == page.title or ("page", row.pk, "title") in stays
    assert row.index == page.index or ("page", row.pk, "index") in stays


def check_questions(done: Snapshot, page_pk: int, page: m.Page, stays: Stays) -> None:
    rows = done.questions.get(page_pk, [])
    assert [row[2:-1] for row in rows] == [
        (one.label, index, *one[2:3], one.grader, one.prompt, one.options, one.fingerprint)
        for index, one in enumerate(page.questions)
    ]
    for row, question in zip(rows, page.questions, strict=True):
        assert row.label not in row.former_labels
        every = done.feedback.get(row.pk, [])
        own = [one for one in every if one.origin == "source"]
        assert len(own) == len(question.feedback)
        assert row.grader not in WITHOUT_ADDED or len(own) == len(every)
        # The first that matches wins: what was added in the admin is asked last.
        assert all(one.origin == "admin" for one in every[len(own) :])
        for index, (one, item) in enumerate(zip(own, question.feedback, strict=True)):
            check_feedback(one, index, item, stays)


def check_feedback(row: FeedbackRow, index: int, item: m.Feedback, stays: Stays) -> None:
    assert (row.index, row.key) == (index, item.key)
    assert row[10:15] == (item.answer, item.feedback, item.text, item.markup, item.points)
    assert row.answer == item.answer or ("feedback", row.pk, "answer") in stays
    assert row.points == item.points or ("feedback", row.pk, "points") in stays
    is_reply_kept = ("feedback", row.pk, "reply") in stays
    assert is_reply_kept or row[5:8] == (item.feedback, item.text, item.markup)


@plans
@given(manifests(), manifests())
def test_an_edition_that_comes_back_is_as_it_was(first, second):
    once = brought_in(first)
    again = brought_in(second, first, snapshot=once)
    assert content(again) == content(once)


def content(snapshot: Snapshot):
    """What readers see, without keys of rows, page ids that were drawn, and former labels."""
    return {
        (book.url, book.title): [
            (page.url, page.title, page.index, page.access, page.fingerprint, [
                (question[2:-1], [one[2:] for one in snapshot.feedback.get(question.pk, [])])
                for question in snapshot.questions.get(page.pk, [])
            ])
            for page in snapshot.pages.get(book.pk, [])
        ]
        for book in flat(snapshot.books)
    }  # fmt: skip


# Edits in the admin.


@plans
@given(edited_editions(), manifests())
def test_what_an_admin_wrote_is_there_when_an_edition_comes_back(before, new):
    """Where its row stayed, and the edition between did not say the same."""
    first, snapshot = before
    between = brought_in(new, snapshot=snapshot)
    again = brought_in(first, snapshot=between)
    for table in ("books", "pages", "feedback"):
        old, middle, last = (by_pk(one, table) for one in (snapshot, between, again))
        for pk in old.keys() & middle.keys() & last.keys():
            for shown, source in fields_of(old[pk]):
                is_back = value(last[pk], source) == value(old[pk], source)
                if is_back and value(middle[pk], shown) != value(middle[pk], source):
                    assert value(last[pk], shown) == value(old[pk], shown)


@plans
@given(edited_editions(), manifests())
def test_what_was_added_in_the_admin_stays_while_its_question_takes_it(before, new):
    between = brought_in(new, snapshot=before[1])
    takes = {row.pk for row in flat(between.questions) if row.grader not in WITHOUT_ADDED}
    left = by_pk(between, "feedback")
    for row in flat(before[1].feedback):
        if row.origin == "admin" and row.question_id in takes:
            assert left[row.pk][4:9] == row[4:9] or left[row.pk].origin == "source"


def by_pk(snapshot: Snapshot, table: str):
    return {row.pk: row for row in flat(getattr(snapshot, table))}


def fields_of(row):
    """Return the fields that an admin may change, each with what the source says beside it."""
    names = [("title",), ("index",), ("answer",), ("points",), ("text", "markup")]
    shown = [name for name in names if hasattr(row, f"source_{name[0]}")]
    return [(name, tuple(f"source_{one}" for one in name)) for name in shown]


def value(row, names):
    return tuple(getattr(row, name) for name in names)


@plans
@given(histories(2), PREFER)
def test_conflicts_are_where_both_have_changed_and_go_as_preferred(history, prefer):
    """Two editions on: what nobody has decided after the first is still open in the second."""
    snapshot, (second, third) = history
    check_edition(snapshot, second, None)
    check_edition(brought_in(second, snapshot=snapshot), third, prefer)


def check_edition(before: Snapshot, new: m.Manifest, prefer: Prefer | None) -> None:
    plan = plan_of(before, new, prefer=prefer)
    done = after(before, plan)
    edits = [edit for part in plan.parts for edit in part.edits if edit.is_conflict]
    found = set()
    for kind, table in (("book", "books"), ("page", "pages"), ("feedback", "feedback")):
        rows, left = by_pk(before, table), by_pk(done, table)
        for pk in rows.keys() & left.keys():
            if getattr(left[pk], "origin", "source") == "source":
                fields = check_conflicts(rows[pk], left[pk], prefer)
                found |= {(kind, pk, field) for field in fields}
    assert found == {(one.kind, one.pk, one.field) for one in edits}


def check_conflicts(old, new, prefer) -> list[str]:
    conflicts = []
    for shown, source in fields_of(old):
        ours, said, theirs = value(old, shown), value(old, source), value(new, source)
        field = "reply" if shown[0] == "text" else shown[0]
        is_new_here = said[0] is None and field == "reply" and ours[0] == theirs[0]
        is_edited = ours not in (said, theirs) and not is_new_here
        is_conflict = is_edited and (said != theirs or field in old.conflicts.split(","))
        is_taken = not is_edited or (is_conflict and prefer == "source")
        assert value(new, shown) == (theirs if is_taken else ours)
        assert is_taken or field != "reply" or new.feedback == old.feedback
        conflicts += [field] if is_conflict else []
    left = [] if prefer else conflicts
    assert sorted(filter(None, new.conflicts.split(","))) == sorted(left)
    return conflicts


# Page ids.


@plans
@given(edited_editions(), manifests(), st.data())
def test_a_page_id_that_another_book_has_is_an_error(before, new, data):
    rows = {row.source_id: row.book_id for row in flat(before[1].pages)}
    snapshot = replace(before[1], elsewhere={"elsewhere": "guide: guide/intro"})
    *others, last = new.books
    carried = {page.page_id for book in others for page in book.pages if page.page_id}
    page_id = data.draw(st.sampled_from([*sorted(rows.keys() | carried), "elsewhere"]))
    first, *pages = last.pages
    last = last._replace(pages=(first._replace(page_id=page_id), *pages))
    if page_id in {page.page_id for page in pages}:
        return  # no build says that
    edition = new._replace(books=(*others, last))
    books = {row.url: row.pk for row in flat(snapshot.books)}
    if rows.get(page_id, -1) == books.get(last.url) and page_id not in carried:
        plan_of(snapshot, edition)
    else:
        with pytest.raises(PlanError, match=f"The page id {page_id}"):
            plan_of(snapshot, edition)
