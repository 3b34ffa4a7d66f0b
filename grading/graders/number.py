"""A number within the author's tolerance, both ends included."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext as _

from bookbinder.sphinx.kinds import number
from books.models import Feedback, Question
from grading.graders import text
from grading.graders.base import AnswerError, Grader, Outcome, by_first_match


def matches(expected: str, answer: str, *, decimal_comma: bool = False) -> bool:
    """Return whether the number `answer` is in the range `expected`; False if either is invalid."""
    try:
        value = number.parse(answer, decimal_comma=decimal_comma)
        return value in number.parse_range(expected, decimal_comma=decimal_comma)
    except number.NumberError:
        return False


def read(answer: object, question: Question, feedback: Sequence[Feedback]) -> str:
    """Return the text of an answer. Raises AnswerError, with a hint, if it is not a number."""
    string = text.read(answer, question, feedback)
    decimal_comma = number.has_decimal_comma(question.options)
    try:
        number.parse(string, decimal_comma=decimal_comma)
    except number.AmbiguousError as error:
        whole, part = error.readings
        hint = _("This can mean two numbers: write %(whole)s or %(part)s.")
        raise AnswerError(hint % {"whole": whole, "part": part}) from None
    except number.NumberError:
        half = "0,5" if decimal_comma else "0.5"
        hint = _("This cannot be read as a number. Write it like 42, -%(half)s, 2/3 or 1e-3.")
        raise AnswerError(hint % {"half": half}) from None
    return string


def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
    """Return what a number earns. An earlier answer that cannot be read earns nothing."""
    decimal_comma = number.has_decimal_comma(question.options)
    try:
        number.parse(string, decimal_comma=decimal_comma)
    except number.NumberError:
        return Outcome(Decimal(0), ())
    by_value = by_first_match(partial(matches, decimal_comma=decimal_comma))
    return by_value(string, question, feedback)


GRADER = Grader(read, grade)
