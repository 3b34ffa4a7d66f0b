"""A page's questions as one person finds them: a constant number of queries."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q

from books.models import Feedback, Page, Question
from grading.graders import shown_feedback
from grading.models import Answer, Attempt, Enrollment


@dataclass(frozen=True)
class QuestionState:
    """A question, and what the person has answered; None where they have not."""

    question: Question
    enabled: bool = True
    string: str | None = None
    points: Decimal | None = None
    feedback: str | None = None
    attempts_left: int | None = None


def of(page: Page, place: Enrollment | None) -> list[QuestionState]:
    """Return the state of each question of a page, in its order."""
    if place is None:
        return [QuestionState(question) for question in page.questions.order_by("index", "pk")]
    questions = list(_with_switches(page, place))
    rows = Answer.objects.filter(enrollment=place, question__page=page).select_related("feedback")
    answers = {answer.question_id: answer for answer in rows}
    several = [one for one in questions if one.is_multiple and one.pk in answers]
    choices: dict[int, list[Feedback]] = {one.pk: [] for one in several}
    for choice in Feedback.objects.filter(question__in=several) if several else ():
        choices[choice.question_id].append(choice)
    used = _attempts_used(page, place)
    limit = place.course.attempt_limit
    return [
        _state(one, answers.get(one.pk), choices.get(one.pk, []), used.get(one.pk, 0), limit)
        for one in questions
    ]


def _with_switches(page: Page, place: Enrollment) -> Any:
    ours = Q(interactives__course=place.course_id)
    return (
        Question.objects.filter(page=page)
        .annotate(switch=FilteredRelation("interactives", condition=ours))
        .annotate(is_enabled=F("switch__enabled"), shows_feedback=F("switch__provide_feedback"))
        .order_by("index", "pk")
    )


def _attempts_used(page: Page, place: Enrollment) -> dict[int, int]:
    if place.course.attempt_limit is None:
        return {}
    rows = Attempt.objects.filter(enrollment=place, question__page=page).order_by()
    return dict(rows.values("question").annotate(n=Count("pk")).values_list("question", "n"))


def _state(
    question: Any, answer: Answer | None, choices: list[Feedback], used: int, limit: int | None
) -> QuestionState:
    enabled = question.is_enabled is not False
    left = None if limit is None else max(limit - used, 0)
    if answer is None:
        return QuestionState(question, enabled, attempts_left=left)
    shows = question.shows_feedback is not False
    html = shown_feedback(answer.string, question, answer.feedback, choices) if shows else None
    points = answer.counted_points
    return QuestionState(question, enabled, answer.string, points, html, left)
