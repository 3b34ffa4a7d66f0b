"""Writes the user data that a sync deletes to a file that `manage.py loaddata` brings back.

Questions are named in it by project, book, page and label, so that it can be loaded once the
page is back under a new primary key.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from books import data_folder
from books.sync.follower import Follower, registered_followers
from books.sync.plan import Plan

FOLDER = "archives"
PARTIAL = ".partial"


class _ExactEncoder(DjangoJSONEncoder):
    """Keeps microseconds, which Django's own drops: what comes back is what went."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def write(plan: Plan) -> Path:
    """Write all rows of people's that the plan takes; return the file, readable by us alone.

    It has its name once it is whole: what a killed sync leaves cannot be taken for an archive.
    """
    path = data_folder.private(FOLDER) / f"{timezone.now():%Y%m%d-%H%M%S-%f}.json"
    partial = path.with_suffix(PARTIAL)
    rows = (row for follower in registered_followers() for row in _going(follower, plan))
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            serializers.serialize(
                "json", rows, stream=file, use_natural_foreign_keys=True, cls=_ExactEncoder
            )
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        drop(partial)
        raise
    return path


def drop(path: Path | None) -> None:
    """Take away an archive of what has not gone."""
    if path is not None:
        path.unlink(missing_ok=True)


def clean() -> None:
    """Take away what killed syncs left half written. Needs the lock."""
    for partial in (Path(settings.BOOKBINDER_DATA_DIR) / FOLDER).glob(f"*{PARTIAL}"):
        drop(partial)


def _going(follower: Follower, plan: Plan) -> Any:
    for rows in follower.going(plan):
        yield from rows.iterator(chunk_size=2_000)
