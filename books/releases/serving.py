"""Published files: who may open one, and how its bytes are sent."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import StreamingHttpResponse
from django.utils.http import http_date

from accounts.access import Person
from bookbinder.sphinx.checks import REPLY_FOLDER, is_publishable
from books import access
from books.models import Book, Page, Release
from books.releases import folders, headers
from books.releases.previews import Preview

FEEDBACK_FILES = f"{REPLY_FOLDER}/"
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Published:
    """A file of a project's current release. Readers of any page in `docnames` may open it."""

    project: str
    release: str
    path: str
    version: str
    docnames: tuple[str, ...]
    public: bool

    @property
    def folder(self) -> Path:
        return folders.releases_folder(self.project) / self.release

    @property
    def file(self) -> Path:
        return self.folder / "html" / self.path


@functools.lru_cache(maxsize=64)
def _files(release_id: int) -> dict[str, Any]:
    """Return the files of a release. They never change, so each process reads them once."""
    return dict(Release.objects.values_list("files", flat=True).get(pk=release_id))


def find(project: str, path: str) -> Published | None:
    """Return the project's published file at `path`, or None if there is none."""
    books = Book.objects.filter(project=project, release__isnull=False)
    release = books.values_list("release_id", "release__folder").first()
    if release is None:
        return None
    entry = _files(release[0]).get(path)
    # Checked here too, since a release may be older than the rules about what is refused.
    if entry is None or not is_publishable(path):
        return None
    docnames = tuple(entry["docnames"])
    version = entry["sha256"][:32] + entry.get("head", "") + entry.get("policy", "")
    return Published(project, release[1], path, version, docnames, entry["public"])


def may_have(user: Person, file: Published) -> bool:
    """Return whether `user` may open the file.

    A public file is for everybody. A reply's file is for those who were shown the reply, and for
    the book's authors. Any other file is for readers of one of its pages. One that belongs to no
    page, such as the search, tells of all pages: it is for readers of any page that is not public
    or, if all are, for everybody.
    """
    if file.public:
        return True
    if file.path.startswith(FEEDBACK_FILES):
        return access.was_shown(user, file.project, file.path)
    of_project = Page.objects.published().filter(book__project=file.project)
    pages = of_project.visible_to(user)
    if not file.docnames:
        members = Page.Access.MEMBERS
        return (
            pages.filter(access=members).exists() or not of_project.filter(access=members).exists()
        )
    urls = set(file.docnames)
    urls |= {docname.partition("/")[2] for docname in file.docnames}
    found = pages.filter(url__in=urls).select_related("book")
    return any(page.docname in file.docnames for page in found)


def send(request: HttpRequest, file: Published) -> HttpResponseBase:
    """Return a response with the file or a part of it, or one that says it has not changed."""
    if headers.is_known(request, file.version):
        response: HttpResponseBase = HttpResponse(status=304)
    elif settings.X_ACCEL_PREFIX:
        response = HttpResponse(content_type=headers.content_type(file.path))
        path = f"{file.project}/{file.release}/html/{file.path}"
        response["X-Accel-Redirect"] = f"{settings.X_ACCEL_PREFIX.rstrip('/')}/{quote(path)}"
    else:
        response = _stream(request, file.file)
    return headers.of_published(response, file.folder, file.path, file.version, public=file.public)


def send_preview(request: HttpRequest, preview: Preview, path: str) -> HttpResponseBase:
    """Return a response with a file of a preview, or a part of it."""
    response = _stream(request, preview.folder / "html" / path)
    return headers.of_preview(response, preview.folder, path)


def _stream(request: HttpRequest, file: Path) -> HttpResponseBase:
    stat = file.stat()
    part = _asked_part(request.headers.get("Range", ""), stat.st_size)
    content_type = headers.content_type(file.name)
    response: HttpResponseBase
    if part is None:
        response = FileResponse(file.open("rb"), content_type=content_type)
        del response["Content-Disposition"]  # its address already contains its name
        response["Accept-Ranges"] = "bytes"
    else:
        start, end = part
        content = _read(file, start, end)
        response = StreamingHttpResponse(content, status=206, content_type=content_type)
        response["Content-Range"] = f"bytes {start}-{end}/{stat.st_size}"
        response["Content-Length"] = str(end - start + 1)
    response["Last-Modified"] = http_date(stat.st_mtime)
    return response


def _asked_part(header: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte that a Range header requests; None for the whole file.

    `size` is that of the file, in bytes. Several ranges in one header are not supported.
    """
    match = _RANGE.fullmatch(header)
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return (max(size - int(last), 0), size - 1) if int(last) and size else None
    start, end = int(first), min(int(last or size - 1), size - 1)
    return (start, end) if start <= end else None


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (data := file.read(min(_CHUNK, left))):
            left -= len(data)
            yield data
