"""Lists what was published: when, by whom, and what changed."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.timezone import localtime

from books.models import Book, Release


class Command(BaseCommand):
    help = "List releases, newest first. `sphinx_sync --release N` brings one back."
    requires_system_checks = ()  # they would load every URL pattern

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", nargs="?", help="list only the releases of this project")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        releases = Release.objects.defer("files", "names").order_by("-pk")
        releases = releases.select_related("created_by")
        if options["project"]:
            releases = releases.filter(project=options["project"])
        current = set(Book.objects.exclude(release=None).values_list("release", flat=True))
        rows = [
            {
                "release": release.pk,
                "project": release.project,
                "published": localtime(release.created_at).isoformat(timespec="seconds"),
                "by": release.made_by,
                "changed": release.summary,
                "is_current": release.pk in current,
            }
            for release in releases
        ]
        if options["format"] == "json":
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            mark = self.style.SUCCESS("*") if row["is_current"] else " "
            by = row["by"] or "somebody unknown"
            self.stdout.write(
                f"{mark} {row['release']:>5}  {row['published']}  {row['project']}  by {by}: "
                f"{row['changed']}"
            )
        if not rows:
            self.stderr.write("Nothing has been published yet.")
