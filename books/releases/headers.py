"""The headers of a published file: its type, how long it may be kept, and what its page may run."""

import mimetypes
from pathlib import Path

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import parse_etags

from books.releases import stored_csp


def content_type(path: str) -> str:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind in ("text/html", "text/plain") else kind


def etag(version: str) -> str:
    return f'"{version}"'


def is_known(request: HttpRequest, version: str) -> bool:
    """Whether the browser has this version of the file already."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    # A web server in front that compresses makes them weak.
    return etag(version) in (tag.removeprefix("W/") for tag in known)


def of_published(
    response: HttpResponseBase, folder: Path, path: str, version: str, *, public: bool
) -> HttpResponseBase:
    """Give a response the headers of a file of the release in `folder`."""
    response["ETag"] = etag(version)
    # A theme's files have a hash in their address; what is protected must be asked for again.
    response["Cache-Control"] = "public, max-age=3600" if public else "private, no-cache"
    return _with_policy(response, folder, path)


def of_preview(response: HttpResponseBase, folder: Path, path: str) -> HttpResponseBase:
    """Give a response the headers of a file of an edition that is not live."""
    response["Cache-Control"] = "private, no-store"
    return _with_policy(response, folder, path)


def _with_policy(response: HttpResponseBase, folder: Path, path: str) -> HttpResponseBase:
    policy = stored_csp.header_of(folder, path)
    if policy:
        response["Content-Security-Policy"] = policy
    return response
