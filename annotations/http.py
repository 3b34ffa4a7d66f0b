"""How many notes a person sends, on whichever way."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import limits

TOO_MANY = _("Too many notes in one minute. Wait a little, then try again.")
A_MINUTE, MOST, MOST_ACTS = 60, 60, 240  # seconds, writes, and what is done with notes


def too_many(request: HttpRequest, what: str = "note", most: int = MOST) -> bool:
    """Count a write; say whether it is one too many."""
    if limits.is_over(request, what, most=most, most_of_address=most, seconds=A_MINUTE):
        return True
    limits.count(request, what, seconds=A_MINUTE)
    return False
