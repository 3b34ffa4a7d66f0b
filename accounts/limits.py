"""Limits on how often one account, or one IP address, may try something."""

import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

HOUR = 3600  # seconds
MINUTE = 60


def _key(request: HttpRequest, what: str, seconds: int) -> str:
    """Return the cache key of the counter for the current period.

    The counter belongs to the account or, if nobody is signed in, to the IP address.
    """
    if request.user.is_authenticated:
        who = f"user:{request.user.pk}"
    else:
        who = f"ip:{get_adapter().get_client_ip(request)}"
    return f"limit:{what}:{who}:{int(time.time() // seconds)}"


def count(request: HttpRequest, what: str, *, seconds: int = HOUR) -> int:
    """Count one attempt, and return its number within the current period of `seconds` seconds."""
    key = _key(request, what, seconds)
    if not cache.add(key, 1, seconds):
        try:
            number = cache.incr(key)
            cache.touch(key, seconds)  # the database cache's incr() resets the timeout
            return number
        except ValueError:  # the key has just expired
            cache.add(key, 1, seconds)
    return 1


def seconds_left(seconds: int) -> int:
    """Return the number of seconds until the next period of `seconds` seconds begins."""
    return seconds - int(time.time() % seconds)


def is_over(
    request: HttpRequest, what: str, *, most: int, most_of_address: int, seconds: int = HOUR
) -> bool:
    """Return whether the limit of attempts in the current period has been reached.

    `most` is the limit for an account. `most_of_address`, for an IP address, can be higher, since a
    whole lecture hall shares one address.
    """
    limit = most if request.user.is_authenticated else most_of_address
    return int(cache.get(_key(request, what, seconds), 0)) >= limit
