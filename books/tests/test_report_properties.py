"""What a plan tells is what it does, whatever the editions; PROPERTY_EXAMPLES asks for more."""

import itertools
import json

from hypothesis import given

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.drawn_editions import (
    BOOKS,
    PREFER,
    brought_in,
    edited_editions,
    flat,
    manifests,
    plan_of,
    plans,
    with_row,
)
from bookbinder.tests.support.manifests import make_manifest, make_page, make_question
from books.sync.plan import NearMiss
from books.sync.report import as_json, row_changes
from books.sync.report import text as report


@plans
@given(edited_editions(), manifests(), PREFER)
def test_the_counts_that_are_told_add_up(before, new, prefer):
    plan = plan_of(before[1], new, prefer=prefer)
    for kind, changes in (
        (row_changes.PAGES, plan.pages), (row_changes.QUESTIONS, plan.questions), (row_changes.FEEDBACK, plan.feedback),
    ):  # fmt: skip
        told = row_changes.of_table(kind, changes)
        seen = len(changes.update) - len(told.renumbered)
        words = [len(told.changed), len(told.renamed), len(told.moved)]
        assert (len(told.created), len(told.removed)) == (len(changes.create), len(changes.delete))
        assert max(words) <= seen <= sum(words)


@plans
@given(edited_editions(), manifests(), PREFER)
def test_a_book_is_told_in_few_lines(before, new, prefer):
    plan = plan_of(before[1], new, prefer=prefer)
    lines = report.lines(plan, {})
    heads = [number for number, line in enumerate(lines) if not line.text.startswith(" ")]
    for start, end in itertools.pairwise([*heads, len(lines)]):
        assert end - start <= 6 + 4 * (report.FEW + 1)
    assert all("\n" not in line.text and line.text for line in lines)
    everything = {line.text for line in report.lines(plan, {}, verbose=True)}
    assert {line.text for line in lines if "-v 2 shows them" not in line.text} <= everything


def test_the_first_20_of_each_kind_are_told():
    """There are 26 each of what is matched, what goes, what may be the same, and what was edited."""

    def edition(name: str) -> m.Manifest:
        def page(number: int, page_id: str | None, what: str) -> m.Page:
            text = f"{int(name == 'new')}{number:02}{len(what)}".rjust(64, "0")
            title = f"{what} {number} {number}"
            return make_page(
                f"{name}{what}{number}",
                page_id=page_id,
                title=title,
                fingerprint=text,
                # No two are told apart by their labels.
                questions=(make_question(prompt=f"What is {number}?", fingerprint=text),)
                if what == "gone" else (),
            )  # fmt: skip

        pages = [page(number, f"id{number}", "kept") for number in range(26)]
        return make_manifest(
            books=(m.Book("tiny", name, (*pages, *(page(n, None, "gone") for n in range(26)))),)
        )

    before = brought_in(edition("old"))
    for row in flat(before.pages):
        before = with_row(before, "pages", row._replace(title="Mine"))
    plan = plan_of(before, edition("new"))
    (part,) = plan.parts
    assert (
        min(len(part.matches), len(part.pages.delete), len(part.near_misses), len(part.edits)) == 26
    )
    short = [line.text for line in report.lines(plan, {})]
    assert len(report.lines(plan, {}, verbose=True)) > 4 * 26
    for kind in ("same page", "page removed", "the same?", "edited in the admin, kept"):
        assert len([line for line in short if kind in line]) == 20
    assert len([line for line in short if "more of these" in line]) == 4


@plans
@given(edited_editions(), manifests(), PREFER)
def test_the_plan_as_json_says_the_same(before, new, prefer):
    plan = plan_of(before[1], new, prefer=prefer)
    told = json.loads(json.dumps(as_json.of(plan, {})))
    assert told["nothing_to_do"] == plan.is_empty
    for name in ("books", "pages", "questions", "feedback"):
        changes = getattr(plan, name)
        assert [row["pk"] for row in told[name]["create"]] == [row.pk for row in changes.create]
        assert [row["pk"] for row in told[name]["update"]] == [
            row.pk for row, _new in changes.update
        ]
        assert [row["pk"] for row in told[name]["delete"]] == [row.pk for row in changes.delete]
        if name != "books":
            assert sum(one[name]["created"] for one in told["per_book"]) == len(changes.create)
            assert sum(one[name]["removed"] for one in told["per_book"]) == len(changes.delete)
    edits = [one for part in plan.parts for one in part.edits]
    assert len(told["kept_edits"]) + len(told["taken_edits"]) == len(edits)
    losses = len(plan.losses)
    counts = {"answers": 2 * losses, "attempts": 3 * losses} if losses else {}
    assert told["user_data"]["counts"] == counts


@plans
@given(edited_editions(is_plain=True), manifests(is_plain=True))
def test_what_may_be_the_same_is_it_once_the_author_says_so(before, new):
    for part in plan_of(before[1], new).parts:
        for miss in part.near_misses:
            told = plan_of(before[1], with_was(new, part.row.url, miss))
            matches = [
                one
                for other in told.parts
                if other.row.url == part.row.url
                for one in other.matches
            ]
            found = [one for one in matches if (one.kind, one.old) == (miss.kind, miss.old)]
            assert [(one.new, one.by) for one in found] == [(place_of(miss), ":was:")], miss


def place_of(miss: NearMiss) -> str:
    """Return where the new one stands: a label alone is on the page of the old one."""
    is_label = miss.kind == "question" and "#" not in miss.new
    return f"{miss.old.split('#')[0]}#{miss.new}" if is_label else miss.new


def with_was(edition: m.Manifest, url: str, miss: NearMiss) -> m.Manifest:
    """Return the edition once its author has done what a near miss asks for."""
    was = miss.was.removeprefix(":was: ")
    former = was if url == BOOKS[0] else was.removeprefix(f"{url}/")  # as the build says it

    def told(page: m.Page) -> m.Page:
        if miss.kind == "page":
            return page._replace(was=former) if page.url == miss.new else page
        questions = [
            one._replace(was=former) if f"{page.url}#{one.label}" == place_of(miss) else one
            for one in page.questions
        ]
        return page._replace(questions=tuple(questions))

    books = [
        book._replace(pages=tuple(map(told, book.pages))) if book.url == url else book
        for book in edition.books
    ]
    return edition._replace(books=tuple(books))
