"""A page's questions as one person finds them: one query, whatever their number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import Count, F, FilteredRelation, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from bookbinder.sphinx import kinds
from books.models import Feedback, Page, Question
from grading.graders import shown_feedback
from grading.models import Attempt, Enrollment, Interactive

MOST_ATTEMPTS = 100


@dataclass(frozen=True)
class QuestionState:
    """A question, and what the person has answered; None where they have not."""

    question: Question
    enabled: bool = True
    string: str | None = None
    points: Decimal | None = None
    feedback: str | None = None
    attempts: int = 0
    attempts_left: int | None = None


def of(page: Page, enrollment: Enrollment | None) -> list[QuestionState]:
    """Return the state of each question of a page, in its order."""
    if enrollment is None:
        return [QuestionState(question) for question in page.questions.order_by("index", "pk")]
    limit = enrollment.course.attempt_limit
    rows = groupby(_with_answers(page, enrollment), key=attrgetter("pk"))
    return [_state(list(replies), limit) for _pk, replies in rows]


def _with_answers(page: Page, enrollment: Enrollment) -> Any:
    """Return a row for each feedback that may reply to what was answered, one where none may."""
    switch = Q(interactives__course=enrollment.course_id)
    mine = Q(answers__enrollment=enrollment.pk)
    matched = Q(feedback__pk=F("mine__feedback"))
    choices = Q(
        grader__in=kinds.TAKING_CHOICES,
        options__multiple=True,
        feedback__question=F("mine__question"),
    )
    return (
        Question.objects.filter(page=page)
        .annotate(switch=FilteredRelation("interactives", condition=switch))
        .annotate(mine=FilteredRelation("answers", condition=mine))
        .annotate(reply=FilteredRelation("feedback", condition=matched | choices))
        .annotate(
            is_enabled=F("switch__enabled"),
            shows_feedback=F("switch__provide_feedback"),
            string=F("mine__string"),
            points=Coalesce("mine__override_points", "mine__points"),
            matched=F("mine__feedback"),
            reply_pk=F("reply__pk"),
            reply_key=F("reply__key"),
            reply_html=F("reply__feedback"),
            attempt_count=_attempt_count(enrollment),
        )
        .order_by("index", "pk", "reply__index", "reply__pk")
    )


def _attempt_count(enrollment: Enrollment) -> Coalesce:
    own = Attempt.objects.filter(enrollment=enrollment.pk, question=OuterRef("pk")).order_by()
    counted = own.values("question").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _state(rows: list[Any], limit: int | None) -> QuestionState:
    question = rows[0]
    return QuestionState(
        question,
        question.is_enabled is not False,
        question.string,
        question.points,
        _reply(rows) if question.shows_feedback is not False else None,
        question.attempt_count,
        None if limit is None else max(limit - question.attempt_count, 0),
    )


def _reply(rows: list[Any]) -> str | None:
    question = rows[0]
    if question.string is None:
        return None
    choices = [Feedback(pk=r.reply_pk, key=r.reply_key, feedback=r.reply_html or "") for r in rows]
    matched = next((one for one in choices if one.pk == question.matched), None)
    return shown_feedback(question.string, question, matched, choices)


@dataclass(frozen=True)
class PastAttempt:
    answer: str
    points: Decimal | None
    feedback: str | None
    at: datetime


def attempts_at(question: Question, enrollment: Enrollment) -> list[PastAttempt]:
    """Return what the person has tried at a question, the newest first."""
    rows = Attempt.objects.filter(enrollment=enrollment, question=question).select_related(
        "feedback"
    )
    newest = rows.order_by("-pk")[:MOST_ATTEMPTS]
    hidden = Interactive.objects.filter(
        course=enrollment.course_id, question=question, provide_feedback=False
    )
    choices = list(question.feedback.all()) if question.is_multiple else []
    shows = not hidden.exists()
    return list(_past(newest, question, choices, shows=shows))


def _past(
    attempts: Iterable[Attempt], question: Question, choices: list[Feedback], *, shows: bool
) -> Iterable[PastAttempt]:
    for one in attempts:
        html = shown_feedback(one.string, question, one.feedback, choices) if shows else None
        yield PastAttempt(one.string, one.points, html, one.created_at)
