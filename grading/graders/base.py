"""Common parts of the graders: the outcome, the check of a text, and grading by the first match."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from bookbinder.sphinx.expected_answers import ANYTHING_ELSE
from books.models import Feedback, Question
from grading.errors import GradingError

_PILED_UP = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{31}")

Part = tuple[str, float | None, int | None]  # its key, its points, and the key of its feedback


class AnswerError(GradingError):
    """The answer cannot be graded or stored. The text tells the person why."""


@dataclass(frozen=True)
class Outcome:
    """What an answer earns. `points` is None if a person has to grade it."""

    points: Decimal | None
    feedback: tuple[Feedback, ...]

    @property
    def html(self) -> str | None:
        """Return the HTML of all feedback, or None if there is none."""
        return "\n".join(row.feedback for row in self.feedback if row.feedback) or None

    @property
    def matched(self) -> Feedback | None:
        """Return the feedback that is stored with the answer: the first one, or None."""
        return self.feedback[0] if self.feedback else None

    @property
    def parts(self) -> list[Part]:
        """Return the points of each part. No kind has any yet, so there is one, with no key."""
        points = None if self.points is None else float(self.points)
        return [("", points, self.matched.pk if self.matched else None)]


def read_text(answer: object, limit: int) -> str:
    """Return `answer` if it can be stored and has at most `limit` characters.

    Raises AnswerError if not.
    """
    if not isinstance(answer, str):
        raise AnswerError(_("The answer to this question must be a text."))
    if not answer.strip():
        raise AnswerError(_("The answer is empty."))
    if len(answer) > limit:
        raise AnswerError(
            _("The answer has %(length)d characters; at most %(limit)d are allowed.")
            % {"length": len(answer), "limit": limit}
        )
    # Databases refuse NUL, and half of a surrogate pair cannot be encoded.
    if "\0" in answer or any("\ud800" <= character <= "\udfff" for character in answer):
        raise AnswerError(_("The answer contains a character that cannot be stored."))
    if _PILED_UP.search(answer):
        # Unicode normalisation takes quadratic time in the number of marks on one letter.
        raise AnswerError(_("The answer has too many accents on one letter."))
    return answer


def by_first_match(matches: Callable[[str, str], bool]) -> Callable[..., Outcome]:
    """Return a `grade` function that uses the first feedback whose expected answer matches.

    `matches` takes the expected answer and the given one. The expected answer `*` matches if no
    other one does, wherever it is in the list.
    """

    def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
        for row in feedback:
            if row.answer != ANYTHING_ELSE and matches(row.answer, string):
                return Outcome(row.points, (row,))
        for row in feedback:
            if row.answer == ANYTHING_ELSE:
                return Outcome(row.points, (row,))
        return Outcome(Decimal(0), ())

    return grade


def _as_it_is(string: str, question: Question, choices: Sequence[Feedback]) -> str:
    return string


def _one_value(string: str, question: Question) -> list[str]:
    return [string]


def _same_keys(string: str, question: Question, keys: Mapping[str, str]) -> str:
    return string


def _always(string: str, question: Question, feedback: Sequence[Feedback]) -> bool:
    return True


def _reply_of_match(
    string: str, question: Question, matched: Feedback | None, choices: Sequence[Feedback]
) -> str | None:
    return (matched.feedback or None) if matched else None


@dataclass(frozen=True)
class Grader:
    """The site's half of a kind of question; `bookbinder.sphinx.kinds` contains the other half.

    A *string* is an answer in the form in which it is stored.

    - `read` returns the string of an answer as it was sent. Raises AnswerError.
    - `grade` returns what a string earns, and which feedback replies to it.
    - `can_grade` returns whether a stored string can still be graded.
    - `in_words` returns a string for display.
    - `values` returns the values of the form's fields for a string.
    - `with_keys` returns a string with new keys of choices (old key -> new key).
    - `reply` returns the HTML to show for a stored string, or None.
    - `template` is the form field for pages without JavaScript.
    """

    read: Callable[[object, Question, Sequence[Feedback]], str]
    grade: Callable[[str, Question, Sequence[Feedback]], Outcome]
    can_grade: Callable[[str, Question, Sequence[Feedback]], bool] = _always
    in_words: Callable[[str, Question, Sequence[Feedback]], str] = _as_it_is
    values: Callable[[str, Question], list[str]] = _one_value
    with_keys: Callable[[str, Question, Mapping[str, str]], str] = _same_keys
    reply: Callable[[str, Question, Feedback | None, Sequence[Feedback]], str | None] = (
        _reply_of_match
    )
    template: str = "books/kinds/text.html"
