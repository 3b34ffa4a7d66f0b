"""Graders: from an answer to points and feedback. Pure; nothing a student wrote is ever run.

To add one, write a module with its two functions and name it in `GRADERS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bookbinder.sphinx.expected_answers import ANYTHING_ELSE
from books.models import Feedback, Question
from grading.graders import choice, manual, number, regex, text
from grading.graders.base import AnswerError, Outcome
from grading.graders.choice import in_words, keys_of, with_keys

__all__ = [
    "GRADERS",
    "AnswerError",
    "Grader",
    "Outcome",
    "can_grade",
    "grade",
    "in_words",
    "keys_of",
    "read",
    "shown_feedback",
    "with_keys",
]


@dataclass(frozen=True)
class Grader:
    """`read` makes the string that is kept of an answer; `grade` judges that string."""

    read: Callable[[Any, Question, Sequence[Feedback]], str]
    grade: Callable[[str, Question, Sequence[Feedback]], Outcome]


def _by_first_match(matches: Callable[[str, str], bool]) -> Callable[..., Outcome]:
    """The first feedback that matches wins; `*` matches what is left, wherever it stands."""

    def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
        foreseen = [one for one in feedback if one.answer != ANYTHING_ELSE]
        for one in foreseen:
            if matches(one.answer, string):
                return Outcome(one.points, (one,))
        rest = next((one for one in feedback if one.answer == ANYTHING_ELSE), None)
        return Outcome(rest.points, (rest,)) if rest else Outcome(Decimal(0), ())

    return grade


GRADERS = {
    "text": Grader(text.read, _by_first_match(text.matches)),
    "regex": Grader(text.read, _by_first_match(regex.matches)),
    "number": Grader(text.read, _by_first_match(number.matches)),
    "choice": Grader(choice.read, choice.grade),
    "manual": Grader(manual.read, manual.grade),
}


def read(answer: Any, question: Question, feedback: Sequence[Feedback]) -> str:
    """Return the string to keep of an answer. Raises AnswerError."""
    return GRADERS[question.grader].read(answer, question, feedback)


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    """Return what an answer earns and which feedback replies to it."""
    return GRADERS[question.grader].grade(string, question, feedback)


def can_grade(string: str, question: Question, feedback: Sequence[Feedback]) -> bool:
    """Whether a kept answer can be judged anew: not where what it chose is gone."""
    if question.grader not in GRADERS:
        return False
    if question.grader != "choice":
        return True
    taken = keys_of(string) if question.is_multiple else [string]
    return {one.key for one in feedback}.issuperset(taken)


def shown_feedback(
    string: str, question: Question, matched: Feedback | None, choices: Sequence[Feedback]
) -> str | None:
    """Return the HTML to show for an answer that was given before; None: nothing to show."""
    if question.is_multiple:
        return choice.taken(string, choices).html
    return (matched.feedback or None) if matched else None
