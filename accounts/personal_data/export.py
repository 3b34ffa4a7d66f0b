"""The data of a person as JSON, and as a ZIP archive with files to read."""

import json
import zipfile
from collections.abc import Iterator
from typing import IO

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts.models import User
from accounts.personal_data import table

JSON_FILE = "data.json"


def write_zip(user: User, file: IO[bytes]) -> None:
    """Write a ZIP archive with everything as JSON, and with the files that the apps add."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = zipfile.ZipInfo(JSON_FILE, timezone.localtime().timetuple()[:6])
        listed.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(listed, "w", force_zip64=True) as member:
            for piece in as_json(user):
                member.write(piece.encode())
        for name, write in table.files().items():
            contents = write(user)
            if contents:
                archive.writestr(name, contents)


def as_json(user: User) -> Iterator[str]:
    """Yield the pieces of a JSON document with all that the site keeps of a person.

    It maps the name of each model, such as `grading.attempt`, to a list of objects. The rows are
    read and written a few at a time.
    """
    head = {"site": settings.BOOKBINDER_SITE_URL, "written_at": timezone.now()}
    yield _json(head)[:-1] + ', "data": {'
    exported = [entry for entry in table.entries() if entry.is_exported]
    for number, entry in enumerate(exported):
        yield f"{',' if number else ''}\n{json.dumps(entry.model._meta.label_lower)}: ["
        for at, record in enumerate(entry.records_of(user)):
            yield f"{',' if at else ''}\n {_json(record)}"
        yield "]"
    yield "\n}}\n"


def _json(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
