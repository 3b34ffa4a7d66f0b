"""Questions of an edition that is not live: judged by its manifest, and nothing is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bookbinder.sphinx import manifest as m
from books.models import Feedback, Question
from books.releases.previews import Preview
from grading import graders
from grading.answering import Reply


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


def answer(preview: Preview, number: int, given: Any) -> Reply | None:
    """Judge an answer to a question; None where the person may read none of that number.

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
