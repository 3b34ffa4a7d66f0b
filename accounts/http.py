"""A request from a signed-in user, as a type for mypy and for readers."""

from django.http import HttpRequest

from accounts.models import User


class SignedInRequest(HttpRequest):
    user: User


def signed_in(request: HttpRequest) -> User:
    """Return the user of a request that a decorator or the admin has checked to be signed in."""
    assert isinstance(request.user, User)
    return request.user
