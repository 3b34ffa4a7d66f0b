"""The plan of a sync, without a database."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.manifests import (
    make_feedback,
    make_manifest,
    make_page,
    make_question,
)
from bookbinder.tests.support.plans import plan_of, snapshot_of
from books.sync.content_rows import BookRow, FeedbackRow, PageRow, QuestionRow
from books.sync.plan import Plan
from books.sync.planning.make_plan import PlanError
from books.sync.snapshot import Snapshot


def matches(plan: Plan):
    return [match for part in plan.parts for match in part.matches]


def edits(plan: Plan):
    return [edit for part in plan.parts for edit in part.edits]


def lost_edits(plan: Plan):
    return tuple(name for part in plan.parts for name in part.lost_edits)


def only(items):
    (item,) = items
    return item


def test_into_an_empty_database_everything_is_created():
    plan = plan_of(Snapshot(), make_manifest())
    assert only(plan.books.create).title == "Tiny"
    assert only(plan.pages.create).source_id == "new1"
    assert only(plan.questions.create).page_id == only(plan.pages.create).pk
    assert only(plan.feedback.create).points == Decimal("1.5")
    assert plan.releases["tiny"].added == ("_static/a.css", "numbers.html")
    assert not plan.is_empty


def test_the_same_build_again_is_nothing_to_do():
    plan = plan_of(snapshot_of(make_manifest()), make_manifest())
    assert plan.is_empty
    assert only(plan.missing_page_ids).page_id == "new1"


def test_a_changed_file_alone_is_something_to_do():
    files = {"_static/a.css": m.File("b" * 64)}
    plan = plan_of(snapshot_of(make_manifest()), make_manifest(files=files))
    assert not plan.is_empty
    assert plan.releases["tiny"].changed == ("_static/a.css",)
    assert not plan.pages


def test_a_changed_page_alone_is_something_to_do():
    plan = plan_of(snapshot_of(make_manifest()), make_manifest(make_page(sha256="c" * 64)))
    assert plan.releases["tiny"].changed == ("numbers.html",)


def test_a_page_is_found_again_by_its_id_under_another_url():
    before = make_manifest(make_page("old", page_id="x"), make_page("other"))
    after = make_manifest(make_page("new", page_id="x"), make_page("other"))
    plan = plan_of(snapshot_of(before), after)
    old, new = only(plan.pages.update)
    assert (old.url, new.url, new.pk) == ("old", "new", old.pk)
    assert only(matches(plan)).by == "page id"
    assert not plan.pages.create and not plan.pages.delete and not plan.questions


def test_a_page_is_found_again_by_its_url():
    before = make_manifest(make_page(fingerprint="1" * 64))
    plan = plan_of(snapshot_of(before), make_manifest(make_page(fingerprint="2" * 64)))
    assert only(plan.pages.update)[1].source_id == "new1"
    assert not matches(plan)


def test_a_page_id_goes_before_a_url():
    """Two pages that exchange their urls keep their rows."""
    before = make_manifest(make_page("a", page_id="one"), make_page("b", page_id="two"))
    after = make_manifest(make_page("a", page_id="two"), make_page("b", page_id="one"))
    plan = plan_of(snapshot_of(before), after)
    assert {(old.url, new.url, new.source_id) for old, new in plan.pages.update} == {
        ("a", "b", "one"),
        ("b", "a", "two"),
    }


def test_a_page_is_found_again_by_its_text_where_that_is_unique():
    before = make_manifest(make_page("old", fingerprint="1" * 64), make_page("other"))
    after = make_manifest(make_page("new", fingerprint="1" * 64), make_page("other"))
    plan = plan_of(snapshot_of(before), after)
    assert only(matches(plan)).by == "text"
    twins = make_manifest(
        make_page("new", fingerprint="1" * 64), make_page("n2", fingerprint="1" * 64)
    )
    plan = plan_of(snapshot_of(before), twins)
    assert len(plan.pages.create) == 2 and len(plan.pages.delete) == 2


def test_a_page_keeps_its_id_when_the_source_gets_another_only_if_it_says_so():
    before = make_manifest(make_page(page_id="x"))
    assert plan_of(snapshot_of(before), make_manifest(make_page())).missing_page_ids == (
        replace(only(plan_of(Snapshot(), make_manifest()).missing_page_ids), page_id="x"),
    )
    plan = plan_of(snapshot_of(before), make_manifest(make_page(page_id="y")))
    assert only(plan.pages.update)[1].source_id == "y"


def two_pages(first, second):
    return make_manifest(make_page("a", questions=first), make_page("b", questions=second))


def test_a_question_is_found_again_on_another_page():
    asked = make_question()
    plan = plan_of(snapshot_of(two_pages((asked,), ())), two_pages((), (asked,)))
    old, new = only(plan.questions.update)
    assert new.pk == old.pk and new.page_id != old.page_id
    assert only(matches(plan)).by == "moved"
    assert not plan.losses


def test_a_question_is_found_again_under_another_label():
    before = make_manifest(make_page(questions=(make_question(),)))
    after = make_manifest(make_page(questions=(make_question(label="sums"),)))
    plan = plan_of(snapshot_of(before), after)
    assert only(plan.questions.update)[1].label == "sums"
    assert only(matches(plan)).by == "text"


def test_a_question_is_not_taken_for_one_of_another_grader():
    before = make_manifest(make_page(questions=(make_question(),)))
    after = make_manifest(make_page(questions=(make_question(label="sums", grader="text"),)))
    plan = plan_of(snapshot_of(before), after)
    assert plan.questions.create and plan.questions.delete


def test_a_question_that_goes_says_what_goes_with_it():
    before = make_manifest()
    after = make_manifest(make_page(questions=()))
    plan = plan_of(snapshot_of(before, counts={only(
        plan_of(Snapshot(), before).questions.create
    ).pk * -1: {"answers": 3, "attempts": 5}}), after)  # fmt: skip
    loss = only(plan.losses)
    assert (loss.label, loss.page_url, loss.counts) == (
        "adding", "numbers", {"answers": 3, "attempts": 5},
    )  # fmt: skip
    assert plan.needs_permission_to_delete


def test_a_question_nobody_answered_goes_without_asking():
    pages = make_page(), make_page("more", fingerprint="1" * 64)
    after = pages[0]._replace(questions=()), pages[1]
    plan = plan_of(snapshot_of(make_manifest(*pages)), make_manifest(*after))
    assert plan.questions.delete and not plan.needs_permission_to_delete


def test_more_than_half_of_the_pages_going_asks():
    pages = [make_page(f"p{n}", fingerprint=f"{n}" * 64, questions=()) for n in range(4)]
    before = snapshot_of(make_manifest(*pages))
    assert not plan_of(before, make_manifest(*pages[:2])).needs_permission_to_delete
    assert plan_of(before, make_manifest(*pages[:1])).needs_permission_to_delete


def feedback_plan(before, after):
    def manifest(*items):
        return make_manifest(make_page(questions=(make_question(feedback=items),)))

    return plan_of(snapshot_of(manifest(*before)), manifest(*after))


def test_feedback_is_found_again_after_a_reorder():
    one, two = make_feedback(answer="1"), make_feedback(answer="2")
    plan = feedback_plan((one, two), (two, one))
    assert [(old.answer, new.index) for old, new in plan.feedback.update] == [("2", 0), ("1", 1)]
    assert not plan.feedback.create and not plan.feedback.delete


def test_feedback_is_found_again_by_its_answer_or_by_its_reply():
    one = make_feedback(answer="1", text="a")
    plan = feedback_plan((one,), (make_feedback(answer="1", text="b"),))
    assert only(plan.feedback.update)[1].text == "b"
    plan = feedback_plan((one,), (make_feedback(answer="9", text="a"),))
    assert only(plan.feedback.update)[1].answer == "9"


def test_a_choice_is_found_again_by_its_key():
    one = make_feedback(key="k", answer="Turku", text="a")
    plan = feedback_plan((one,), (make_feedback(key="k", answer="Åbo", text="b"),))
    assert only(plan.feedback.update)[1].answer == "Åbo"


def edited(snapshot: Snapshot, **fields) -> Snapshot:
    """A snapshot in which an admin has changed its one feedback."""
    row = only(only(snapshot.feedback.values()))
    return replace(snapshot, feedback={row.question_id: [row._replace(**fields)]})


def test_an_admins_edit_stays_when_the_source_did_not_change():
    before = edited(
        snapshot_of(make_manifest()), text="Well done", markup="md", feedback="<p>W</p>"
    )
    plan = plan_of(before, make_manifest())
    assert plan.is_empty
    assert [(edit.field, edit.is_conflict) for edit in edits(plan)] == [("reply", False)]


def test_an_admins_edit_stays_and_is_shown_when_the_source_changed_too():
    before = edited(snapshot_of(make_manifest()), points=Decimal(2))
    item = make_feedback(points=Decimal(1), text="New words", feedback="<p>New words</p>")
    after = make_manifest(make_page(questions=(make_question(feedback=(item,)),)))
    plan = plan_of(before, after)
    row = only(plan.feedback.update)[1]
    assert (row.points, row.source_points) == (2, 1)
    assert (row.text, row.feedback) == ("New words", "<p>New words</p>")
    assert [(edit.field, edit.is_conflict) for edit in edits(plan)] == [("points", True)]


def test_an_edit_that_has_come_into_the_source_is_no_edit_any_more():
    before = edited(snapshot_of(make_manifest()), points=Decimal(1))
    after = make_manifest(
        make_page(questions=(make_question(feedback=(make_feedback(points=Decimal(1)),)),))
    )
    plan = plan_of(before, after)
    assert not edits(plan)
    assert only(plan.feedback.update)[1].source_points == 1


def test_feedback_added_in_the_admin_stays():
    before = snapshot_of(make_manifest())
    row = only(only(before.feedback.values()))
    added = FeedbackRow(99, row.question_id, 5, None, "5", "<p>x</p>", "x", "md", Decimal(0), "admin",
                        None, None, None, None, None, "")  # fmt: skip
    with_added = replace(before, feedback={row.question_id: [row, added]})
    assert plan_of(with_added, make_manifest()).is_empty
    item = make_feedback(answer="5", text="x", markup="md", feedback="<p>x</p>", points=Decimal(0))
    after = make_manifest(make_page(questions=(make_question(feedback=(make_feedback(), item)),)))
    old, new = only(plan_of(with_added, after).feedback.update)
    assert (old.pk, new.origin) == (99, "source")


def test_a_title_changed_in_the_admin_stays():
    before = snapshot_of(make_manifest())
    page = only(only(before.pages.values()))._replace(title="Sums")
    before = replace(before, pages={page.book_id: [page]})
    plan = plan_of(before, make_manifest(make_page(title="Figures")))
    _old, new = only(plan.pages.update)
    assert (new.title, new.source_title) == ("Sums", "Figures")


def test_a_book_that_is_gone_is_deleted_and_asked_for():
    before = snapshot_of(make_manifest())
    other = make_manifest(books=(m.Book("second", "Second"),))
    plan = plan_of(before, other)
    assert only(plan.books.delete).url == "tiny"
    assert plan.needs_permission_to_delete


def test_a_book_with_a_course_or_a_note_is_withdrawn_and_comes_back():
    before = snapshot_of(make_manifest(), kept_books=frozenset({1}))
    plan = plan_of(before, make_manifest(books=(m.Book("second", "Second"),)))
    assert only(plan.withdrawn).url == "tiny" and not plan.books.delete
    book = only(before.books["tiny"])._replace(release_id=None)
    gone = replace(before, books={"tiny": [book]})
    assert "tiny" in plan_of(gone, make_manifest()).releases
    assert not plan_of(gone, make_manifest(books=())).withdrawn


def test_a_page_id_of_another_project_is_refused_with_both_names():
    before = Snapshot(elsewhere={"x": "guide: guide/intro"})
    with pytest.raises(PlanError) as caught:
        plan_of(before, make_manifest(make_page(page_id="x")))
    assert "tiny: numbers.rst" in str(caught.value) and "guide: guide/intro" in str(caught.value)


def test_a_page_id_that_two_builds_carry_is_refused():
    other = make_manifest(make_page(page_id="x"))._replace(project="other")
    with pytest.raises(PlanError, match="The page id x"):
        plan_of(Snapshot(), make_manifest(make_page(page_id="x")), other)


def test_a_page_id_of_another_book_of_the_project_is_refused():
    before = snapshot_of(make_manifest(make_page(page_id="x")))
    after = make_manifest(books=(m.Book("renamed", "R", (make_page(page_id="x"),)),))
    with pytest.raises(PlanError, match="is that of tiny: tiny/numbers too, in another book"):
        plan_of(before, after)


def test_feedback_that_stands_twice_is_nothing_to_do_after_an_edit():
    twins = make_manifest(
        make_page(questions=(make_question(feedback=(make_feedback(), make_feedback())),))
    )
    before = snapshot_of(twins)
    first, second = only(before.feedback.values())
    edited_one = [first._replace(points=Decimal(2)), second]
    plan = plan_of(replace(before, feedback={first.question_id: edited_one}), twins)
    assert plan.is_empty
    assert len(edits(plan)) == 1


def test_an_edit_that_goes_with_its_feedback_is_told():
    before = edited(snapshot_of(make_manifest()), points=Decimal(2))
    item = make_feedback(answer="9", text="Other", feedback="<p>Other</p>")
    after = make_manifest(make_page(questions=(make_question(feedback=(item,)),)))
    assert lost_edits(plan_of(before, after)) == ("adding: 4",)


def test_what_was_added_in_the_admin_goes_when_choices_take_its_place():
    before = snapshot_of(make_manifest())
    row = only(only(before.feedback.values()))
    added = row._replace(pk=99, origin="admin", answer="5", source_answer=None, source_text=None)
    before = replace(before, feedback={row.question_id: [row, added]})
    choices = (
        make_feedback(key="a", answer="A", text="1"),
        make_feedback(key="b", answer="B", text="2"),
    )
    question = make_question(grader="choice", feedback=choices)
    plan = plan_of(before, make_manifest(make_page(questions=(question,))))
    assert {gone.pk for gone in plan.feedback.delete} == {row.pk, 99}
    assert lost_edits(plan) == ("adding: 5",)


def test_a_new_addition_to_pages_is_something_to_do():
    before = snapshot_of(make_manifest())
    files = {name: entry | {"head": "old"} if name.endswith(".html") else entry
             for name, entry in before.files["tiny"].items()}  # fmt: skip
    plan = plan_of(replace(before, files={"tiny": files}), make_manifest())
    assert plan.releases["tiny"].changed == ("numbers.html",)


def test_two_builds_of_one_project_are_refused():
    with pytest.raises(PlanError, match="Two of the builds are of project tiny"):
        plan_of(Snapshot(), make_manifest(), make_manifest())


def test_rows_have_the_columns_of_their_models():
    from books.models import Book, Feedback, Page, Question

    for row, model in (
        (BookRow, Book), (PageRow, Page), (QuestionRow, Question), (FeedbackRow, Feedback),
    ):  # fmt: skip
        columns = {field.attname for field in model._meta.concrete_fields}
        columns -= {"id", "price", "edited_by_id", "edited_at"}  # which no sync reads or changes
        assert set(row._fields) - {"pk"} == columns
