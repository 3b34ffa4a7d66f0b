"""The headers of a published file: its type, its caching, and what it may run as a page."""

import mimetypes
from pathlib import Path

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import parse_etags

from books.releases import stored_csp


def content_type(path: str) -> str:
    """Return the Content-Type of a file, guessed from its name."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind in ("text/html", "text/plain") else kind


def etag(version: str) -> str:
    """Return the ETag for the version of a file."""
    return f'"{version}"'


def is_known(request: HttpRequest, version: str) -> bool:
    """Return whether the browser already has this version of the file."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    # A reverse proxy that compresses responses makes their ETags weak.
    return etag(version) in (tag.removeprefix("W/") for tag in known)


def of_published(
    response: HttpResponseBase, folder: Path, path: str, version: str, *, public: bool
) -> HttpResponseBase:
    """Set the headers of a response with a file of the release in `folder`, and return it."""
    response["ETag"] = etag(version)
    # A theme's files have a hash in their address. Others must be revalidated every time.
    response["Cache-Control"] = "public, max-age=3600" if public else "private, no-cache"
    return _with_policy(response, folder, path)


def of_preview(response: HttpResponseBase, folder: Path, path: str) -> HttpResponseBase:
    """Set the headers of a response with a file of the preview in `folder`, and return it."""
    response["Cache-Control"] = "private, no-store"
    return _with_policy(response, folder, path)


def _with_policy(response: HttpResponseBase, folder: Path, path: str) -> HttpResponseBase:
    policy = stored_csp.header_of(folder, path)
    if policy:
        response["Content-Security-Policy"] = policy
    return response
