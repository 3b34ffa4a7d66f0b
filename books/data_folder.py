"""The folders in BOOKBINDER_DATA_DIR, by name."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

RELEASES = "releases"  # published files
PREVIEWS = "previews"
EDITIONS = "editions"  # builds that were uploaded or made in the admin
ARCHIVES = "archives"  # user data deleted by syncs
SCRATCH = "scratch"  # builds in progress
SYNC_LOCK = "sync.lock"
PERIODIC_LOCK = "periodic.lock"


def path(name: str) -> Path:
    """Return the path of the file or folder with this name. It may be missing."""
    return Path(settings.BOOKBINDER_DATA_DIR) / name


def private(name: str) -> Path:
    """Return the folder `name`. It is created if missing, and closed to other users.

    It contains what students must not see: builds with their answer keys, or data of users.
    """
    folder = path(name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)  # created by an older version
    return folder


def disk_full(where: str | Path) -> str:
    """Return the error message for a full disk; `where` is a path on it."""
    text = _("The disk is full (%(path)s). Nothing was changed: make room, then sync again.")
    return text % {"path": where}
