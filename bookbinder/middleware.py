from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]


def refuse_nul(get_response: Handler) -> Handler:
    """Answer 400 to an address with a NUL in it: PostgreSQL takes none in a text."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("NUL in an address")
        return get_response(request)

    return middleware


PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


def add_permissions_policy(get_response: Handler) -> Handler:
    """Tell browsers that no page here uses a camera, a microphone or the like."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return middleware
