"""Hypothesis strategies for editions and for edits in the admin, and the rows after a plan.

There are only a few names, so that labels, urls, keys, page ids, texts and former names are used
repeatedly and collide. Pure: no database is used.
"""

import itertools
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.manifests import make_feedback, make_page, make_question
from books.sync.content_rows import FeedbackRow, PageRow, QuestionRow
from books.sync.plan import Changes, Plan
from books.sync.planning.make_plan import make_plan
from books.sync.snapshot import Snapshot, _grouped

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "60"))
plans = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    # The examples are always the same, unless more are requested: a failure is due to a change.
    derandomize="PROPERTY_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
PREFER = st.sampled_from([None, "source", "admin"])
PROJECT = "project"
BOOKS = ("one", "two")
LABELS = ("q1", "q2", "q3", "q4")
URLS = ("p1", "p2", "p3", "p4")
TEXTS = (
    "alpha beta gamma delta",
    "Which number is prime?",
    "alpha beta gamma delta epsilon",
    "Why?",
)


def draw_from(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def hash_of(text: str) -> str:
    """Return a fingerprint for one of `TEXTS`."""
    return f"{TEXTS.index(text) + 1:064x}"


# Manifests.

KEYED = [
    make_feedback(
        key=key, answer=answer, text=text, points=Decimal(points), feedback=f"<p>{text}</p>"
    )
    for key, answer, text, points in itertools.product(
        ("k1", "k2", "k3"), ("It increases", "It decreases", "It incraeses"), ("", "No."), (0, 1)
    )
]
UNKEYED = [
    make_feedback(answer=answer, text=text, points=Decimal(points), feedback=f"<p>{text}</p>", markup=markup)
    for answer, text, points, markup in itertools.product(
        ("4", "5", "*"), ("", "No.", "Why?"), (0, 1), ("sphinx", "md")
    )
]  # fmt: skip
CHOICES = st.lists(st.sampled_from(KEYED), max_size=3, unique_by=lambda item: item.key)
FORESEEN = st.lists(st.sampled_from(UNKEYED), max_size=3)
PLACES = [f"{url}#{label}" for url in URLS[:3] for label in LABELS[:3]]
WAS_QUESTION = st.sampled_from([None] * 12 + list(LABELS) + PLACES[:8])
WAS_PAGE = st.sampled_from([None] * 8 + list(URLS))


@st.composite
def questions(draw, label: str, *, is_plain: bool) -> m.Question:
    text = draw(st.sampled_from(TEXTS))
    grader = draw(draw_from("choice", "text", "number", "manual"))
    items = draw(CHOICES if grader == "choice" else FORESEEN)
    return make_question(
        label=label,
        grader=grader,
        prompt=text,
        fingerprint=hash_of(text),
        feedback=tuple(item._replace() for item in items),  # separate objects
        was=None if is_plain else draw(WAS_QUESTION),
    )


@st.composite
def pages(draw, url: str, page_id: str | None, *, is_plain: bool) -> m.Page:
    labels = draw(st.lists(st.sampled_from(LABELS), max_size=4, unique=True))
    text = draw(st.sampled_from(TEXTS))
    return make_page(
        url,
        title=draw(st.sampled_from(TEXTS[:2])),
        page_id=page_id,
        index=draw(draw_from(None, 1, 2)),
        access=draw(draw_from("", "public")),
        fingerprint=hash_of(text),
        questions=tuple(draw(questions(label, is_plain=is_plain)) for label in labels),
        was=None if is_plain else draw(WAS_PAGE),
    )


@st.composite
def books(draw, url: str, *, is_plain: bool) -> m.Book:
    urls = draw(st.lists(st.sampled_from(URLS), min_size=1, max_size=4, unique=True))
    ids = draw(st.permutations([None, None, f"{url}-1", f"{url}-2", f"{url}-3"]))
    folder = "" if url == BOOKS[0] else f"{url}/"
    # A page may have lost its id: then it is identified by its url.
    found = [
        draw(pages(name, one, is_plain=is_plain)) for name, one in zip(urls, ids, strict=False)
    ]
    named = tuple(page._replace(docname=folder + page.url) for page in found)
    return m.Book(url, draw(draw_from("A", "B")), named)


@st.composite
def manifests(draw, *, is_plain: bool = False, most: int = 2) -> m.Manifest:
    """Draw an edition with at most `most` books; a plain one never uses `was`."""
    urls = BOOKS if most == 2 and draw(st.integers(0, 3)) == 3 else BOOKS[:1]
    return m.Manifest(PROJECT, tuple(draw(books(url, is_plain=is_plain)) for url in urls), {})


@st.composite
def revised(draw, edition: m.Manifest) -> m.Manifest:
    """Draw the edition with some texts replaced, which conflicts with edits in the admin."""

    def item(old: m.Feedback) -> m.Feedback:
        fields = {
            "text": draw(draw_from("New", old.text)),
            "points": draw(draw_from(Decimal(3), old.points)),
        }
        return old._replace(feedback=f"<p>{fields['text']}</p>", **fields)

    def page(old: m.Page) -> m.Page:
        questions = [
            one._replace(feedback=tuple(map(item, one.feedback))) for one in old.questions
        ]  # fmt: skip
        title, index = draw(draw_from("New", old.title)), draw(draw_from(3, old.index))
        return old._replace(title=title, index=index, questions=tuple(questions))

    return edition._replace(
        books=tuple(book._replace(pages=tuple(map(page, book.pages))) for book in edition.books)
    )


@st.composite
def histories(draw, count: int) -> tuple[Snapshot, list[m.Manifest]]:
    """Draw rows with edits of an admin, and `count` later editions, most of them similar."""
    edition, snapshot = draw(edited_editions())
    editions = []
    for _edition in range(count):
        is_much_alike = draw(draw_from(True, True, False))
        edition = draw(revised(edition) if is_much_alike else manifests())
        editions.append(edition)
    return snapshot, editions


# Admins' edits.


@st.composite
def edited(draw, snapshot: Snapshot) -> Snapshot:
    """Draw the snapshot after an admin has edited some of its rows."""
    count = draw(st.integers(1, 6))
    for _edit in range(count):
        kind = draw(draw_from("page", "feedback", "added", "book"))
        rows: list[Any] = list(
            {"page": flat(snapshot.pages), "book": flat(snapshot.books)}.get(kind)
            or flat(snapshot.questions if kind == "added" else snapshot.feedback)
        )
        if rows:
            snapshot = draw(_EDITS[kind](snapshot, draw(st.sampled_from(rows))))
    return snapshot


@st.composite
def _book_edit(draw, snapshot: Snapshot, row: Any) -> Snapshot:
    return with_row(snapshot, "books", row._replace(title=draw(draw_from("B", "Mine"))))


@st.composite
def _page_edit(draw, snapshot: Snapshot, row: PageRow) -> Snapshot:
    over = draw(
        draw_from(
            {"title": "Mine"}, {"title": TEXTS[0]}, {"index": 2}, {"index": 9}, {"index": None}
        )
    )
    return with_row(snapshot, "pages", row._replace(**over))


@st.composite
def _feedback_edit(draw, snapshot: Snapshot, row: FeedbackRow) -> Snapshot:
    over = [
        {"points": Decimal(1)},
        {"points": Decimal(2)},
        {"text": "Mine", "markup": "md", "feedback": "<p>M</p>"},
    ]
    if row.key is None:  # the text of a choice is part of the page
        over += [{"answer": "5"}, {"answer": "6"}]
    return with_row(snapshot, "feedback", row._replace(**draw(st.sampled_from(over))))


@st.composite
def _added(draw, snapshot: Snapshot, question: QuestionRow) -> Snapshot:
    if question.grader in ("choice", "manual"):
        return snapshot
    rows = snapshot.feedback.get(question.pk, [])
    item = draw(st.sampled_from(UNKEYED))
    pk = max([0, *(row.pk for row in flat(snapshot.feedback))]) + 1
    index = max([-1, *(row.index for row in rows)]) + 1
    said = (item.answer, item.feedback, item.text, "md", item.points)
    row = FeedbackRow(
        pk, question.pk, index, None, *said, "admin", None, None, None, None, None, ""
    )
    return replace(snapshot, feedback={**snapshot.feedback, question.pk: [*rows, row]})


_EDITS: dict[str, Any] = {
    "book": _book_edit, "page": _page_edit, "feedback": _feedback_edit, "added": _added,
}  # fmt: skip


def with_row(snapshot: Snapshot, table: str, row: Any) -> Snapshot:
    """Return the snapshot with `row` in place of the row that has the same key."""
    groups: Any = {
        parent: [row if one.pk == row.pk else one for one in rows]
        for parent, rows in getattr(snapshot, table).items()
    }
    return replace(snapshot, **{table: groups})


@st.composite
def edited_editions(draw, *, is_plain: bool = False) -> tuple[m.Manifest, Snapshot]:
    """Draw an edition, perhaps preceded by an older one, and its rows with edits of an admin."""
    older = [draw(manifests(is_plain=is_plain))] if draw(st.booleans()) else []
    edition = draw(manifests(is_plain=is_plain))
    return edition, with_answers(draw(edited(brought_in(*older, edition))))


# The rows after a plan.


def flat(groups: dict[Any, list[Any]]) -> list[Any]:
    return list(itertools.chain.from_iterable(groups.values()))


def new_ids(name: str = "new") -> Iterator[str]:
    return (f"{name}{number}" for number in itertools.count(1))


def plan_of(
    snapshot: Snapshot, *editions: m.Manifest, prefer: Any = None, ids: str = "new"
) -> Plan:
    """Return the plan for these editions; `ids` is the start of new page ids."""
    return make_plan(editions, snapshot, new_ids(ids), prefer=prefer)


def _carried_out(
    rows: Iterable[Any], changes: Changes[Any], pks: dict[int, int], parent: str | None
) -> list[Any]:
    by_pk = {row.pk: row for row in rows}
    number = itertools.count(max([0, *by_pk]) + 1)

    def real(row: Any) -> Any:
        over = {parent: pks.get(getattr(row, parent), getattr(row, parent))} if parent else {}
        return row._replace(**over)

    for row in changes.create:
        pks[row.pk] = next(number)
        by_pk[pks[row.pk]] = real(row)._replace(pk=pks[row.pk])
    for old, new in changes.update:
        assert by_pk[old.pk] == old and new.pk == old.pk
        by_pk[old.pk] = real(new)
    for row in changes.delete:
        del by_pk[row.pk]
    return list(by_pk.values())


def after(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """Return the rows of the database after a plan has been carried out as `apply` does it."""
    pks: dict[int, int] = {}
    books = _carried_out(flat(snapshot.books), plan.books, pks, None)
    pages = _carried_out(flat(snapshot.pages), plan.pages, pks, "book_id")
    questions = _carried_out(flat(snapshot.questions), plan.questions, pks, "page_id")
    feedback = _carried_out(flat(snapshot.feedback), plan.feedback, pks, "question_id")
    kept = {row.pk for row in questions}
    feedback = [row for row in feedback if row.question_id in kept]  # the database cascades
    live = {pks.get(pk, pk) for pk in plan.published}
    gone = {row.pk for row in plan.withdrawn}
    books = [
        row._replace(
            release_id=1 if row.pk in live and row.project in plan.releases else
            None if row.pk in gone else row.release_id
        )
        for row in books
    ]  # fmt: skip
    return replace(
        snapshot,
        books=_grouped(books, "project", "pk"),
        pages=_grouped(pages, "book_id", "position", "pk"),
        questions=_grouped(questions, "page_id", "index", "pk"),
        feedback=_grouped(feedback, "question_id", "index", "pk"),
        files=snapshot.files | {name: changes.files for name, changes in plan.releases.items()},
        counts={pk: counts for pk, counts in snapshot.counts.items() if pk in kept},
    )


def brought_in(
    *editions: m.Manifest, snapshot: Snapshot | None = None, prefer: Any = None
) -> Snapshot:
    """Return the rows after publishing the editions in turn, each with other new page ids."""
    snapshot = snapshot or Snapshot()
    for number, edition in enumerate(editions):
        ids = f"new{number}-{len(flat(snapshot.pages))}-"
        snapshot = after(snapshot, plan_of(snapshot, edition, prefer=prefer, ids=ids))
    return snapshot


def with_answers(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with answers to each question."""
    counts = {row.pk: {"answers": 2, "attempts": 3} for row in flat(snapshot.questions)}
    return replace(snapshot, counts=counts)


def names_by_pk(snapshot: Snapshot) -> dict[int, str]:
    """Return `book/page#label` by the key of the question."""
    titles = {row.pk: row.url for row in flat(snapshot.books)}
    places = {row.pk: f"{titles[row.book_id]}/{row.url}" for row in flat(snapshot.pages)}
    return {row.pk: f"{places[row.page_id]}#{row.label}" for row in flat(snapshot.questions)}


def repeated(names: Iterable[Any]) -> list[Any]:
    """Return the names that occur more than once."""
    counts: dict[Any, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return [name for name, count in counts.items() if count > 1]
