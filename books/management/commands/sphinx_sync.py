"""Brings builds of Sphinx books live: arguments, questions, exit codes; rules are elsewhere."""

import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from bookbinder.sphinx.manifest import ManifestError
from books.sync import lock, publish, run, show
from books.sync.apply import ChangedError
from books.sync.build import BuildError
from books.sync.plan import PlanError
from books.sync.publish import PublishError

NO_PERMISSION = 3
SOMETHING_TO_DO = 4
ERRORS = (
    ManifestError,
    BuildError,
    PlanError,
    PublishError,
    ChangedError,
    lock.LockedError,
    DatabaseError,
    OSError,
)


class Command(BaseCommand):
    help = "Build Sphinx books and bring them live, or bring builds live."
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "paths",
            nargs="*",
            metavar="PATH",
            type=Path,
            help="a Sphinx source folder, or the HTML output folder of a build; "
            "without any, the folders of BOOKBINDER_SOURCES",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="show what would change; exit code 4 if there is something",
        )
        parser.add_argument(
            "--noinput",
            action="store_true",
            help="ask nothing: yes to all but the loss of user data and page ids in the sources",
        )
        parser.add_argument(
            "--delete-user-data",
            action="store_true",
            help="let answers go whose questions are gone; they are archived first",
        )
        parser.add_argument(
            "--back-annotate",
            action="store_true",
            default=None,
            dest="back_annotate",
            help="write page ids into the sources that lack them",
        )
        parser.add_argument("--no-back-annotate", action="store_false", dest="back_annotate")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        paths = options["paths"] or settings.BOOKBINDER_SOURCES
        if not paths:
            raise CommandError("Name a folder to sync, or set BOOKBINDER_SOURCES.")
        try:
            with (
                nullcontext() if options["dry_run"] else lock.hold(),
                tempfile.TemporaryDirectory(prefix="bookbinder-") as scratch,
            ):
                self.sync(
                    [run.read(p.resolve(), Path(scratch, str(n))) for n, p in enumerate(paths)]
                )
        except ERRORS as error:
            raise CommandError(str(error)) from error

    def sync(self, builds: list[run.Build]) -> None:
        for build in builds:
            if build.warnings:
                self.stderr.write(f"Sphinx on {build.source}:\n{build.warnings}")
        prepared = run.prepare(builds, stage=not self.options["dry_run"])
        try:
            while not self.is_agreed(prepared):
                self.say("The database has changed meanwhile. This is the plan now:")
                publish.drop(prepared.staged)
                prepared = run.prepare(builds, stage=True)
        except BaseException:
            publish.drop(prepared.staged)
            raise
        if not prepared.plan.is_empty:
            self.carry_out(prepared)
        self.back_annotate(prepared)
        self.tell_program(prepared)

    def is_agreed(self, prepared: run.Prepared) -> bool:
        """Show the plan and ask; False where the database has changed while we asked."""
        if self.options["format"] == "text":
            self.stdout.write(show.text(prepared.plan, prepared.effects))
        if self.options["dry_run"]:
            self.tell_program(prepared)
            sys.exit(0 if prepared.plan.is_empty else SOMETHING_TO_DO)
        if not prepared.plan.is_empty:
            self.ask_for_all(prepared)
        return not run.is_stale(prepared)

    def carry_out(self, prepared: run.Prepared) -> None:
        path = run.carry_out(prepared)
        if path:
            self.say(f"What went is in {path}. `manage.py loaddata` brings it back.")
        self.say(self.style.SUCCESS("Done: the new edition is live."))

    def tell_program(self, prepared: run.Prepared) -> None:
        """Write the plan as JSON, once, where that was asked for."""
        if self.options["format"] == "json":
            plan = show.as_json(prepared.plan, prepared.effects)
            self.stdout.write(json.dumps(plan, ensure_ascii=False))

    def say(self, text: str) -> None:
        """Tell the operator; on standard error where the output is JSON for a program."""
        (self.stderr if self.options["format"] == "json" else self.stdout).write(text)

    def ask_for_all(self, prepared: run.Prepared) -> None:
        """Ask what must be asked. A no ends the command, and nothing has changed."""
        if prepared.plan.needs_permission_to_delete and not self.options["delete_user_data"]:
            if not self.ask("Delete what is listed above?", flag="--delete-user-data"):
                self.refuse(prepared, "Nothing was changed. To allow it: --delete-user-data.")
        elif not self.options["noinput"] and not self.ask("Bring this live?", flag="--noinput"):
            self.refuse(prepared, "Nothing was changed.")

    def refuse(self, prepared: run.Prepared, text: str) -> None:
        self.tell_program(prepared)
        self.stderr.write(text)
        sys.exit(NO_PERMISSION)

    def ask(self, question: str, flag: str) -> bool:
        if self.options["noinput"]:
            return False
        if sys.stdin is None or not sys.stdin.isatty():
            self.stderr.write(f"{question} No terminal to ask on: taken as no ({flag} says yes).")
            return False
        self.stderr.write(f"{question} [y/N] ", ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def back_annotate(self, prepared: run.Prepared) -> None:
        count = run.lacking_page_ids(prepared)
        wanted = self.options["back_annotate"]
        if not count or wanted is False or (wanted is None and self.options["noinput"]):
            return
        question = f"Write page ids into {count} source files, so that pages can be renamed?"
        if wanted or self.ask(question, flag="--back-annotate"):
            failures = run.write_page_ids(prepared)
            for failure in failures:
                self.stderr.write(failure)
            self.say(f"Page ids written into {count - len(failures)} source files.")
