"""What a plan does to feedback and choices, and to what an admin has written there."""

from dataclasses import replace
from decimal import Decimal

from bookbinder.sphinx import manifest as m
from bookbinder.tests.manifests import make_feedback, make_manifest, make_page, make_question
from books.sync.changes import Plan
from books.sync.snapshot import FeedbackRow, Snapshot
from books.tests.editions import after, brought_in, flat, plan_of


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
