import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from books.models import Feedback

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
