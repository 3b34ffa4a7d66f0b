"""How often one person, or one address, may try something."""

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

HOUR = 3600  # seconds


def _key(request: HttpRequest, what: str) -> str:
    """Return the counter of the account; of the client's address where nobody is signed in."""
    if request.user.is_authenticated:
        who = f"user:{request.user.pk}"
    else:
        who = f"ip:{get_adapter().get_client_ip(request)}"
    return f"limit:{what}:{who}"


def count(request: HttpRequest, what: str, *, seconds: int = HOUR) -> None:
    """Count one try. The time runs from the first."""
    key = _key(request, what)
    if not cache.add(key, 1, seconds):
        try:
            cache.incr(key)
        except ValueError:  # it ended in this moment
            cache.add(key, 1, seconds)


def is_over(request: HttpRequest, what: str, *, most: int, most_of_address: int) -> bool:
    """Whether so many tries have been counted that no more is taken.

    A lecture hall has one address, so that it may have more tries than an account.
    """
    limit = most if request.user.is_authenticated else most_of_address
    return int(cache.get(_key(request, what), 0)) >= limit
