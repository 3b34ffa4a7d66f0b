"""What answers will be graded by after a plan: changed questions, feedback and keys."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from books.models import Feedback, Question
from books.sync.content_rows import FeedbackRow
from books.sync.plan import Plan
from grading.regrade.regrade import Material

_FEEDBACK_FIELDS = ("answer", "points", "key", "index")
_QUESTION_FIELDS = ("grader", "options", "points_possible")


def after(plan: Plan, *, everything: bool) -> dict[int, Material]:
    """Return, by question, what the answers will be graded by once the plan is carried out.

    Only questions for which that changes are included, unless `everything` is true.
    """
    changed = set(_changed(plan))
    rows = Question.objects.select_related("page__book")
    if everything:
        rows = rows.filter(page__book__project__in=plan.projects)
    else:
        rows = rows.filter(pk__in=changed)
    gone = {row.pk for row in plan.questions.delete}
    questions = {question.pk: question for question in rows if question.pk not in gone}
    for _old, new in plan.questions.update:
        if new.pk in questions:
            for name in _QUESTION_FIELDS:
                setattr(questions[new.pk], name, getattr(new, name))
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
    """Yield the keys of existing questions whose answers may earn different points."""
    for old, new in plan.questions.update:
        if any(getattr(old, name) != getattr(new, name) for name in _QUESTION_FIELDS):
            yield new.pk
    for row in (*plan.feedback.create, *plan.feedback.delete):
        if row.question_id > 0:
            yield row.question_id
    for before, row in plan.feedback.update:
        if any(getattr(before, name) != getattr(row, name) for name in _FEEDBACK_FIELDS):
            yield row.question_id


def _feedback(plan: Plan, questions: Mapping[int, Question]) -> dict[int, list[Feedback]]:
    needed = Feedback.objects.only("question_id", *_FEEDBACK_FIELDS)
    rows = needed.filter(question__in=questions) if questions else ()
    found = {row.pk: row for row in rows}
    for row in plan.feedback.delete:
        found.pop(row.pk, None)
    updated = [new for _old, new in plan.feedback.update]
    for row in (*plan.feedback.create, *updated):
        if row.question_id in questions:
            found[row.pk] = _as_feedback(row)
    by_question: dict[int, list[Feedback]] = defaultdict(list)
    ordered = sorted(found.values(), key=lambda own: (own.index, own.pk < 0, abs(own.pk)))
    for feedback in ordered:
        by_question[feedback.question_id].append(feedback)
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
