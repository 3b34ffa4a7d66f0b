"""By what answers are judged after a plan, and how it is told who would earn other points."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from books.models import Feedback, Question
from books.sync.content_rows import FeedbackRow, QuestionRow
from books.sync.plan import Plan
from grading import points
from grading.regrade.regrade import Material, Regraded, Regrading

FEW = 3  # how many questions of a book are named
_JUDGED_BY = ("answer", "points", "key", "index")
_ASKED = ("grader", "options", "points_possible")


@dataclass(frozen=True)
class Told:
    lines: tuple[str, ...]
    figures: Mapping[str, Any]


def after(plan: Plan, *, everything: bool) -> dict[int, Material]:
    """Return what each question's answers are judged by once the plan is carried out.

    Only questions that are judged otherwise then, unless `everything` is asked for.
    """
    changed = set(_changed(plan))
    rows = Question.objects.select_related("page__book")
    if everything:
        rows = rows.filter(page__book__project__in=plan.projects)
    else:
        rows = rows.filter(pk__in=changed)
    gone = {row.pk for row in plan.questions.delete}
    questions = {one.pk: one for one in rows if one.pk not in gone}
    for _old, new in plan.questions.update:
        if new.pk in questions:
            _overlay(questions[new.pk], new)
    feedback = _feedback(plan, questions)
    keys: dict[int, dict[str, str]] = defaultdict(dict)
    for old, new_row in plan.feedback.update:
        if old.key and new_row.key and old.key != new_row.key:
            keys[new_row.question_id][old.key] = new_row.key
    return {
        pk: Material(question, feedback.get(pk, []), keys.get(pk, {}))
        for pk, question in questions.items()
    }


def _changed(plan: Plan) -> Iterator[int]:
    """Yield the questions whose answers are judged otherwise; those that are new have none."""
    for old, new in plan.questions.update:
        if any(getattr(old, name) != getattr(new, name) for name in _ASKED):
            yield new.pk
    for row in (*plan.feedback.create, *plan.feedback.delete):
        if row.question_id > 0:
            yield row.question_id
    for before, row in plan.feedback.update:
        if any(getattr(before, name) != getattr(row, name) for name in _JUDGED_BY):
            yield row.question_id


def _overlay(question: Question, row: QuestionRow) -> None:
    for name in _ASKED:
        setattr(question, name, getattr(row, name))


def _feedback(plan: Plan, questions: Mapping[int, Question]) -> dict[int, list[Feedback]]:
    needed = Feedback.objects.only("question_id", *_JUDGED_BY)
    rows = needed.filter(question__in=questions) if questions else ()
    found = {one.pk: one for one in rows}
    for row in plan.feedback.delete:
        found.pop(row.pk, None)
    updated = [new for _old, new in plan.feedback.update]
    for row in (*plan.feedback.create, *updated):
        if row.question_id in questions:
            found[row.pk] = _as_feedback(row)
    by_question: dict[int, list[Feedback]] = defaultdict(list)
    for one in sorted(found.values(), key=lambda one: (one.index, one.pk < 0, abs(one.pk))):
        by_question[one.question_id].append(one)
    return by_question


def _as_feedback(row: FeedbackRow) -> Feedback:
    return Feedback(
        pk=row.pk,
        question_id=row.question_id,
        index=row.index,
        key=row.key,
        answer=row.answer,
        points=row.points,
    )


def tell(found: Regrading, materials: Mapping[int, Material], *, is_wanted: bool) -> Told:
    """Return how many students gain and lose, and by how much, book by book."""
    counted = [row for row in found.rows if not row.is_test and row.before != row.after]
    by_book: dict[str, list[Regraded]] = defaultdict(list)
    for row in counted:
        by_book[str(materials[row.question].question.page.book)].append(row)
    lines: list[str] = []
    for book, rows in by_book.items():
        verb = "are regraded" if is_wanted else "would earn other points"
        end = "." if is_wanted else ". They stay as recorded, unless they are regraded (--regrade)."
        lines.append(f"answers of {book}: {len(rows):,} {verb}: {_moves(rows)}{end}")
        lines += _by_question(rows, materials)
    return Told(tuple(lines), _figures(counted))


def _by_question(rows: list[Regraded], materials: Mapping[int, Material]) -> Iterator[str]:
    by_question: dict[int, list[Regraded]] = defaultdict(list)
    for row in rows:
        by_question[row.question].append(row)
    most = sorted(by_question.items(), key=lambda item: (-len(item[1]), item[0]))
    for pk, own in most[:FEW]:
        question = materials[pk].question
        yield f"  {question.page.url}#{question.label}: {_moves(own)}"
    if len(most) > FEW:
        yield f"  … and {len(most) - FEW} more questions"


def _by_student(rows: list[Regraded]) -> dict[int, Decimal]:
    total: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        total[row.enrollment] += row.after - (row.before or 0)
    return total


def _moves(rows: list[Regraded]) -> str:
    totals = _by_student(rows).values()
    ups = [total for total in totals if total > 0]
    downs = [-total for total in totals if total < 0]
    parts = [_move(ups, "up"), _move(downs, "down")]
    return ", ".join(part for part in parts if part) or "no student up or down in all"


def _move(amounts: list[Decimal], way: str) -> str:
    if not amounts:
        return ""
    least, most = points.plain(min(amounts)), points.plain(max(amounts))
    by = least if least == most else f"{least} to {most}"
    students = "1 student" if len(amounts) == 1 else f"{len(amounts):,} students"
    return f"{students} {way} by {by}"


def _figures(rows: list[Regraded]) -> dict[str, Any]:
    totals = _by_student(rows).values()
    return {
        "out_of_date": len(rows),
        "students_up": sum(total > 0 for total in totals),
        "students_down": sum(total < 0 for total in totals),
        "points_up": float(sum(total for total in totals if total > 0)),
        "points_down": float(-sum(total for total in totals if total < 0)),
    }
