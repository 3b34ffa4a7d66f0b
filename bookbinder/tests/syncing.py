"""Runs `sphinx_sync` as an operator does."""

from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command


def sync(*arguments) -> tuple[int, str, str]:
    """Return the exit code, the output and the messages of a sync."""
    out, err = StringIO(), StringIO()
    try:
        call_command("sphinx_sync", *map(str, arguments), stdout=out, stderr=err)
        code = 0
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, out.getvalue(), err.getvalue()


def change(source: Path, page: str, old: str, new: str) -> None:
    path = source / page
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
