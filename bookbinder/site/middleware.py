from collections.abc import Callable

from django.conf import settings
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


def add_content_security_policy(get_response: Handler) -> Handler:
    """Tell browsers to run our own files alone. A book's pages come with policies of their own."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        # Django's page for developers has its script inline.
        if not (settings.DEBUG and response.status_code == 500):
            is_framed = response.headers.get("X-Frame-Options") == "SAMEORIGIN"
            response.headers.setdefault(
                "Content-Security-Policy", site_policy(request.path_info, is_framed=is_framed)
            )
        return response

    return middleware


def site_policy(path: str, *, is_framed: bool = False) -> str:
    """Return the policy of the site's own pages."""
    scripts, forms = "'self'", "'self'"
    if path.startswith("/admin/") and path.endswith("/export/"):
        scripts += f" 'unsafe-hashes' {EXPORT_HANDLER}"
    if path.startswith(("/accounts/", "/billing/")):
        # Their buttons lead on to Stripe or a provider, and from there to a university's own
        # sign-in: browsers take all of it for the form's way.
        forms += f" https: {settings.STRIPE_API_BASE}".rstrip()
    ancestors = "'self'" if is_framed else "'none'"
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' https: data:; media-src 'self' https: data:; object-src 'none'; "
        f"base-uri 'self'; form-action {forms}; frame-ancestors {ancestors}"
    )


# `onSelectToggleChange(event)`, in import-export's page of an export.
EXPORT_HANDLER = "'sha256-wid4zL8fR53ZYy1ljOepzR77Dn6vWUUxuNnnWWBP3I8='"
