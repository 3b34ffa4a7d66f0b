"""The user of a request whose view is only for people who are signed in."""

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return the user of a request that a decorator or the admin has checked to be signed in."""
    assert isinstance(request.user, User)
    return request.user
