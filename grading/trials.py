"""Answers that are graded at once and never stored.

Readers without an account give them if the author allows it. So do authors who look at a preview,
whose questions are graded according to its manifest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookbinder.sphinx import manifest as m
from books.models import Feedback, Page, Question
from books.releases.previews import Preview
from grading import graders
from grading.answering import Changed, Reply
from grading.models import Course

TRIES_A_MINUTE = 30


def with_tries(pages: QuerySet[Page]) -> Any:
    """Annotate pages with `takes_tries`: public, and no open course on the book forbids tries.

    A course that limits attempts forbids them, unless its instructor has allowed them.
    """
    forbids = Q(allows_tries=False) | Q(allows_tries=None, attempt_limit__isnull=False)
    against = Course.objects.open().filter(forbids, book=OuterRef("book"))
    return pages.annotate(takes_tries=Q(~Exists(against), access=Page.Access.PUBLIC))


def is_marked(question: Question) -> bool:
    """Return whether the author has marked the question for anybody to try."""
    return question.options.get("try") is True and question.kind.may_be_tried


def find(question_id: int) -> Question | None:
    """Return the question if anybody may try it now, and None otherwise."""
    pages = with_tries(Page.objects.published()).filter(takes_tries=True)
    question = Question.objects.filter(pk=question_id, page__in=pages.values("pk")).first()
    return question if question and is_marked(question) else None


def grade(question: Question, given: object, version: str | None = None) -> Reply:
    """Return what an answer would earn, without feedback.

    Raises AnswerError if it cannot be graded, and Changed if `version` is not the published one.
    """
    if version not in (None, question.version):
        raise Changed
    _string, outcome = graders.read_and_grade(given, question, list(question.feedback.all()))
    return Reply(outcome.points, question.points_possible, feedback=None, attempt=None)


@dataclass(frozen=True)
class PreviewedQuestion:
    """A question of a preview; `number` counts the questions of its manifest from 1."""

    number: int
    docname: str
    question: Question
    feedback: tuple[Feedback, ...]


def questions_of(preview: Preview) -> Iterator[PreviewedQuestion]:
    """Yield the questions on the pages of a preview that its reader may read."""
    pairs = ((page, question) for page in preview.manifest.pages() for question in page.questions)
    for number, (page, question) in enumerate(pairs, start=1):
        if page.docname in preview.docnames:
            yield _as_models(number, page.docname, question)


def answer_in_preview(preview: Preview, number: int, given: object) -> Reply | None:
    """Return the reply to an answer, or None if the reader may not read the question's page.

    Raises AnswerError if the answer cannot be graded.
    """
    for previewed in questions_of(preview):
        if previewed.number == number:
            question = previewed.question
            _string, outcome = graders.read_and_grade(given, question, previewed.feedback)
            points = outcome.points
            return Reply(points, question.points_possible, outcome.html, 1, points, counts=True)
    return None


def _as_models(number: int, docname: str, item: m.Question) -> PreviewedQuestion:
    """Return a question of a manifest as unsaved models, which graders accept."""
    question = Question(
        label=item.label,
        grader=item.grader,
        points_possible=item.points_possible,
        options=item.options,
        fingerprint=item.fingerprint,
    )
    feedback = tuple(
        Feedback(
            index=index,
            key=row.key,
            answer=row.answer,
            feedback=row.feedback,
            points=row.points,
        )
        for index, row in enumerate(item.feedback)
    )
    return PreviewedQuestion(number, docname, question, feedback)
