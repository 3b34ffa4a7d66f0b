"""The canonical texts of published pages, and their revisions, on which notes were made."""

import functools
import hashlib
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from annotations.anchoring import text as canonical
from annotations.models import PageRevision
from books.models import Page
from books.releases import folders

_ID = re.compile(r'\sid="([^"<>\s]{1,200})"')


@dataclass(frozen=True)
class PageText:
    """The canonical text of a page in a release.

    `blocks` are the start and end of each paragraph or other block, in code points.
    """

    text: str
    blocks: tuple[tuple[int, int], ...]
    release_id: int

    @functools.cached_property
    def sha256(self) -> str:
        return hash_of(self.text)


def hash_of(text: str) -> str:
    """Return the SHA-256 of a canonical text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def ids_in(html: str) -> frozenset[str]:
    """Return the HTML ids in a page, by which notes refer to figures and questions."""
    return frozenset(_ID.findall(html))


def _file(project: str, folder: str, docname: str) -> Path:
    return folders.html_folder(project, folder) / f"{docname}.html"


# A release's files never change, so each process reads them once.
@functools.lru_cache(maxsize=256)
def _published(project: str, folder: str, docname: str) -> canonical.PageText:
    return canonical.read(_file(project, folder, docname).read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=256)
def _ids(project: str, folder: str, docname: str) -> frozenset[str]:
    return ids_in(_file(project, folder, docname).read_text(encoding="utf-8"))


def ids_of(page: Page) -> frozenset[str]:
    """Return the HTML ids of a page as it is published. Raises OSError if its file is missing."""
    release = page.book.release
    assert release is not None
    return _ids(page.book.project, release.folder, page.docname)


def of(page: Page) -> PageText:
    """Return the text of a page as it is published. Raises OSError if its file is missing."""
    release = page.book.release
    assert release is not None
    found = _published(page.book.project, release.folder, page.docname)
    return PageText(found.text, found.blocks, release.pk)


def revision_of(page: Page, text: PageText) -> PageRevision:
    """Return the revision that stores this text of the page; create it if it does not exist."""
    revision, _made = PageRevision.objects.get_or_create(
        page=page,
        text_sha256=text.sha256,
        defaults={"built_at": timezone.now(), "text": pack(text.text)},
    )
    return revision


def pack(text: str) -> bytes:
    """Return a text as `PageRevision.text` stores it."""
    return zlib.compress(text.encode())


def unpack(data: bytes | memoryview) -> str:
    """Return the text that `pack` has compressed."""
    return zlib.decompress(bytes(data)).decode()
