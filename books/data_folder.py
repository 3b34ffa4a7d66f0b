"""The folders in BOOKBINDER_DATA_DIR, by name."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

RELEASES = "releases"  # published files
PREVIEWS = "previews"
EDITIONS = "editions"  # builds that came in through the admin
ARCHIVES = "archives"  # user data that syncs have deleted
SCRATCH = "scratch"  # builds under way
SYNC_LOCK = "sync.lock"


def path(name: str) -> Path:
    return Path(settings.BOOKBINDER_DATA_DIR) / name


def private(name: str) -> Path:
    """Create the folder `name` if need be, close it to other users of the machine, and return it.

    It holds what students must not see: builds with their answer key, or what students gave.
    """
    folder = path(name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)  # created by an older version
    return folder


def disk_full(where: str | Path) -> str:
    """Return the text for a sync that found no room on the disk of `where`."""
    text = _("The disk is full (%(path)s). Nothing was changed: make room, then sync again.")
    return text % {"path": where}
