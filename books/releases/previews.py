"""Editions that their authors can read before anybody else: files at a private address.

    <data>/previews/<token>/html/                    what is served
    <data>/previews/<token>/private/bookbinder.json  what its questions are judged by

The database knows nothing of them. One goes with the next sync of its project, or after a day.
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

from django.conf import settings
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

FOLDER = "previews"
LIFETIME = 24 * 60 * 60  # seconds
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Preview:
    """An edition as somebody may read it: `docnames` are the pages of their own books."""

    token: str
    manifest: m.Manifest
    files: dict[str, Any]
    docnames: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        return _root() / self.token

    def file(self, path: str) -> Path | None:
        """Return the file at `path`, if there is one and it is theirs to read."""
        entry = self.files.get(path)
        if entry is None:
            return None
        pages = set(entry["docnames"])
        # What belongs to no page, as the search index, tells of all.
        is_theirs = not self.docnames.isdisjoint(pages) if pages else self._is_whole
        return self.folder / "html" / path if entry["public"] or is_theirs else None

    @property
    def _is_whole(self) -> bool:
        return self.docnames.issuperset(page.docname for page in self.manifest.pages())


def lay(manifest: m.Manifest, folder: Path, each: Each = silently) -> str:
    """Lay a build's files down at a new address; return its path on this site.

    Raises PublishError.
    """
    _drop_old()
    token = secrets.token_urlsafe(32)
    files = published_files(manifest)
    changes = FileChanges(tuple(files), (), (), files)
    root = data_folder.private(FOLDER)
    headers = stored_csp.of(manifest, folder, files)
    folders.lay(root / token, manifest, folder, changes, headers, each=each)
    first = next(manifest.pages(), None)
    return reverse("preview", args=(token, f"{first.docname}.html" if first else "index.html"))


def find(user: Person, token: str) -> Preview | None:
    """Return the preview of that address, if it is there still and `user` may read it."""
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
    """Return the pages that `user` may read: of the books that they write.

    Everything is for admins; what is of a project that is not here yet, for authors by type.
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
    """Take a project's previews away: an edition of it has gone live."""
    for token in _tokens():
        try:
            is_its = _read(token).manifest.project == project
        except (OSError, m.ManifestError):
            is_its = True  # nobody could read it
        if is_its:
            shutil.rmtree(_root() / token, ignore_errors=True)


def _root() -> Path:
    return Path(settings.BOOKBINDER_DATA_DIR) / FOLDER


def _tokens() -> Iterator[str]:
    for folder in _root().iterdir() if _root().is_dir() else ():
        yield folder.name


def _drop_old() -> None:
    for token in _tokens():
        folder = _root() / token
        if time.time() - folder.stat().st_mtime >= LIFETIME:
            shutil.rmtree(folder, ignore_errors=True)


@functools.lru_cache(maxsize=8)
def _read(token: str) -> Preview:
    """Return a preview, which never changes."""
    manifest = m.read(folders.manifest_folder(_root() / token))
    return Preview(token, manifest, published_files(manifest))
