"""Runs `sphinx_sync` as an operator does."""

import os
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from books.models import Book, Feedback, Page, Question, Release
from conftest import enroll, make_answer, make_course, make_user


def sync(*arguments) -> tuple[int, str, str]:
    """Run a sync; return the exit code, the output and the messages."""
    out, err = StringIO(), StringIO()
    try:
        # A process of its own would begin in the site's language.
        with translation.override(settings.LANGUAGE_CODE):
            call_command("sphinx_sync", *map(str, arguments), stdout=out, stderr=err)
        code = 0
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, out.getvalue(), err.getvalue()


def change(source: Path, page: str, old: str, new: str) -> None:
    """Replace `old` by `new` in a source file, which must contain it."""
    path = source / page
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def answered(label: str = "capital", name: str = "sam", string: str = "x", **over):
    """Create a student's answer to a question of the book, and return it."""
    book = Book.objects.get()
    course = book.courses.first() or make_course(book)
    enrollment = enroll(make_user(name), course)
    question = Question.objects.get(label=label)
    return make_answer(enrollment, question, string, **over)


def everything():
    """Return all rows of content, and the number of releases."""
    return [
        sorted(model.objects.values_list())
        for model in (Book, Page, Question, Feedback)
    ] + [Release.objects.count()]  # fmt: skip


def database_url() -> str:
    """Return the address of the tests' own database, for a child process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
