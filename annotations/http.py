"""How many notes a person sends, on whichever way."""

from django.http import HttpRequest

from accounts import limits

A_MINUTE, MOST = 60, 60  # seconds, writes


def too_many(request: HttpRequest) -> bool:
    """Count a write; say whether it is one too many."""
    if limits.is_over(request, "note", most=MOST, most_of_address=MOST, seconds=A_MINUTE):
        return True
    limits.count(request, "note", seconds=A_MINUTE)
    return False
