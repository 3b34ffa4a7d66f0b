"""Graders: from an answer to points and feedback.

They have no side effects, and nothing that a student wrote is executed. There is a module for each
kind of question, and this is the site's table of them. To add a kind, write its module here and in
`bookbinder/sphinx/kinds`, and add it to both tables.
"""

from collections.abc import Mapping, Sequence

from books.models import Feedback, Question
from grading.graders import choice, manual, number, regex, text
from grading.graders.base import AnswerError, Grader, Outcome

__all__ = [
    "GRADERS",
    "AnswerError",
    "Grader",
    "Outcome",
    "can_grade",
    "grade",
    "in_words",
    "of",
    "read_and_grade",
    "shown_feedback",
    "with_keys",
]

GRADERS: dict[str, Grader] = {
    "text": text.GRADER,
    "regex": regex.GRADER,
    "number": number.GRADER,
    "choice": choice.GRADER,
    "manual": manual.GRADER,
}


def of(question: Question) -> Grader:
    """Return a question's grader. The one for an unknown kind stores texts without grading them."""
    return GRADERS.get(question.grader, manual.GRADER)


def read_and_grade(
    answer: object, question: Question, feedback: Sequence[Feedback]
) -> tuple[str, Outcome]:
    """Return the string to store for an answer, and what it earns.

    Raises AnswerError if the answer cannot be graded or stored.
    """
    grader = of(question)
    string = grader.read(answer, question, feedback)
    return string, grader.grade(string, question, feedback)


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    """Return what an answer earns and which feedback replies to it."""
    return of(question).grade(string, question, feedback)


def can_grade(string: str, question: Question, feedback: Sequence[Feedback]) -> bool:
    """Return whether a stored answer can be graded again: not if one of its choices is gone."""
    return question.grader in GRADERS and of(question).can_grade(string, question, feedback)


def in_words(string: str, question: Question, choices: Sequence[Feedback]) -> str:
    """Return a stored answer for display, with the texts of choices instead of their keys."""
    return of(question).in_words(string, question, choices)


def with_keys(string: str, question: Question, keys: Mapping[str, str]) -> str:
    """Return a stored answer with new keys of choices. `keys` maps old keys to new ones."""
    return of(question).with_keys(string, question, keys)


def shown_feedback(
    string: str, question: Question, matched: Feedback | None, choices: Sequence[Feedback]
) -> str | None:
    """Return the HTML of the feedback on a stored answer, or None."""
    return of(question).reply(string, question, matched, choices)
