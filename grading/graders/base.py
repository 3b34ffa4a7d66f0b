"""What graders share: an outcome, texts that can be kept, and the first feedback that matches."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bookbinder.sphinx.expected_answers import ANYTHING_ELSE
from books.models import Feedback, Question

_PILED_UP = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{31}")


class AnswerError(Exception):
    """The answer cannot be taken; the text says why to the person who gave it."""


@dataclass(frozen=True)
class Outcome:
    """What an answer earns; `points` is None where a person has to grade it."""

    points: Decimal | None
    feedback: tuple[Feedback, ...]

    @property
    def html(self) -> str | None:
        return "\n".join(one.feedback for one in self.feedback if one.feedback) or None

    @property
    def matched(self) -> Feedback | None:
        return self.feedback[0] if self.feedback else None


def read_text(answer: Any, limit: int) -> str:
    """Return `answer` if it is a text that can be kept. Raises AnswerError."""
    if not isinstance(answer, str):
        raise AnswerError(_("An answer to this question is a text."))
    if not answer.strip():
        raise AnswerError(_("The answer is empty."))
    if len(answer) > limit:
        raise AnswerError(
            _("The answer has %(length)d characters; %(limit)d are the most.")
            % {"length": len(answer), "limit": limit}
        )
    # Databases refuse NUL, and nobody can encode half of a surrogate pair.
    if "\0" in answer or any("\ud800" <= character <= "\udfff" for character in answer):
        raise AnswerError(_("The answer has a character that cannot be kept."))
    if _PILED_UP.search(answer):
        # To normalise a pile of marks on one letter takes the square of its height.
        raise AnswerError(_("The answer has too many accents on one letter."))
    return answer


def by_first_match(matches: Callable[[str, str], bool]) -> Callable[..., Outcome]:
    """Return a `grade` where the first feedback wins for which `matches(foreseen, string)`.

    `*` matches what is left, wherever it stands.
    """

    def grade(string: str, question: Question, feedback: Sequence[Feedback]) -> Outcome:
        foreseen = [one for one in feedback if one.answer != ANYTHING_ELSE]
        for one in foreseen:
            if matches(one.answer, string):
                return Outcome(one.points, (one,))
        rest = next((one for one in feedback if one.answer == ANYTHING_ELSE), None)
        return Outcome(rest.points, (rest,)) if rest else Outcome(Decimal(0), ())

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
    """A kind of question, as the site knows it. `bookbinder.sphinx.kinds` has the other half.

    - `read`: the string to keep of an answer. Raises AnswerError.
    - `grade`: what that string earns, and which feedback replies to it.
    - `can_grade`: whether a kept string can be graded anew.
    - `in_words`: a kept string as a person reads it.
    - `values`: a kept string as the values of a form's fields.
    - `with_keys`: a kept string whose choices' keys have changed: old key -> new key.
    - `reply`: the HTML to show for an answer that was given before; None: nothing to show.
    - `template`: the field for an answer, where there is no JavaScript.
    """

    read: Callable[[Any, Question, Sequence[Feedback]], str]
    grade: Callable[[str, Question, Sequence[Feedback]], Outcome]
    can_grade: Callable[[str, Question, Sequence[Feedback]], bool] = _always
    in_words: Callable[[str, Question, Sequence[Feedback]], str] = _as_it_is
    values: Callable[[str, Question], list[str]] = _one_value
    with_keys: Callable[[str, Question, Mapping[str, str]], str] = _same_keys
    reply: Callable[[str, Question, Feedback | None, Sequence[Feedback]], str | None] = (
        _reply_of_match
    )
    template: str = "books/kinds/text.html"
