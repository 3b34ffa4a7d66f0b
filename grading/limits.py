"""How many attempts one person can make: in a minute, and at a question in all.

They are counted from the rows themselves, in the transaction that adds one, by index.
"""

from datetime import timedelta
from math import ceil

from django.db.models import Count, Min, Q, QuerySet
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


def recent_attempts(user: User) -> QuerySet[Attempt]:
    """Return a person's attempts of the last minute, in all courses."""
    since = timezone.now() - MINUTE
    return Attempt.objects.filter(enrollment__user=user, received_at__gt=since).order_by()


def _recent_repeats(user: User) -> QuerySet[Repeat]:
    since = timezone.now() - MINUTE
    return Repeat.objects.filter(enrollment__user=user, created_at__gt=since).order_by()


def check_pace(user: User, question: Question, at_question: int, in_all: int) -> None:
    """Raise TooFast if the answers of the last minute are as many as a person may give.

    `at_question` and `in_all` are their numbers.
    """
    attempts, repeats = recent_attempts(user), _recent_repeats(user)
    if at_question >= AT_QUESTION_A_MINUTE:
        attempts = attempts.filter(question=question)
        repeats = repeats.filter(attempt__question=question)
        text = _("You have answered this question %(most)d times within a minute.")
        most = AT_QUESTION_A_MINUTE
    elif in_all >= A_MINUTE:
        text = _("You have given %(most)d answers within a minute.")
        most = A_MINUTE
    else:
        return
    seconds = _seconds_left(attempts, repeats)
    wait = _("Wait %(n)d seconds, then send it again.") % {"n": seconds}
    raise TooFast(f"{text % {'most': most}} {wait}", seconds)


def check_pace_of_repeats(user: User, question: Question) -> None:
    """Raise TooFast if attempts and repeated answers together are as many as a person may give."""
    attempts = recent_attempts(user).aggregate(
        here=Count("pk", filter=Q(question=question)), in_all=Count("pk")
    )
    repeats = _recent_repeats(user).aggregate(
        here=Count("pk", filter=Q(attempt__question=question)), in_all=Count("pk")
    )
    at_question = attempts["here"] + repeats["here"]
    check_pace(user, question, at_question, attempts["in_all"] + repeats["in_all"])


def _seconds_left(attempts: QuerySet[Attempt], repeats: QuerySet[Repeat]) -> int:
    """Return the number of seconds until the oldest of the rows is a minute old, at least 1."""
    times = [
        attempts.aggregate(at=Min("received_at"))["at"],
        repeats.aggregate(at=Min("created_at"))["at"],
    ]
    oldest = min((at for at in times if at), default=timezone.now() - MINUTE)
    return max(ceil((oldest + MINUTE - timezone.now()).total_seconds()), 1)
