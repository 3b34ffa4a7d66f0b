"""Previews: editions that their authors can read, at a private address, before anybody else.

    <data>/previews/<token>/html/                    the files that are served
    <data>/previews/<token>/private/bookbinder.json  the manifest, to grade its questions

Previews are not in the database. One is removed by the next sync of its project, or after a day.
"""

import functools
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.urls import reverse

from accounts import access
from accounts.access import Person
from accounts.models import User
from bookbinder.sphinx import manifest as m
from books import data_folder
from books.models import Book
from books.progress_bars import Each, silently
from books.releases import folders, stored_csp
from books.releases.contents import FileChanges, published_files

LIFETIME = 24 * 60 * 60  # seconds
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Preview:
    """An edition for a certain reader: `docnames` are the pages that this reader may open."""

    token: str
    manifest: m.Manifest
    files: dict[str, Any]
    docnames: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        return _root() / self.token

    def file(self, path: str) -> Path | None:
        """Return where the file at `path` is, or None if it is missing or not for this reader."""
        entry = self.files.get(path)
        if entry is None:
            return None
        pages = set(entry["docnames"])
        # A file that belongs to no page, such as the search index, contains text of all pages.
        is_theirs = not self.docnames.isdisjoint(pages) if pages else self._is_whole
        return self.folder / "html" / path if entry["public"] or is_theirs else None

    @property
    def _is_whole(self) -> bool:
        return self.docnames.issuperset(page.docname for page in self.manifest.pages())


def lay(manifest: m.Manifest, folder: Path, each: Each = silently) -> str:
    """Copy a build's files to a new preview, and return the URL path of its first page.

    Raise PublishError if they cannot be copied.
    """
    forget_old()
    token = secrets.token_urlsafe(32)
    files = published_files(manifest)
    changes = FileChanges(tuple(files), (), (), files)
    root = data_folder.private(data_folder.PREVIEWS)
    headers = stored_csp.of(manifest, folder, files)
    folders.lay(root / token, manifest, folder, changes, headers, each=each)
    first = next(manifest.pages(), None)
    return reverse("preview", args=(token, f"{first.docname}.html" if first else "index.html"))


def forget_old() -> int:
    """Delete the previews that have expired, and return how many there were."""
    old = [
        token for token in _tokens() if time.time() - (_root() / token).stat().st_mtime >= LIFETIME
    ]
    for token in old:
        shutil.rmtree(_root() / token, ignore_errors=True)
    return len(old)


def find(user: Person, token: str) -> Preview | None:
    """Return the preview with this token, if it has not expired and `user` may read it."""
    if not _TOKEN.fullmatch(token) or not user.is_authenticated:
        return None
    folder = _root() / token
    try:
        age = time.time() - folder.stat().st_mtime
        preview = _read(token) if age < LIFETIME else None
    except (OSError, m.ManifestError):
        return None
    docnames = _docnames(user, preview.manifest) if preview else frozenset()
    return replace(preview, docnames=docnames) if preview and docnames else None


def _docnames(user: Person, manifest: m.Manifest) -> frozenset[str]:
    """Return the docnames of the pages that `user` may read: those of the books they write.

    Admins may read all pages. If no book of the project is on the site yet, all authors may.
    """
    here = Book.objects.filter(project=manifest.project)
    written = set(here.filter(access.rows(user, "books.change_book")).values_list("url", flat=True))
    is_author = isinstance(user, User) and user.type == User.Type.AUTHOR and not here.exists()
    is_all = is_author or (isinstance(user, User) and user.is_superuser)
    return frozenset(
        page.docname
        for book in manifest.books
        if is_all or book.url in written
        for page in book.pages
    )


def clear(project: str) -> None:
    """Remove a project's previews, after an edition of it has gone live."""
    for token in _tokens():
        try:
            is_its = _read(token).manifest.project == project
        except (OSError, m.ManifestError):
            is_its = True  # it is unreadable anyway
        if is_its:
            shutil.rmtree(_root() / token, ignore_errors=True)


def _root() -> Path:
    return data_folder.path(data_folder.PREVIEWS)


def _tokens() -> Iterator[str]:
    for folder in _root().iterdir() if _root().is_dir() else ():
        yield folder.name


@functools.lru_cache(maxsize=8)
def _read(token: str) -> Preview:
    """Return a preview. It is cached, since previews never change."""
    manifest = m.read(folders.manifest_folder(_root() / token))
    return Preview(token, manifest, published_files(manifest))
