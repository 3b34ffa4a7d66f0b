"""A number within the author's tolerance, both ends included."""

from bookbinder.sphinx.kinds import number
from grading.graders import text
from grading.graders.base import Grader, by_first_match


def matches(expected: str, answer: str) -> bool:
    """Return whether the number `answer` is in the range `expected`; False if either is invalid."""
    try:
        return number.parse(answer) in number.parse_range(expected)
    except number.NumberError:
        return False


GRADER = Grader(text.read, by_first_match(matches))
