"""Limits on how often one account, or one IP address, may try something.

Tries are counted in the database, each by one statement: of two at the same moment, neither is
lost. (A cache in the database reads a count before it writes it.)
"""

import time
from datetime import UTC, datetime
from ipaddress import IPv6Address, IPv6Network, ip_address

from allauth.account.adapter import get_adapter
from django.db import connection
from django.db.models import F
from django.http import HttpRequest

from accounts.models import TryCount

HOUR = 3600  # seconds
MINUTE = 60
_COUNT = """
    INSERT INTO accounts_trycount (key, number, expires_at) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET number = accounts_trycount.number + 1
    RETURNING number
"""


def count(request: HttpRequest, what: str, *, seconds: int = HOUR) -> int:
    """Count one try, and return its number within the current period of `seconds` seconds."""
    end = datetime.fromtimestamp((_period(seconds) + 1) * seconds, UTC)
    expires_at = connection.ops.adapt_datetimefield_value(end)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [_key(request, what, seconds), expires_at])
        return int(cursor.fetchone()[0])


def uncount(request: HttpRequest, what: str, *, seconds: int = HOUR) -> None:
    """Take the count of one try back: it was none of those that are limited."""
    counts = TryCount.objects.filter(key=_key(request, what, seconds))
    counts.update(number=F("number") - 1)


def seconds_left(seconds: int) -> int:
    """Return the number of seconds until the next period of `seconds` seconds begins."""
    return seconds - int(time.time() % seconds)


def forget_expired() -> int:
    """Delete the counts of periods that are over, and return how many there were."""
    deleted, _by_model = TryCount.objects.filter(expires_at__lt=datetime.now(UTC)).delete()
    return deleted


def _period(seconds: int) -> int:
    return int(time.time() // seconds)


def _key(request: HttpRequest, what: str, seconds: int) -> str:
    """Return the key of the count for the current period.

    The count belongs to the account or, if nobody is signed in, to the IP address.
    """
    if request.user.is_authenticated:
        who = f"user:{request.user.pk}"
    else:
        who = f"ip:{_network(get_adapter().get_client_ip(request))}"
    return f"{what}:{who}:{seconds}:{_period(seconds)}"


def _network(address: str) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address: one client has all of it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False))
