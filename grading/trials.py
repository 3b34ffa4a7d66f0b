"""Answers that are graded at once and never kept.

By readers without an account, where the author allows it; and by authors who look at an edition
that is not live, which is graded by its manifest.
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
    """Add to pages whether their marked questions may be tried: public ones, by courses' leave."""
    against = Course.objects.open().filter(book=OuterRef("book"), allows_tries=False)
    return pages.annotate(takes_tries=Q(~Exists(against), access=Page.Access.PUBLIC))


def is_marked(question: Question) -> bool:
    """Whether the author has let anybody try the question."""
    return question.options.get("try") is True and question.kind.may_be_tried


def find(question_id: int) -> Question | None:
    """Return the question if anybody may try it now; whatever else there is, None."""
    pages = with_tries(Page.objects.published()).filter(takes_tries=True)
    questions = Question.objects.filter(pk=question_id, page__in=pages.values("pk"))
    question = questions.first()
    return question if question and is_marked(question) else None


def grade(question: Question, given: Any, version: str | None = None) -> Reply:
    """Return what an answer would earn, and no word of feedback. Raises AnswerError or Changed."""
    if version not in (None, question.version):
        raise Changed
    feedback = list(question.feedback.all())
    outcome = graders.grade(graders.read(given, question, feedback), question, feedback)
    return Reply(outcome.points, question.points_possible, None, None)


@dataclass(frozen=True)
class PreviewedQuestion:
    """A question by its number in the manifest, from 1."""

    number: int
    question: Question
    feedback: tuple[Feedback, ...]


def questions_on(preview: Preview, docname: str) -> list[PreviewedQuestion] | None:
    """Return the questions of a page; None where the person may read no such page."""
    if docname not in preview.docnames:
        return None
    return [_as_models(n, one) for n, page, one in _numbered(preview) if page.docname == docname]


def answer_in_preview(preview: Preview, number: int, given: Any) -> Reply | None:
    """Grade an answer to a question; None where the person may read none of that number.

    Raises AnswerError.
    """
    for own, page, one in _numbered(preview):
        if own == number and page.docname in preview.docnames:
            asked = _as_models(number, one)
            string = graders.read(given, asked.question, asked.feedback)
            outcome = graders.grade(string, asked.question, asked.feedback)
            return Reply(outcome.points, asked.question.points_possible, outcome.html, 1)
    return None


def _numbered(preview: Preview) -> Iterator[tuple[int, m.Page, m.Question]]:
    pairs = ((page, one) for page in preview.manifest.pages() for one in page.questions)
    for number, (page, one) in enumerate(pairs, start=1):
        yield number, page, one


def _as_models(number: int, one: m.Question) -> PreviewedQuestion:
    question = Question(
        label=one.label,
        grader=one.grader,
        points_possible=one.points_possible,
        options=one.options,
        fingerprint=one.fingerprint,
    )
    feedback = tuple(
        Feedback(
            index=index,
            key=item.key,
            answer=item.answer,
            feedback=item.feedback,
            points=item.points,
        )
        for index, item in enumerate(one.feedback)
    )
    return PreviewedQuestion(number, question, feedback)
