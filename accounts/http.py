"""The user of a request that only people who are signed in can send, and work for later."""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils import translation

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return the user of a request that a decorator or the admin has checked to be signed in."""
    assert isinstance(request.user, User)
    return request.user


def after_response(request: HttpRequest, work: Callable[[], object]) -> None:
    """Have `work` done once the response has been sent, in the language of the request.

    The time of the response then does not reveal whether there was work. See
    `bookbinder.site.middleware.work_after_response`; of two calls, the second counts.
    """
    language = translation.get_language()

    def in_language() -> None:
        with translation.override(language):
            work()

    request.work_after_response = in_language  # type: ignore[attr-defined]
