"""How often one person, or one address, may try something."""

import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

HOUR = 3600  # seconds
MINUTE = 60


def _key(request: HttpRequest, what: str, seconds: int) -> str:
    """Return the counter of this time of the account; of the address where nobody is signed in."""
    if request.user.is_authenticated:
        who = f"user:{request.user.pk}"
    else:
        who = f"ip:{get_adapter().get_client_ip(request)}"
    return f"limit:{what}:{who}:{int(time.time() // seconds)}"


def count(request: HttpRequest, what: str, *, seconds: int = HOUR) -> int:
    """Count one try, in a row of times of `seconds` each; return its number."""
    key = _key(request, what, seconds)
    if not cache.add(key, 1, seconds):
        try:
            number = cache.incr(key)
            cache.touch(key, seconds)  # the database's cache forgets for how long it was
            return number
        except ValueError:  # it ended in this moment
            cache.add(key, 1, seconds)
    return 1


def seconds_left(seconds: int) -> int:
    """Return when counting begins anew."""
    return seconds - int(time.time() % seconds)


def is_over(
    request: HttpRequest, what: str, *, most: int, most_of_address: int, seconds: int = HOUR
) -> bool:
    """Whether so many tries have been counted that no more is taken.

    A lecture hall has one address, so that it may have more tries than an account.
    """
    limit = most if request.user.is_authenticated else most_of_address
    return int(cache.get(_key(request, what, seconds), 0)) >= limit
