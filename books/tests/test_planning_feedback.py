"""What a plan does to feedback and choices, and to what an admin has written there."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.drawn_editions import after, brought_in, flat, plan_of
from bookbinder.tests.support.manifests import (
    make_feedback,
    make_manifest,
    make_page,
    make_question,
)
from books.sync.content_rows import FeedbackRow
from books.sync.plan import Plan
from books.sync.planning.similar import is_typo
from books.sync.snapshot import Snapshot


def edition(*items: m.Feedback, **over) -> m.Manifest:
    return make_manifest(make_page(questions=(make_question(feedback=items, **over),)))


def with_added(snapshot: Snapshot, *answers: str, **over) -> Snapshot:
    """The snapshot once an admin has added feedback to its one question."""
    (question,) = flat(snapshot.questions)
    rows = snapshot.feedback.get(question.pk, [])
    added = [
        FeedbackRow(
            90 + number, question.pk, len(rows) + number, None, answer, "<p>Mine</p>", "Mine", "md",
            Decimal(1), "admin", None, None, None, None, None, "",
        )._replace(**over)
        for number, answer in enumerate(answers)
    ]  # fmt: skip
    return replace(snapshot, feedback={question.pk: [*rows, *added]})


def answers_after(snapshot: Snapshot, new: m.Manifest) -> list[str]:
    """The answers foreseen, as they are asked one after another."""
    return [row.answer for row in flat(after(snapshot, plan_of(snapshot, new)).feedback)]


def lost_edits(plan: Plan) -> list[str]:
    return [name for part in plan.parts for name in part.lost_edits]


def test_what_was_added_in_the_admin_is_asked_last_when_the_source_has_more():
    """The first that matches wins, and it was put after all of the author's."""
    before = with_added(brought_in(edition(make_feedback(answer="1"))), "8", "9")
    items = [make_feedback(answer=f"{n}", text=f"{n}") for n in (1, 2, 3, 4)]
    assert answers_after(before, edition(*items)) == ["1", "2", "3", "4", "8", "9"]
    assert answers_after(before, edition(*items[:1])) == ["1", "8", "9"]


def test_what_admin_and_source_have_both_added_is_one_feedback_with_a_conflict():
    """Else the reply of one of them would never be seen, and nobody would be told."""
    before = with_added(brought_in(edition(make_feedback(answer="1"))), "5")
    theirs = make_feedback(answer="5", text="Theirs", feedback="<p>T</p>", points=Decimal(2))
    new = edition(make_feedback(answer="1"), theirs)
    row = flat(after(before, plan_of(before, new)).feedback)[1]
    assert (row.pk, row.origin, row.index) == (90, "source", 1)
    assert (row.text, row.feedback, row.points) == ("Mine", "<p>Mine</p>", 1)
    assert (row.source_text, row.source_points, row.conflicts) == ("Theirs", 2, "reply,points")
    row = flat(after(before, plan_of(before, new, prefer="source")).feedback)[1]
    assert (row.text, row.feedback, row.points, row.conflicts) == ("Theirs", "<p>T</p>", 2, "")


def test_what_was_added_in_the_admin_and_came_into_the_source_is_no_edit():
    before = with_added(brought_in(edition(make_feedback(answer="1"))), "5")
    ours = make_feedback(answer="5", text="Mine", feedback="<p>Mine</p>", points=Decimal(1))
    done = after(before, plan_of(before, edition(make_feedback(answer="1"), ours)))
    row = flat(done.feedback)[1]
    assert (row.pk, row.origin, row.markup, row.conflicts) == (90, "source", "sphinx", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Helsinky", "Helsinki"),
        ("helsinki", "Helsinki"),
        ("It was built in 1812", "It was bulit in 1812"),
        ("It accomodates ten guests.", "It accommodates ten guests."),
        ("The ending", "The ending."),
    ],
)
def test_a_slip_of_the_pen_is_a_typo(old, new):
    assert is_typo(old, new) and is_typo(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x < y", "x > y"),
        ("x < y", "x <= y"),
        ("a + b", "a - b"),
        ("f(x) + 1", "f(x) - 1"),
        ("-10", "10"),
        ("It increases", "It decreases"),
        ("possible", "impossible"),
        ("symmetric", "asymmetric"),
        ("It is not in the set", "It is now in the set"),
        ("the cat saw the dog", "the dog saw the cat"),
        ("counts[1]", "counts[l]"),
        ("list_a", "list_b"),
        ("Yes", "Yep"),
    ],
)
def test_another_answer_is_no_typo(old, new):
    assert not is_typo(old, new) and not is_typo(new, old)


def choices(*texts: str, right: str = "Right answer", reply: str = "") -> m.Manifest:
    """A question of choices that have no key of their own."""
    items = [
        make_feedback(key=f"hash of {text}", answer=text, text=reply, points=Decimal(text == right))
        for text in texts
    ]
    return edition(*items, grader="choice")


def renamed(before: m.Manifest, new: m.Manifest) -> dict[str, str]:
    """Return which choices are known again under another key: answers follow them."""
    plan = plan_of(brought_in(before), new)
    return {old.answer: row.answer for old, row in plan.feedback.update if old.key != row.key}


def test_a_choice_whose_typo_was_mended_is_the_same():
    assert renamed(choices("Helsinky", "Turku"), choices("Helsinki", "Turku")) == {
        "Helsinky": "Helsinki"
    }


def test_a_choice_is_not_taken_for_another_where_a_letter_tells_them_apart():
    before = choices("nitrate", "phosphate", "nitride")
    assert renamed(before, choices("nitrite", "phosphate", "nitride")) == {}
    assert renamed(choices("nitrate"), choices("nitrite", "nitrata")) == {}
    assert renamed(choices("nitrite", "nitrata"), choices("nitrate")) == {}


def test_a_wrong_choice_is_not_taken_for_a_right_one():
    before = choices("recieve", "rceive", right="none")
    assert renamed(before, choices("receive", right="receive")) == {}
    before = choices("5", "7", right="5", reply="Count again.")
    assert (
        renamed(choices("5", reply="Look it up."), choices("4", right="4", reply="Look it up."))
        == {}
    )
    assert renamed(choices("5", reply="Look it up."), choices("6", reply="Look it up.")) == {
        "5": "6"
    }


def test_what_an_admin_has_added_to_a_question_that_goes_is_told():
    before = with_added(brought_in(edition(make_feedback(answer="1"))), "5")
    assert lost_edits(plan_of(before, make_manifest(make_page(questions=())))) == ["adding: 5"]
    other = make_manifest(books=(m.Book("second", "Second"),))
    assert lost_edits(plan_of(before, other)) == ["adding: 5"]


def test_what_was_added_in_the_admin_does_not_decide_which_choice_is_right():
    """It foresaw a text, and its points would be those of the choice that takes its place."""
    before = with_added(
        brought_in(edition(make_feedback(answer="1"))), "Turku", text="", points=Decimal(0)
    )
    plan = plan_of(before, choices("Turku", "Oulu", right="Turku"))
    assert [row.points for row in flat(after(before, plan).feedback)] == [1, 0]
    assert not [edit for part in plan.parts for edit in part.edits]
    assert lost_edits(plan) == ["adding: Turku"]
