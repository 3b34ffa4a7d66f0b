"""Copies a build's files to a folder beside the current release, and removes unused folders.

    <data>/releases/<project>/<release>/html/                    the files that are served
    <data>/releases/<project>/<release>/policies.json            the headers of the pages
    <data>/releases/<project>/<release>/private/bookbinder.json  the manifest, to restore it

A reverse proxy may read the files that are served. The manifest is the answer key: only the user
that runs the site may read it.

Only files that the manifest lists are copied, and their hashes are checked: a build whose files
have changed since its manifest was written is refused.
"""

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbinder.sphinx import manifest as m
from books import data_folder
from books.errors import BooksError
from books.models import Release
from books.progress_bars import Each, silently
from books.releases import page_head, stored_csp
from books.releases.contents import FileChanges

STAGE_PREFIX = "staged-"


class PublishError(BooksError):
    """The files cannot be written; nothing has changed."""


@dataclass(frozen=True)
class Staged:
    """Files that are ready in `folder`, and the release that they will become."""

    project: str
    folder: Path

    @property
    def release(self) -> str:
        return self.folder.name.removeprefix(STAGE_PREFIX)


def releases_folder(project: str) -> Path:
    """Return the folder that contains a project's releases."""
    return data_folder.path(data_folder.RELEASES) / project


def manifest_folder(release: Path) -> Path:
    """Return the folder of the manifest in a release's folder."""
    return release / "private"


def html_folder(project: str, release: str) -> Path:
    """Return the folder of the files of a release that are served."""
    return releases_folder(project) / release / "html"


def stage(
    manifest: m.Manifest,
    build: Path,
    changes: FileChanges,
    headers: stored_csp.Policies,
    current: str | None,
    each: Each = silently,
) -> Staged:
    """Copy the files of a build to a new folder beside the releases.

    Files that are unchanged since the release named `current` become hard links to its files.
    Raise PublishError if this fails, and leave nothing behind.
    """
    name = f"{timezone.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    folder = releases_folder(manifest.project) / f"{STAGE_PREFIX}{name}"
    old = html_folder(manifest.project, current) if current else None
    lay(folder, manifest, build, changes, headers, old, each)
    return Staged(manifest.project, folder)


def lay(
    folder: Path,
    manifest: m.Manifest,
    build: Path,
    changes: FileChanges,
    headers: stored_csp.Policies,
    old: Path | None = None,
    each: Each = silently,
) -> None:
    """Copy the files to be published into `folder`, or link those that are unchanged in `old`.

    Raise PublishError if this fails, and leave nothing behind.
    """
    different = {*changes.added, *changes.changed, *(new for _old, new in changes.renamed)}
    try:
        (folder / "html").mkdir(parents=True)
        files = each(changes.files.items(), _("copying the files"), len(changes.files))
        for path, entry in files:
            target = folder / "html" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if old is not None and path not in different and (old / path).is_file():
                _link(old / path, target)
            else:
                _lay(build / path, target, entry, is_page="head" in entry)
        _keep_manifest(_manifest_of(build), folder)
        stored_csp.write(headers, folder)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError | PublishError):
            raise PublishError(_explain(error)) from error
        raise  # such as an interrupt


def _manifest_of(build: Path) -> Path:
    inside = build / m.FILE_NAME
    return inside if inside.is_file() else manifest_folder(build.parent) / m.FILE_NAME


def _keep_manifest(manifest: Path, release: Path) -> None:
    folder = manifest_folder(release)
    folder.mkdir(mode=0o700)
    target = folder / m.FILE_NAME
    target.touch(mode=0o600)
    shutil.copyfile(manifest, target)


def _link(old: Path, target: Path) -> None:
    """Link to an unchanged file of the current release, or copy it if links are not supported."""
    try:
        os.link(old, target)
    except OSError:
        shutil.copyfile(old, target)


def _lay(source: Path, target: Path, entry: dict[str, Any], *, is_page: bool) -> None:
    if source.is_symlink() or not source.is_file():
        raise PublishError(f"{source}: is not a file, but the manifest lists it. Build again.")
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != entry["sha256"] and is_page:
        data = page_head.remove(data)  # from a release that is restored
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise PublishError(f"{source}: has changed since the manifest was written. Build again.")
    target.write_bytes(page_head.add(data) if is_page else data)


def _explain(error: OSError | PublishError) -> str:
    if isinstance(error, PublishError):
        return str(error)
    if error.errno == errno.ENOSPC:
        return data_folder.disk_full(settings.BOOKBINDER_DATA_DIR)
    return _("The files cannot be written: %(error)s.") % {"error": error}


def move_into_place(staged: Staged) -> None:
    """Rename a staged folder to the name of its release. No row refers to it yet."""
    staged.folder.rename(releases_folder(staged.project) / staged.release)


def is_live(staged: Iterable[Staged]) -> bool | None:
    """Return whether the staged files have release rows; None if the database is unavailable."""
    try:
        connection.close_if_unusable_or_obsolete()
        return any(
            Release.objects.filter(project=files.project, folder=files.release).exists()
            for files in staged
        )
    except DatabaseError:
        return None


def drop(staged: Iterable[Staged]) -> None:
    """Remove staged files that will not be published."""
    for files in staged:
        shutil.rmtree(files.folder, ignore_errors=True)
        shutil.rmtree(releases_folder(files.project) / files.release, ignore_errors=True)


def clean() -> None:
    """Remove folders without a release row, left by killed syncs. The caller must hold the lock."""
    root = releases_folder("")
    known = _known()
    for folder in root.glob("*/*"):
        if (folder.parent.name, folder.name) not in known:
            shutil.rmtree(folder, ignore_errors=True)


def _known() -> set[tuple[str, str]]:
    with transaction.atomic() if connection.vendor == "postgresql" else nullcontext():
        if connection.vendor == "postgresql":
            # The database may still be committing a killed sync, although its lock is free.
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {Release._meta.db_table} IN SHARE MODE")
        return set(Release.objects.values_list("project", "folder"))


def prune(project: str) -> None:
    """Remove a project's oldest releases, but never a current one.

    The setting `BOOKBINDER_KEEP_RELEASES` says how many are kept.
    """
    rows = Release.objects.filter(project=project).order_by("-pk")
    old = list(rows.values_list("pk", "folder")[settings.BOOKBINDER_KEEP_RELEASES :])
    for pk, folder in old:
        deleted, _rows = Release.objects.filter(pk=pk, books=None).delete()
        if deleted:
            shutil.rmtree(releases_folder(project) / folder, ignore_errors=True)
