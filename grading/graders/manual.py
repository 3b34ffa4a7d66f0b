"""A text that a person grades."""

from collections.abc import Sequence

from books.models import Feedback, Question
from grading.graders.base import Grader, Outcome, read_text

LIMIT = 100_000  # characters


def read(answer: object, question: Question, feedback: Sequence[Feedback]) -> str:
    return read_text(answer, LIMIT)


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    return Outcome(None, ())


GRADER = Grader(read, grade, template="books/kinds/manual.html")
