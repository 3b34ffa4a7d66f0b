"""The questions of a page with one person's answers, read by one query."""

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
    """A question, and the person's answer to it, if any.

    `feedback` is HTML. `attempts_left` is None if the course has no limit.
    """

    question: Question
    enabled: bool = True
    string: str | None = None
    points: Decimal | None = None
    feedback: str | None = None
    attempts: int = 0
    attempts_left: int | None = None


def of(page: Page, enrollment: Enrollment | None) -> list[QuestionState]:
    """Return the state of each question of a page, in the page's order."""
    if enrollment is None:
        return [QuestionState(question) for question in page.questions.order_by("index", "pk")]
    limit = enrollment.course.attempt_limit
    rows = groupby(_with_answers(page, enrollment), key=attrgetter("pk"))
    return [_state(list(replies), limit) for _pk, replies in rows]


def _with_answers(page: Page, enrollment: Enrollment) -> Any:
    """Return, for each question, a row for each feedback that may reply, or one row without."""
    switch = Q(interactives__course=enrollment.course_id)
    mine = Q(answers__enrollment=enrollment.pk)
    matched = Q(feedback__pk=F("mine__feedback"))
    choices = Q(
        grader__in=kinds.TAKING_CHOICES,
        options__multiple=True,
        feedback__question=F("mine__question"),
    )
    attempts = Attempt.objects.filter(enrollment=enrollment.pk, question=OuterRef("pk")).order_by()
    counted = attempts.values("question").annotate(n=Count("pk")).values("n")
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
            attempt_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        )
        .order_by("index", "pk", "reply__index", "reply__pk")
    )


def _state(rows: list[Any], limit: int | None) -> QuestionState:
    """Return the state of a question from its rows, which differ only in the feedback."""
    question = rows[0]
    html = None
    if question.string is not None and question.shows_feedback is not False:
        choices = [
            Feedback(pk=row.reply_pk, key=row.reply_key, feedback=row.reply_html or "")
            for row in rows
        ]
        matched = next((choice for choice in choices if choice.pk == question.matched), None)
        html = shown_feedback(question.string, question, matched, choices)
    return QuestionState(
        question,
        enabled=question.is_enabled is not False,
        string=question.string,
        points=question.points,
        feedback=html,
        attempts=question.attempt_count,
        attempts_left=None if limit is None else max(limit - question.attempt_count, 0),
    )


@dataclass(frozen=True)
class PastAttempt:
    """An attempt at a question. `feedback` is HTML, or None if there is none to show."""

    answer: str
    points: Decimal | None
    feedback: str | None
    at: datetime


def attempts_at(question: Question, enrollment: Enrollment) -> list[PastAttempt]:
    """Return the person's attempts at a question, newest first, at most `MOST_ATTEMPTS`."""
    rows = Attempt.objects.filter(enrollment=enrollment, question=question).select_related(
        "feedback"
    )
    newest = rows.order_by("-pk")[:MOST_ATTEMPTS]
    hidden = Interactive.objects.filter(
        course=enrollment.course_id, question=question, provide_feedback=False
    )
    shows = not hidden.exists()
    choices = list(question.feedback.all()) if question.is_multiple else []
    return [
        PastAttempt(
            attempt.string,
            attempt.points,
            shown_feedback(attempt.string, question, attempt.feedback, choices) if shows else None,
            attempt.created_at,
        )
        for attempt in newest
    ]
