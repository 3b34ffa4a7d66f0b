"""Graders: from an answer to points and feedback. Pure; nothing a student wrote is ever run.

A module for each kind of question, and the one table of them on the site's side. To add one, write
its module here and in `bookbinder/sphinx/kinds`, and name both in the two tables.
"""

from collections.abc import Mapping, Sequence
from typing import Any

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
    "read",
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
    """Return the grader of a question; one that is not known keeps texts and grades none."""
    return GRADERS.get(question.grader, manual.GRADER)


def read(answer: Any, question: Question, feedback: Sequence[Feedback]) -> str:
    """Return the string to keep of an answer. Raises AnswerError."""
    return of(question).read(answer, question, feedback)


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    """Return what an answer earns and which feedback replies to it."""
    return of(question).grade(string, question, feedback)


def can_grade(string: str, question: Question, feedback: Sequence[Feedback]) -> bool:
    """Whether a kept answer can be graded anew: not where what it chose is gone."""
    return question.grader in GRADERS and of(question).can_grade(string, question, feedback)


def in_words(string: str, question: Question, choices: Sequence[Feedback]) -> str:
    """Return a kept answer as a person reads it: choices by their texts."""
    return of(question).in_words(string, question, choices)


def with_keys(string: str, question: Question, keys: Mapping[str, str]) -> str:
    """Return a kept answer whose choices' keys have changed: old key -> new key."""
    return of(question).with_keys(string, question, keys)


def shown_feedback(
    string: str, question: Question, matched: Feedback | None, choices: Sequence[Feedback]
) -> str | None:
    """Return the HTML to show for an answer that was given before; None: nothing to show."""
    return of(question).reply(string, question, matched, choices)
