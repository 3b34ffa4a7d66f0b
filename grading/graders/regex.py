"""The whole answer by an RE2 pattern, white space trimmed, case as written."""

from bookbinder.sphinx.kinds import regex
from grading.graders import text
from grading.graders.base import Grader, by_first_match


def matches(expected: str, answer: str) -> bool:
    try:
        return regex.matches(expected, answer)
    except regex.PatternError:
        # The build and the admin refuse such a pattern; a row written past them matches nothing.
        return False


GRADER = Grader(text.read, by_first_match(matches))
