"""By what answers are judged after a plan, and how it is told who would earn other points."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from books.models import Feedback, Question
from books.sync.content_rows import FeedbackRow, QuestionRow
from books.sync.plan import Plan
from grading.regrade.regrade import Material

_JUDGED_BY = ("answer", "points", "key", "index")
_ASKED = ("grader", "options", "points_possible")


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
