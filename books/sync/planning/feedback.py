"""What happens to the feedback of one question. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bookbinder.sphinx import kinds
from bookbinder.sphinx import manifest as m
from books.sync.content_rows import FeedbackRow
from books.sync.plan import Match, Table
from books.sync.planning.matching import Matching
from books.sync.planning.merging import Merger
from books.sync.planning.similar import is_typo


class FeedbackPlanner:
    """Collects changes question by question."""

    def __init__(self, merger: Merger, new_pks: Iterator[int]) -> None:
        self.merger = merger
        self.new_pks = new_pks
        self.table: Table[FeedbackRow] = Table()
        self.matches: list[Match] = []
        self.lost_edits: list[str] = []

    def plan(self, question_pk: int, label: str, rows: list[FeedbackRow], new: m.Question) -> None:
        """Pair rows with items and note what changes; `label` names the question in edits."""
        items = list(enumerate(new.feedback))
        if len(rows) == len(items) and all(
            row[2:] == _columns(index, item) for row, (index, item) in zip(rows, items, strict=True)
        ):
            return  # as nearly always: nothing here has changed, nor been edited
        kind = kinds.of(new.grader)
        # What an admin has added stays, but not among choices: those stand in the page.
        added = [row for row in rows if row.origin == "admin" and not kind.takes_new_feedback]
        matching = _match([row for row in rows if row not in added], new)
        if kind.takes_choices:
            _match_mended(matching, rows, new)
            self.note_choices(label, matching)
        found = {id(item): row for row, item, _by in matching.pairs}
        for index, item in items:
            self.put(question_pk, label, index, found.get(id(item)), item)
        self.move_last([row for row in matching.old if row.origin == "admin"], len(items))
        gone = [row for row in matching.old if row.origin == "source"] + added
        self.table.delete += gone
        self.lost_edits += lost_edits(label, gone)

    def move_last(self, added: list[FeedbackRow], place: int) -> None:
        """Move what was put after all others back there: the first that matches wins."""
        step = max([0, *(place - row.index for row in added)])
        for row in added:
            self.table.put(row, row._replace(index=row.index + step))

    def put(
        self, question_pk: int, label: str, index: int, old: FeedbackRow | None, new: m.Feedback
    ) -> None:
        pk = next(self.new_pks) if old is None else old.pk
        row = FeedbackRow(pk, question_pk, *_columns(index, new))
        if old is not None:
            row = self.with_edits(label, old, row)
        self.table.put(old, row)

    def note_choices(self, label: str, matching: Matching[FeedbackRow, m.Feedback]) -> None:
        """Note choices under a new key: the answers that took them follow."""
        for row, item, by in matching.pairs:
            if row.key != item.key:
                name = f"{label}: {row.answer}"
                self.matches.append(Match("choice", row.pk, name, f"{label}: {item.answer}", by))

    def with_edits(self, label: str, old: FeedbackRow, row: FeedbackRow) -> FeedbackRow:
        """Return the new row with what an admin has changed of the old one, or has added."""
        name = f"{label}: {row.source_answer}"
        merger = self.merger.row("feedback", old.pk, name, old.conflicts)
        shown, source = (old.text, old.markup), (old.source_text, old.source_markup)
        if old.origin == "admin" and old.text == row.text:
            shown = (row.text, row.markup)  # the same words, brought into the source by hand
        text, markup = merger.merged("reply", shown, source, (row.text, row.markup))
        is_kept = (text, markup) != (row.text, row.markup)
        return row._replace(
            answer=merger.merged("answer", old.answer, old.source_answer, row.answer),
            points=merger.merged("points", old.points, old.source_points, row.points),
            text=text,
            markup=markup,
            feedback=old.feedback if is_kept else row.feedback,
            conflicts=merger.conflicts,
        )


def lost_edits(label: str, gone: Iterable[FeedbackRow]) -> list[str]:
    """Return the names of feedback of one question that an admin had edited or added."""
    return [f"{label}: {row.answer}" for row in gone if _is_edited(row)]


def _is_edited(row: FeedbackRow) -> bool:
    said = (row.source_answer, row.source_text, row.source_markup, row.source_points)
    return (row.answer, row.text, row.markup, row.points) != said


def _columns(index: int, item: m.Feedback) -> tuple[Any, ...]:
    """Return a row's columns after its question: what the source says, shown as it says it."""
    said = (item.answer, item.feedback, item.text, item.markup, item.points)
    return (index, item.key, *said, "source", *said, "")


def _match(rows: list[FeedbackRow], new: m.Question) -> Matching[FeedbackRow, m.Feedback]:
    matching: Matching[FeedbackRow, m.Feedback] = Matching(rows, new.feedback)
    matching.by("key", lambda row: row.key, lambda item: item.key)
    matching.by("both", _source_answer_and_text, lambda item: (item.answer, item.text))
    matching.by("answer", lambda row: row.source_answer, lambda item: item.answer)
    is_choice = kinds.of(new.grader).takes_choices
    matching.by(
        "text",
        lambda row: _reply(row.source_text, is_choice and _is_right(row)),
        lambda item: _reply(item.text, is_choice and item.points > 0),
    )
    # What was added in the admin, and is in the source now.
    matching.by("added", lambda row: (row.answer, row.text), lambda item: (item.answer, item.text))
    # What both have added: who of the two is right is for people to say.
    matching.by("added", _added_answer, lambda item: item.answer)
    # Two that are wholly alike: the first is the first.
    old, items = (
        _numbered(matching.old, _source_answer_and_text),
        _numbered(matching.new, lambda item: (item.answer, item.text)),
    )
    matching.by("copy", lambda row: old[id(row)], lambda item: items[id(item)])
    return matching


def _reply(text: str | None, is_right: bool) -> tuple[str, bool] | None:
    """Return what names an item by its reply. A right choice and a wrong one are two."""
    return (text, is_right) if text else None


def _match_mended(
    matching: Matching[FeedbackRow, m.Feedback], rows: list[FeedbackRow], new: m.Question
) -> None:
    """Pair a choice whose typo was mended: without a key or a reply its text was all its name.

    Not where a third choice is as near: there a letter tells the choices apart.
    """
    texts = {_said(row) for row in rows} | {item.answer for item in new.feedback}
    for item in list(matching.new):
        for row in list(matching.old):
            pair = {_said(row), item.answer}
            others = texts - pair
            is_alone = not any(is_typo(other, one) for other in others for one in pair)
            is_right = item.points > 0
            if is_typo(_said(row), item.answer) and is_alone and _is_right(row) == is_right:
                matching.pair(row, item, "similar text")
                break


def _said(row: FeedbackRow) -> str:
    return row.source_answer or ""


def _is_right(row: FeedbackRow) -> bool:
    return row.source_points is not None and row.source_points > 0


def _numbered(items: list[Any], name: Callable[[Any], Any]) -> dict[int, tuple[Any, int]]:
    """Return each item's name with how many of that name stand before it."""
    seen: Counter[Any] = Counter()
    numbered = {}
    for item in items:
        numbered[id(item)] = (name(item), seen[name(item)])
        seen[name(item)] += 1
    return numbered


def _added_answer(row: FeedbackRow) -> str | None:
    return row.answer if row.origin == "admin" else None


def _source_answer_and_text(row: FeedbackRow) -> tuple[str, str | None] | None:
    return None if row.source_answer is None else (row.source_answer, row.source_text)
