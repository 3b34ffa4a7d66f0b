"""Plans the feedback of one question. Pure."""

from collections.abc import Iterable, Iterator

from bookbinder.sphinx import kinds
from bookbinder.sphinx import manifest as m
from books.sync.content_rows import FeedbackRow
from books.sync.plan import Collector, Match
from books.sync.planning.matching import Matching, Pair
from books.sync.planning.merging import Merger
from books.sync.planning.similar import is_typo


class FeedbackPlanner:
    """Collects the changes of a book's feedback, question by question."""

    def __init__(self, merger: Merger, new_pks: Iterator[int]) -> None:
        self.merger = merger
        self.new_pks = new_pks
        self.table: Collector[FeedbackRow] = Collector()
        self.matches: list[Match] = []
        self.lost_edits: list[str] = []

    def plan(self, question_pk: int, label: str, rows: list[FeedbackRow], new: m.Question) -> None:
        """Pair rows with items, and note what changes; `label` names the question in edits."""
        if len(rows) == len(new.feedback) and all(
            _is_unchanged(row, item, index)
            for index, (row, item) in enumerate(zip(rows, new.feedback, strict=True))
        ):
            return  # the usual case: nothing has changed in the source or in the admin
        kind = kinds.of(new.grader)
        # Feedback that was added in the admin is kept, but not among choices, which are part of
        # the page.
        dropped = [row for row in rows if row.origin == "admin" and not kind.takes_new_feedback]
        matching = _match([row for row in rows if row not in dropped], new)
        if kind.takes_choices:
            _match_corrected(matching, rows, new)
        for index, item in enumerate(new.feedback):
            pair = matching.pair_of(index)
            self.put(question_pk, label, index, item, pair)
            if kind.takes_choices and pair and pair.row.key != item.key:
                # Answers that selected the choice get its new key.
                row = pair.row
                names = f"{label}: {row.answer}", f"{label}: {item.answer}"
                self.matches.append(Match("choice", row.pk, *names, pair.rule))
        left = matching.old
        self.move_last([row for row in left if row.origin == "admin"], len(new.feedback))
        deleted = [row for row in left if row.origin == "source"] + dropped
        self.table.delete += deleted
        self.lost_edits += lost_edits(label, deleted)

    def put(
        self,
        question_pk: int,
        label: str,
        index: int,
        item: m.Feedback,
        pair: Pair[FeedbackRow] | None,
    ) -> None:
        if pair is None:
            self.table.put(None, _row_of(item, next(self.new_pks), question_pk, index))
            return
        old = pair.row
        row = _row_of(item, old.pk, question_pk, index)
        self.table.put(old, self.with_edits(label, old, row))

    def with_edits(self, label: str, old: FeedbackRow, row: FeedbackRow) -> FeedbackRow:
        """Return the new row with the edits that an admin has made in the old one."""
        name = f"{label}: {row.source_answer}"
        merger = self.merger.row("feedback", old.pk, name, old.conflicts)
        shown, source = (old.text, old.markup), (old.source_text, old.source_markup)
        if old.origin == "admin" and old.text == row.text:
            shown = (row.text, row.markup)  # somebody has copied the text into the source
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

    def move_last(self, added: list[FeedbackRow], count: int) -> None:
        """Keep feedback added in the admin after the `count` others: the first match counts."""
        step = max([0, *(count - row.index for row in added)])
        for row in added:
            self.table.put(row, row._replace(index=row.index + step))


def lost_edits(label: str, deleted: Iterable[FeedbackRow]) -> list[str]:
    """Return the names of the feedback of a question that an admin had edited or added."""
    return [
        f"{label}: {row.answer}"
        for row in deleted
        if (row.answer, row.text, row.markup, row.points)
        != (row.source_answer, row.source_text, row.source_markup, row.source_points)
    ]


def _row_of(item: m.Feedback, pk: int, question_pk: int, index: int) -> FeedbackRow:
    """Return the row of an item that nobody has edited: it shows what the source says."""
    return FeedbackRow(
        pk=pk,
        question_id=question_pk,
        index=index,
        key=item.key,
        answer=item.answer,
        feedback=item.feedback,
        text=item.text,
        markup=item.markup,
        points=item.points,
        origin="source",
        source_answer=item.answer,
        source_feedback=item.feedback,
        source_text=item.text,
        source_markup=item.markup,
        source_points=item.points,
        conflicts="",
    )


def _is_unchanged(row: FeedbackRow, item: m.Feedback, index: int) -> bool:
    """Whether a row is what `_row_of` returns for the item, without making it: it is the hot path.

    What the source says is compared first, then whether an admin has edited it.
    """
    return (
        row.index == index
        and row.origin == "source"
        and row.key == item.key
        and row.source_answer == item.answer
        and row.source_text == item.text
        and row.source_points == item.points
        and row.source_feedback == item.feedback
        and row.source_markup == item.markup
        and row.answer == item.answer
        and row.text == item.text
        and row.points == item.points
        and row.feedback == item.feedback
        and row.markup == item.markup
        and not row.conflicts
    )


def _match(rows: list[FeedbackRow], new: m.Question) -> Matching[FeedbackRow, m.Feedback]:
    matching: Matching[FeedbackRow, m.Feedback] = Matching(rows, new.feedback)
    is_choice = kinds.of(new.grader).takes_choices
    matching.by("key", lambda row: row.key, lambda item: item.key)
    matching.by("both", _source_answer_and_text, lambda item: (item.answer, item.text))
    matching.by("answer", lambda row: row.source_answer, lambda item: item.answer)
    matching.by(
        "text",
        lambda row: _reply(row.source_text, is_choice and _is_right(row)),
        lambda item: _reply(item.text, is_choice and item.points > 0),
    )
    # Added in the admin, and in the source since.
    matching.by("added", lambda row: (row.answer, row.text), lambda item: (item.answer, item.text))
    # Added in both with different replies, which is a conflict for people to resolve.
    matching.by("added", _added_answer, lambda item: item.answer)
    # Rows and items that are equal to others.
    matching.by_order("copy", _source_answer_and_text, lambda item: (item.answer, item.text))
    return matching


def _reply(text: str | None, is_right: bool) -> tuple[str, bool] | None:
    """Return the name of an item by its reply; that of a wrong choice never names a right one."""
    return (text, is_right) if text else None


def _match_corrected(
    matching: Matching[FeedbackRow, m.Feedback], rows: list[FeedbackRow], new: m.Question
) -> None:
    """Pair a choice in whose text a typo was corrected: it may have neither key nor reply.

    Not if a third choice differs as little, since then a single letter can distinguish choices.
    """
    texts = {row.source_answer or "" for row in rows} | {item.answer for item in new.feedback}

    def is_same(row: FeedbackRow, item: m.Feedback) -> bool:
        pair = (row.source_answer or "", item.answer)
        others = texts - set(pair)
        return (
            is_typo(*pair)
            and not any(is_typo(other, text) for other in others for text in pair)
            and _is_right(row) == (item.points > 0)
        )

    matching.by_likeness("similar text", is_same)


def _is_right(row: FeedbackRow) -> bool:
    return row.source_points is not None and row.source_points > 0


def _added_answer(row: FeedbackRow) -> str | None:
    return row.answer if row.origin == "admin" else None


def _source_answer_and_text(row: FeedbackRow) -> tuple[str, str | None] | None:
    return None if row.source_answer is None else (row.source_answer, row.source_text)
