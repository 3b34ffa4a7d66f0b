"""An RE2 pattern for the whole answer; case matters, but white space at the ends does not."""

from bookbinder.sphinx.kinds import regex
from grading.graders import text
from grading.graders.base import Grader, by_first_match


def matches(expected: str, answer: str) -> bool:
    try:
        return regex.matches(expected, answer)
    except regex.PatternError:
        # The build and the admin refuse such a pattern. If it is stored anyway, it never matches.
        return False


GRADER = Grader(text.read, by_first_match(matches))
