"""What waits for instructors; see `accounts.waiting`."""

from django.db.models import QuerySet
from django.utils.translation import ngettext

from accounts import access, waiting
from accounts.models import User
from grading.models import Answer


def answers(user: User) -> "QuerySet[Answer]":
    """Return the answers that a person has to grade."""
    return Answer.objects.ungraded().filter(access.rows(user, "grading.view_answer"))


def fill() -> None:
    """Add this app's kind to the table."""
    waiting.add(
        waiting.Kind(
            lambda n: ngettext("%d answer to grade", "%d answers to grade", n) % n,
            answers,
            "answered_at",
            "admin:grading_answer_changelist",
            "?waits=yes",
        )
    )
