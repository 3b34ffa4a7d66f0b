"""Moves the manifest of each release, which is its answer key, out of sight of other users.

It stood beside the release's files, where the web server's user could read it.
"""

from pathlib import Path

from django.conf import settings
from django.db import migrations

FILE_NAME = "bookbinder.json"


def _releases():
    return (Path(settings.BOOKBINDER_DATA_DIR) / "releases").glob("*/*/")


def hide(apps, schema_editor):
    for release in _releases():
        manifest = release / FILE_NAME
        if manifest.is_file():
            manifest.chmod(0o600)
            (release / "private").mkdir(mode=0o700, exist_ok=True)
            manifest.rename(release / "private" / FILE_NAME)


def show(apps, schema_editor):
    for release in _releases():
        manifest = release / "private" / FILE_NAME
        if manifest.is_file():
            manifest.rename(release / FILE_NAME)


class Migration(migrations.Migration):
    dependencies = [("books", "0003_release_source")]
    operations = [migrations.RunPython(hide, show)]
