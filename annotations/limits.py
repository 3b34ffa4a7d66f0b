"""What the API and the pages of notes ask of a request alike."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import limits

TOO_MANY = _("Too many notes in one minute. Wait a little, then try again.")
MOST, MOST_ACTS = 60, 240  # a minute: writes, and what is done with notes


def too_many(request: HttpRequest, what: str = "note", most: int = MOST) -> bool:
    """Count a write; say whether it is one too many."""
    return limits.count(request, what, seconds=limits.MINUTE) > most


def site_of(request: HttpRequest) -> str:
    """Return the site's own address, which the ids of notes begin with."""
    return request.build_absolute_uri("/").rstrip("/")
