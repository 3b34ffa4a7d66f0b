"""Exports edits made in the admin as a patch for the sources. See `books.editing.export`."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookbinder.sphinx.manifest import ManifestError
from books.editing.export import Export, ExportError, Refused, build_of, export
from books.editing.unwritten import EditsError
from books.models import Book
from books.sources.build import BuildError
from books.sync.planning.make_plan import PlanError

ERRORS = (ManifestError, BuildError, PlanError, ExportError, EditsError, OSError)


class Command(BaseCommand):
    help = "Write what was edited in the admin as a patch for the book's sources."
    requires_migrations_checks = True
    requires_system_checks = ()  # they would load every URL pattern

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "book",
            metavar="PROJECT[/BOOK_URL]",
            help="a project, or one of its books",
        )
        parser.add_argument(
            "--source",
            type=Path,
            metavar="FOLDER",
            help="the project's Sphinx source folder; without it, the one among the folders of "
            "BOOKBINDER_SOURCES",
        )

    def handle(self, *, book: str, source: Path | None, **options: Any) -> None:
        project, slash, url = book.partition("/")
        chosen = {"project": project, "url": url} if slash else {"project": project}
        if not Book.objects.filter(**chosen).exists():
            raise CommandError(f"There is no book {book}. The admin lists projects and urls.")
        folders = [source] if source else settings.BOOKBINDER_SOURCES
        try:
            with tempfile.TemporaryDirectory(prefix="bookbinder-") as scratch:
                found = build_of(project, [folder.resolve() for folder in folders], Path(scratch))
                self.report(export(*found, url if slash else None))
        except ERRORS as error:
            raise CommandError(str(error)) from error

    def report(self, done: Export) -> None:
        """Write the patch, and nothing else, to standard output, and the rest to standard error.

        Raises CommandError if none of the edits could be written.
        """
        self.stdout.write(done.patch, ending="")
        for refused in done.refused:
            self.stderr.write(by_hand(refused))
        if done.patch:
            count = len(done.written)
            self.stderr.write(
                f"{count} {'edit' if count == 1 else 'edits'} written. "
                "Apply them in the source folder with: git apply FILE"
            )
        elif done.refused:
            raise CommandError("None of the edits could be written: see above.")
        else:
            self.stderr.write("Nothing to export: the sources say what the admin says.")


def by_hand(refused: Refused) -> str:
    """Return the message about an edit that has to be made by hand."""
    edit = refused.edit
    new = "\n".join(f"    {line}" for line in edit.new.splitlines())
    return f"To be made by hand, {edit.place}: {edit.what} ({refused.why})\n{new}"
