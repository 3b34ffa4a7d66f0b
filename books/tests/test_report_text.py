"""A plan as a person reads it: every book within a screen."""

from dataclasses import replace

from bookbinder.tests.support.manifests import (
    make_feedback,
    make_manifest,
    make_page,
    make_question,
)
from bookbinder.tests.support.plans import plan_of, snapshot_of
from books.sync.content_rows import PageRow
from books.sync.follower import Effects
from books.sync.plan import Changes
from books.sync.report import as_json, row_changes
from books.sync.report import text as report


def row(pk: int, position: int, **over) -> PageRow:
    fields = {"url": f"p{pk}", "title": "T", "source_title": "T", "index": None} | over
    return PageRow(
        pk=pk, book_id=1, source_index=None, position=position, source_id=f"i{pk}",
        level=0, caption="", fingerprint="", access="", conflicts="", **fields,
    )  # fmt: skip


def told(*moves: tuple[int, int]):
    """What is told of pages that go from one place to another, by (old, new)."""
    pairs = tuple((row(old, old), row(old, new)) for old, new in moves)
    return row_changes.of_table(row_changes.PAGES, Changes(update=pairs))


def test_what_makes_room_has_not_moved():
    assert told((0, 1), (1, 2), (2, 3)).line() == ""
    assert len(told((0, 1), (1, 2), (2, 3)).renumbered) == 3


def test_what_moved_is_the_fewest_that_explain_the_order():
    assert told((0, 4), (1, 0), (2, 1), (3, 2), (4, 3)).moved == ["p0"]
    assert len(told((0, 1), (1, 0)).moved) == 1


def test_a_row_may_be_renamed_and_changed():
    pair = (row(1, 0), row(1, 0, url="other", title="New"))
    found = row_changes.of_table(row_changes.PAGES, Changes(update=(pair,)))
    assert found.line() == "1 changed, 1 renamed"


def large(fresh: str):
    """A book of many pages, none of which any other edition has."""
    return [
        make_page(
            f"{fresh}{n}",
            fingerprint=f"{ord(fresh)}{n:062d}"[-64:],
            questions=tuple(
                make_question(
                    label=f"{fresh}{n}-{m}",
                    prompt=f"{fresh} {n} {m}",
                    fingerprint=f"{n:032d}{m:031d}{ord(fresh)}"[-64:],
                )
                for m in range(3)
            ),
        )
        for n in range(40)
    ]


def test_the_first_20_of_a_kind_are_shown_unless_more_is_asked_for():
    before = snapshot_of(make_manifest(*large("a")))
    counts = {one.pk: {"answers": 2} for rows in before.questions.values() for one in rows}
    plan = plan_of(replace(before, counts=counts), make_manifest(*large("b")))
    (part,) = plan.parts
    assert part.near_misses and len(part.pages.delete) == 40
    short = [line.text for line in report.lines(plan, {})]
    assert len([line for line in short if "removed:" in line]) == 20
    assert "    … and 140 more of these (-v 2 shows them)" in short
    text = report.text(plan, {}, verbose=True)
    assert all(f"page removed: a{n} " in text for n in range(40))
    assert (
        "USER DATA THAT WILL BE DELETED: 240 answers" in text
        and "more than half of the pages" in text
    )


def test_files_of_equal_content_are_renamed():
    before = snapshot_of(make_manifest())
    plan = plan_of(before, make_manifest(make_page("figures", page_id=None)))
    assert "1 renamed" in report.text(plan, {})
    assert as_json.of(plan, {})["files"]["tiny"]["renamed"] == [["numbers.html", "figures.html"]]


def test_followers_add_their_lines_and_names_are_apart():
    plan = plan_of(
        snapshot_of(make_manifest()),
        make_manifest(make_page(questions=(make_question(feedback=(make_feedback(text="x"),)),))),
    )
    effects = {"answers": Effects(lines=("answers: 3 up",), losses=("sam@example.org: x",))}
    assert "answers: 3 up" in [line.text for line in report.lines(plan, effects)]
    assert "sam@example.org" not in str(report.lines(plan, effects))
    assert "  sam@example.org: x" in [line.text for line in report.names(plan, effects)]


def test_a_follower_alone_can_have_something_to_do():
    plan = plan_of(snapshot_of(make_manifest()), make_manifest())
    assert report.is_nothing(plan, {"answers": Effects()})
    effects = {"answers": Effects(lines=("3 regraded",), is_work=True)}
    assert not report.is_nothing(plan, effects)
    assert as_json.of(plan, effects)["nothing_to_do"] is False
