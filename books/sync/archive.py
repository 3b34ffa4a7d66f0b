"""Writes the user data that a sync deletes to a file that `manage.py load_archive` restores.

The file names questions by project, book, page and label, so that it can be loaded after the page
has come back with another primary key.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import ForeignKey, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from books import data_folder
from books.errors import BooksError
from books.sync.follower import registered_followers
from books.sync.plan import Plan

PARTIAL = ".partial"


class ArchiveError(BooksError):
    """The file is no archive."""


@dataclass(frozen=True)
class Loaded:
    """What became of an archive: numbers of rows by kind, and of those left out by reason."""

    counts: Mapping[str, int]
    left: Mapping[str, int]


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


def load(path: Path) -> Loaded:
    """Write the rows of an archive that have a place again, in one transaction.

    Raises ArchiveError if the file is no archive, and OSError if it cannot be read.
    """
    counts: Counter[str] = Counter()
    left: Counter[str] = Counter()
    known: set[tuple[str, Any]] = set()
    restored: list[Model] = []
    with transaction.atomic():
        try:
            rows = _in_this_version(path)
            for row in serializers.deserialize("json", rows, handle_forward_references=True):
                gone = _gone(row.object, known)
                for field in gone:
                    if field.null:  # an answer comes back without a reply that is gone
                        setattr(row.object, field.attname, None)
                reason = _reason_against(row, [field for field in gone if not field.null])
                if reason is None:
                    row.save()
                    restored.append(row.object)
                    counts[str(row.object._meta.verbose_name_plural)] += 1
                else:
                    left[reason] += 1
        except (serializers.base.DeserializationError, ValueError) as error:
            text = _("%(path)s is no archive of deleted answers: %(error)s")
            raise ArchiveError(text % {"path": path, "error": error}) from error
        for follower in registered_followers():
            follower.restored(restored)
    return Loaded(counts, left)


def _in_this_version(path: Path) -> str:
    """Return an archive in JSON, with the rows of an earlier version as this one has them.

    Raises ValueError if it is not the JSON of a list of rows.
    """
    rows = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(_("it is no list of rows"))
    for follower in registered_followers():
        rows = follower.in_this_version(rows)
    return json.dumps(rows)


def _gone(row: Model, known: set[tuple[str, Any]]) -> list[ForeignKey]:
    """Return the foreign keys of a row that lead to nothing.

    `known` are keys that lead to a row; those that are found are added.
    """
    gone = []
    for field in row._meta.concrete_fields:
        key = (field.name, getattr(row, field.attname))
        if not isinstance(field, ForeignKey) or key[1] is None or key in known:
            continue
        if field.related_model._base_manager.filter(pk=key[1]).exists():
            known.add(key)
        else:
            gone.append(field)
    return gone


def _reason_against(row: Any, gone: list[ForeignKey]) -> str | None:
    """Return why a row cannot be brought back, or None if it can.

    `gone` are the foreign keys that it needs and that lead to nothing.
    """
    for field, name in (row.deferred_fields or {}).items():
        if not field.null:
            *path, label = name
            text = _("the question %(name)s is not in the book")
            return text % {"name": f"{'/'.join(path)}#{label}"}
    if gone:
        text = _("what they belong to is gone (%(what)s)")
        return text % {"what": gone[0].verbose_name}
    try:
        row.object.validate_unique()
    except ValidationError:
        return _("they are there already, or have been given again")
    return None


def drop(path: Path | None) -> None:
    """Delete an archive of rows that were not deleted after all."""
    if path is not None:
        path.unlink(missing_ok=True)


def clean() -> None:
    """Delete incomplete archives of killed syncs. The caller must hold the lock."""
    for partial in data_folder.path(data_folder.ARCHIVES).glob(f"*{PARTIAL}"):
        drop(partial)
