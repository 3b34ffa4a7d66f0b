"""The whole answer must match, apart from differences in case and white space."""

import unicodedata
from collections.abc import Sequence

from books.models import Feedback, Question
from grading.graders.base import Grader, by_first_match, read_text

LIMIT = 10_000  # characters


def read(answer: object, question: Question, feedback: Sequence[Feedback]) -> str:
    return read_text(answer, LIMIT)


def matches(expected: str, answer: str) -> bool:
    return fold(expected) == fold(answer)


def fold(text: str) -> str:
    """Return `text` with case and Unicode form normalized, and with single spaces between words."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


GRADER = Grader(read, by_first_match(matches))
