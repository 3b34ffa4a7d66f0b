from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from books.sync import archive


class Command(BaseCommand):
    help = (
        "Bring back the answers in an archive that a sync has written. What cannot be brought back "
        "is listed, and the rest is loaded."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file of var/archives")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = archive.load(options["path"])
        except (OSError, archive.ArchiveError) as error:
            raise CommandError(f"{error}. Nothing was changed.") from error
        for kind, count in sorted(loaded.counts.items()):
            self.stdout.write(f"{kind}: {count} brought back")
        for reason, count in sorted(loaded.left.items()):
            self.stderr.write(f"Not brought back: {count} rows: {reason}")
        if not loaded.counts:
            self.stdout.write("Nothing was brought back.")
