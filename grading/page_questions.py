"""The questions of a page with one person's answers, read by one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import Count, F, FilteredRelation, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from bookbinder.sphinx import kinds
from books.models import Feedback, Page, Question
from grading.graders import shown_feedback
from grading.models import Attempt, Course, Enrollment, Grade, Interactive
from grading.scores import kept, reasons, totals

MOST_ATTEMPTS = 100


@dataclass(frozen=True)
class QuestionState:
    """A question, and the person's answer to it, if any.

    `points` are the score, and `reasons` say how it came about. `feedback` is HTML. `attempts_left`
    is None if the course has no limit. `counts` is false if the question is in no sum.
    """

    question: Question
    enabled: bool = True
    counts: bool = True
    string: str | None = None
    points: Decimal | None = None
    reasons: tuple[str, ...] = ()
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
            is_dropped=F("switch__dropped"),
            has_full_points=F("switch__full_points"),
            shows_feedback=F("switch__provide_feedback"),
            has_row=F("mine__pk"),
            attempt=F("mine__attempt"),
            string=F("mine__string"),
            points=F("mine__points"),
            reasons=F("mine__reasons"),
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
    points, why = question.points, question.reasons or ()
    if question.has_row is None:
        points = totals.default_points(
            question.points_possible, full_points=question.has_full_points is True
        )
        why = (("full",),) if points is not None else ()
    if question.attempt is not None and question.shows_feedback is not False:
        choices = [
            Feedback(pk=row.reply_pk, key=row.reply_key, feedback=row.reply_html or "")
            for row in rows
        ]
        matched = next((choice for choice in choices if choice.pk == question.matched), None)
        html = shown_feedback(question.string, question, matched, choices)
    is_enabled = question.is_enabled is not False
    return QuestionState(
        question,
        enabled=is_enabled,
        counts=is_enabled and not question.is_dropped,
        string=None if question.attempt is None else question.string,
        points=points,
        reasons=tuple(reasons.in_words(why)),
        feedback=html,
        attempts=question.attempt_count,
        attempts_left=None if limit is None else max(limit - question.attempt_count, 0),
    )


def totals_of(states: Iterable[QuestionState], course: Course) -> totals.Totals:
    """Return the sums of some questions."""
    items = (
        totals.Item(
            state.points, state.question.points_possible, state.string is not None, state.counts
        )
        for state in states
    )
    return totals.add_up(items, is_over=totals.is_over(course, timezone.now()))


@dataclass(frozen=True)
class PastAttempt:
    """An attempt at a question, with what it earns by now.

    `feedback` is HTML, or None if there is none to show. `notes` say whether it was regraded or
    graded by a person, and `comment` is that person's, a text.
    """

    answer: str
    points: Decimal | None
    feedback: str | None
    at: datetime
    notes: tuple[str, ...] = ()
    comment: str = ""


def attempts_at(question: Question, enrollment: Enrollment) -> list[PastAttempt]:
    """Return the person's attempts at a question, newest first, at most `MOST_ATTEMPTS`."""
    attempts = Attempt.objects.filter(enrollment=enrollment, question=question)
    newest = list(attempts.order_by("-pk")[:MOST_ATTEMPTS])
    earned = {one.pk: one for one in kept.attempts_at(kept.Pair(enrollment.pk, question.pk))}
    graded = [pk for pk, own in earned.items() if own.grade is not None]
    grades = Grade.objects.active().filter(attempt__in=graded)
    comments = dict(grades.values_list("attempt", "comment")) if graded else {}
    hidden = Interactive.objects.filter(
        course=enrollment.course_id, question=question, provide_feedback=False
    )
    shows = not hidden.exists()
    feedback = {row.pk: row for row in question.feedback.all()}
    choices = list(feedback.values()) if question.is_multiple else []
    found = []
    for attempt in newest:
        own = earned[attempt.pk]
        matched = feedback.get(own.raw.feedback) if own.raw.feedback else None
        html = shown_feedback(attempt.string, question, matched, choices) if shows else None
        notes = tuple(reasons.in_words(own.reasons))
        comment = comments.get(attempt.pk, "")
        found.append(
            PastAttempt(attempt.string, own.raw.points, html, attempt.received_at, notes, comment)
        )
    return found
