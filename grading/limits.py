"""How many attempts one person can make: in a minute, and at a question in all.

They are counted from the rows themselves, in the transaction that adds one, by index.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from books.models import Question
from grading.errors import GradingError
from grading.models import Attempt, Repeat

MINUTE = timedelta(minutes=1)
AT_QUESTION_A_MINUTE, A_MINUTE = 30, 300
AT_QUESTION = 1_000
REPEATS = 100  # keys of repeated answers that are kept with an attempt


class TooFast(GradingError):
    """The person has given too many answers within a minute; `seconds` says how long to wait."""

    def __init__(self, text: str, seconds: int) -> None:
        super().__init__(text)
        self.seconds = seconds


def recent(user: User, question: Question | None = None) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return a person's attempts and repeated answers of the last minute, at a question or all."""
    since = timezone.now() - MINUTE
    given = {"enrollment__user": user, "created_at__gt": since}
    attempts = Attempt.objects.filter(**given).order_by()
    repeats = Repeat.objects.filter(**given).order_by()
    if question is None:
        return attempts, repeats
    return attempts.filter(question=question), repeats.filter(attempt__question=question)


def check_pace(user: User, question: Question, *, at_question: int, in_all: int) -> None:
    """Raise TooFast if the answers of the last minute are as many as a person may give."""
    if at_question >= AT_QUESTION_A_MINUTE:
        seconds = _seconds_left(*recent(user, question))
        text = _("You have answered this question %(most)d times within a minute.")
        most = AT_QUESTION_A_MINUTE
    elif in_all >= A_MINUTE:
        seconds = _seconds_left(*recent(user))
        text = _("You have given %(most)d answers within a minute.")
        most = A_MINUTE
    else:
        return
    wait = _("Wait %(n)d seconds, then send it again.") % {"n": seconds}
    raise TooFast(f"{text % {'most': most}} {wait}", seconds)


def _seconds_left(*rows: QuerySet[Any]) -> int:
    """Return the number of seconds until the oldest of the rows is a minute old, at least 1."""
    times: Iterator[datetime | None] = (one.aggregate(at=Min("created_at"))["at"] for one in rows)
    oldest = min((at for at in times if at), default=timezone.now() - MINUTE)
    return max(ceil((oldest + MINUTE - timezone.now()).total_seconds()), 1)
