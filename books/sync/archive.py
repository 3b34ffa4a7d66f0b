"""Writes the user data that a sync deletes to a file that `manage.py loaddata` restores.

The file names questions by project, book, page and label, so that it can be loaded after the page
has come back with another primary key.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from books import data_folder
from books.sync.follower import registered_followers
from books.sync.plan import Plan

PARTIAL = ".partial"


class _ExactEncoder(DjangoJSONEncoder):
    """Writes microseconds, which Django's encoder drops, so that the rows come back unchanged."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def write(plan: Plan) -> Path:
    """Write all user data that the plan deletes; return the file, which other users cannot read.

    It gets its name when it is complete, so a killed sync leaves nothing that looks like one.
    """
    path = data_folder.private(data_folder.ARCHIVES) / f"{timezone.now():%Y%m%d-%H%M%S-%f}.json"
    partial = path.with_suffix(PARTIAL)
    rows = (
        row
        for follower in registered_followers()
        for queryset in follower.going(plan)
        for row in queryset.iterator(chunk_size=2_000)
    )
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
    """Delete an archive of rows that were not deleted after all."""
    if path is not None:
        path.unlink(missing_ok=True)


def clean() -> None:
    """Delete incomplete archives of killed syncs. The caller must hold the lock."""
    for partial in data_folder.path(data_folder.ARCHIVES).glob(f"*{PARTIAL}"):
        drop(partial)
