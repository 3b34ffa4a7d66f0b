import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template import loader

from accounts.errors import TooMany

log = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponseBase]


PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


def add_headers(get_response: Handler) -> Handler:
    """Tell browsers what no page here may do, and to keep nothing that may be personal.

    Must be the first, so that a response to a request that another middleware refuses has the
    headers too. Views and the middleware inside may have set others: pages of books have their own
    policies, and static files may be kept.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_framed = response.headers.get("X-Frame-Options") == "SAMEORIGIN"
        headers = {
            "Cache-Control": "private, no-store",
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
            "Permissions-Policy": PERMISSIONS,
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
        }
        # Django's debug page has an inline script.
        if not (settings.DEBUG and response.status_code == 500):
            policy = site_policy(request.path_info, is_framed=is_framed)
            headers["Content-Security-Policy"] = policy
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def refuse_nul(get_response: Handler) -> Handler:
    """Respond with status 400 to URLs that contain NUL, which PostgreSQL does not accept.

    Under `/api/` the response is JSON, as the schema says.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            if request.path_info.startswith("/api/"):
                return JsonResponse({"detail": "NUL in an address."}, status=400)
            raise SuspiciousOperation("NUL in an address")
        return get_response(request)

    return middleware


class RespondToTooMany:
    """Responds with status 429 to TooMany, on whichever page it is raised."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, TooMany):
            return None
        headers = {"Retry-After": str(error.seconds)}
        return HttpResponse(
            loader.render_to_string("429.html", request=request), status=429, headers=headers
        )


def work_after_response(get_response: Handler) -> Handler:
    """Do what `accounts.http.after_response` was given, once the response has been sent."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        work = getattr(request, "work_after_response", None)
        if work is not None:
            close = response.close

            def work_and_close() -> None:
                try:
                    work()
                except Exception:
                    log.exception("What was left for after a response has failed")
                finally:
                    close()  # gives the connection to the database back

            response.close = work_and_close  # type: ignore[method-assign]
        return response

    return middleware


def site_policy(path: str, *, is_framed: bool = False) -> str:
    """Return the Content-Security-Policy of the site's own page at `path`.

    `is_framed` says whether other pages of the site may frame it.
    """
    scripts, forms = "'self'", "'self'"
    if path.startswith("/admin/") and path.endswith("/export/"):
        scripts += f" 'unsafe-hashes' {EXPORT_HANDLER}"
    if path.startswith(("/accounts/", "/billing/")):
        # Their forms redirect to Stripe or a sign-in provider, and from there to a university's
        # sign-in page. Browsers apply `form-action` to all these redirects.
        forms += f" https: {settings.STRIPE_API_BASE}".rstrip()
    ancestors = "'self'" if is_framed else "'none'"
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' https: data:; media-src 'self' https: data:; object-src 'none'; "
        f"base-uri 'self'; form-action {forms}; frame-ancestors {ancestors}"
    )


# The hash of the event handler `onSelectToggleChange(event)` on import-export's export page.
EXPORT_HANDLER = "'sha256-wid4zL8fR53ZYy1ljOepzR77Dn6vWUUxuNnnWWBP3I8='"
