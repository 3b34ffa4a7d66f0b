"""Questions of an edition that is not live: judged by its manifest, and nothing is kept."""

from dataclasses import dataclass
from typing import Any

from bookbinder.sphinx import manifest as m
from books.models import Feedback, Question
from books.sync.previews import Preview
from grading import graders
from grading.answering import Reply


@dataclass(frozen=True)
class PreviewedQuestion:
    """A question by its number in the manifest, from 1."""

    number: int
    question: Question
    feedback: tuple[Feedback, ...]


def questions_on(preview: Preview, docname: str) -> list[PreviewedQuestion] | None:
    """Return the questions of a page; None where the edition has no such page."""
    number = 0
    for page in preview.manifest.pages():
        if page.docname == docname:
            return [_as_models(number + n, one) for n, one in enumerate(page.questions, start=1)]
        number += len(page.questions)
    return None


def answer(preview: Preview, number: int, given: Any) -> Reply | None:
    """Judge an answer to a question; None where there is none of that number.

    Raises AnswerError.
    """
    questions = [one for page in preview.manifest.pages() for one in page.questions]
    if not 1 <= number <= len(questions):
        return None
    asked = _as_models(number, questions[number - 1])
    string = graders.read(given, asked.question, asked.feedback)
    outcome = graders.grade(string, asked.question, asked.feedback)
    return Reply(outcome.points, asked.question.points_possible, outcome.html, 1)


def _as_models(number: int, one: m.Question) -> PreviewedQuestion:
    question = Question(
        label=one.label,
        grader=one.grader,
        points_possible=one.points_possible,
        options=one.options,
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
