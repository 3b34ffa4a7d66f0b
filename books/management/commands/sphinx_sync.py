"""Publishes builds of Sphinx books: options, questions and exit codes. See `books.sync`."""

import getpass
import json
import os
import sys
import tempfile
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from books import progress_bars
from books.releases import folders, previews
from books.sync import pipeline
from books.sync.apply import ChangedError
from books.sync.lock import sync_lock
from books.sync.pipeline import Build, Prepared
from books.sync.plan import Options
from books.sync.report import as_json
from books.sync.report import text as report

NO_PERMISSION = 3
SOMETHING_TO_DO = 4
INTERRUPTED = 130  # as shells report it
TRIES = 20  # plans that are made, if the database keeps changing, before giving up


class Command(BaseCommand):
    help = "Build Sphinx books and publish them, or publish builds."
    requires_migrations_checks = True
    requires_system_checks = ()  # they would load every URL pattern

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "paths",
            nargs="*",
            metavar="PATH",
            type=Path,
            help="a Sphinx source folder, or the HTML output folder of a build; "
            "without any, the folders of BOOKBINDER_SOURCES",
        )
        add_what(parser)
        add_answers(parser)
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        if options["release"] is not None and options["paths"]:
            raise CommandError("Give folders or --release, not both.", returncode=2)
        paths = options["paths"] or settings.BOOKBINDER_SOURCES
        if options["release"] is None and not paths:
            raise CommandError("Name a folder to sync, or set BOOKBINDER_SOURCES.")
        self.wishes = Options(
            prefer=options["prefer"],
            regrade=options["regrade"],
            each=progress_bars.shown_on(self.stderr, is_wanted=options["format"] == "text"),
        )
        self.publishes = not (options["dry_run"] or options["preview"])
        self.is_live = False
        try:
            with (
                sync_lock() if self.publishes else nullcontext(),
                tempfile.TemporaryDirectory(
                    prefix="bookbinder-", dir=pipeline.scratch() if self.publishes else None
                ) as scratch,
            ):
                if options["release"] is not None:
                    builds = [pipeline.read_release(options["release"])]
                else:
                    builds = [
                        pipeline.read(path.resolve(), Path(scratch, str(number)), self.wishes.each)
                        for number, path in enumerate(paths)
                    ]
                exit_code = self.sync(builds)
        except KeyboardInterrupt:
            state = "the new edition is live" if self.is_live else "nothing was changed"
            raise CommandError(f"Interrupted: {state}.", returncode=INTERRUPTED) from None
        except pipeline.ERRORS as error:
            if self.is_live:
                raise CommandError(f"The new edition is live, but then: {error}") from error
            raise CommandError(pipeline.explain(error)) from error
        if exit_code:
            sys.exit(exit_code)

    def sync(self, builds: list[Build]) -> int:
        """Plan, show, ask and publish; return the exit code."""
        for build in builds:
            if build.warnings:
                self.stderr.write(f"Sphinx on {build.source}:\n{build.warnings}")
        for _try in range(TRIES):
            prepared = pipeline.prepare(builds, stage=self.publishes, options=self.wishes)
            try:
                self.show(prepared)
                exit_code = self.ask_for_all(prepared) if self.publishes else self.look(prepared)
                is_stale = exit_code is None and pipeline.is_stale(prepared)
            except BaseException:
                folders.drop(prepared.staged)
                raise
            if exit_code is not None:
                folders.drop(prepared.staged)
                return exit_code
            if is_stale:
                folders.drop(prepared.staged)
            elif prepared.is_nothing or self.publish(prepared):
                break
            self.say("The database has changed meanwhile. This is the plan now:")
        else:
            raise ChangedError(
                "Questions that would be deleted are being answered all the time. Nothing was "
                "changed: sync again at a quieter hour, or switch them off in their courses."
            )
        self.back_annotate(prepared)
        self.write_json(prepared)
        return 0

    def show(self, prepared: Prepared) -> None:
        """Write the plan as text, unless JSON was asked for."""
        if self.options["format"] == "json":
            return
        verbose = self.options["verbosity"] > 1
        lines = report.lines(prepared.plan, prepared.effects, verbose=verbose)
        tones = {
            "head": self.style.MIGRATE_HEADING,
            "good": self.style.SUCCESS,
            "warn": self.style.WARNING,
            "bad": self.style.ERROR,
        }
        for line in [*lines, *report.names(prepared.plan, prepared.effects)]:
            self.stdout.write(line.text, tones.get(line.tone))

    def look(self, prepared: Prepared) -> int:
        """Carry out --preview and --dry-run; return the exit code."""
        if self.options["preview"]:
            for build in prepared.builds:
                path = previews.lay(build.manifest, build.folder, self.wishes.each)
                site = settings.BOOKBINDER_SITE_URL or "on this site, "
                self.say(f"Preview: {site}{path}")
            self.say(
                "Authors of the book and admins may open it, for a day or until the next sync."
            )
        self.write_json(prepared)
        if prepared.is_nothing or self.options["preview"]:
            return 0
        return SOMETHING_TO_DO

    def ask_for_all(self, prepared: Prepared) -> int | None:
        """Ask what has to be asked. Return None to go on, or the exit code of a refusal."""
        if self.options["back_annotate"]:
            pipeline.check_sources(prepared)
        if prepared.is_nothing:
            return None
        if prepared.plan.needs_permission_to_delete and not self.options["delete_user_data"]:
            if self.ask("Delete what is listed above?", flag="--delete-user-data"):
                return None
            refusal = "Nothing was changed. To allow it: --delete-user-data."
        elif self.options["noinput"] or self.ask("Publish this?", flag="--noinput"):
            return None
        else:
            refusal = "Nothing was changed."
        self.write_json(prepared)
        self.stderr.write(refusal)
        return NO_PERMISSION

    def publish(self, prepared: Prepared) -> bool:
        """Publish the edition; return False if the database has changed before that was done."""
        try:
            path = pipeline.publish(prepared, operator=operator())
        except ChangedError:
            return False
        self.is_live = True
        if path:
            self.say(f"What was deleted is in {path}. `manage.py load_archive` brings it back.")
        self.say(self.style.SUCCESS("Done: the new edition is live."))
        for line in pipeline.addresses(prepared.plan.projects):
            self.say(line)
        return True

    def write_json(self, prepared: Prepared) -> None:
        """Write the plan as JSON if that was asked for: one object, at the end."""
        if self.options["format"] == "json":
            plan = as_json.of(prepared.plan, prepared.effects)
            self.stdout.write(json.dumps(plan, ensure_ascii=False))

    def say(self, text: str) -> None:
        """Write to the operator: on standard error if the output is JSON for a program."""
        (self.stderr if self.options["format"] == "json" else self.stdout).write(text)

    def ask(self, question: str, flag: str) -> bool:
        """Return whether the operator answers yes; False if nobody can be asked.

        `flag` is the option that answers yes beforehand.
        """
        if self.options["noinput"]:
            return False
        if sys.stdin is None or not sys.stdin.isatty():
            self.stderr.write(f"{question} No terminal to ask on: taken as no ({flag} says yes).")
            return False
        self.stderr.write(f"{question} [y/N] ", ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def back_annotate(self, prepared: Prepared) -> None:
        """Write page ids into the sources that lack them, if that is wanted."""
        count = pipeline.count_missing_page_ids(prepared)
        wanted = self.options["back_annotate"]
        if not count or wanted is False or (wanted is None and self.options["noinput"]):
            return
        question = f"Write page ids into {count} source files, so that pages can be renamed?"
        if wanted or self.ask(question, flag="--back-annotate"):
            failures = pipeline.write_page_ids(prepared)
            for failure in failures:
                self.stderr.write(failure)
            self.say(f"Page ids written into {count - len(failures)} source files.")


def operator() -> str:
    """Return the name of the user who runs the command, or the uid if it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def add_what(parser: ArgumentParser) -> None:
    """Add the options that say what is done, and with which build."""
    parser.add_argument(
        "--release",
        type=int,
        metavar="N",
        help="bring release N back (`manage.py releases` lists them)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show what would change; the exit code is 4 if anything would",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        help="show the edition at a private address to the book's authors; nothing is published",
    )
    parser.add_argument(
        "--prefer",
        choices=("source", "admin"),
        help="which text is shown where the source and the admin have both changed it; "
        "without it the admin's, and the conflict stays open for a person to decide",
    )
    parser.add_argument(
        "--regrade",
        action="store_true",
        help="regrade all answers with the feedback of the new edition",
    )


def add_answers(parser: ArgumentParser) -> None:
    """Add the options that answer the questions of the command beforehand."""
    parser.add_argument(
        "--noinput",
        action="store_true",
        help="ask nothing: yes to all but deleting user data and writing page ids",
    )
    parser.add_argument(
        "--delete-user-data",
        action="store_true",
        help="delete the answers to questions that are gone; they are archived first",
    )
    parser.add_argument(
        "--back-annotate",
        action="store_true",
        default=None,
        dest="back_annotate",
        help="write page ids into the sources that lack them",
    )
    parser.add_argument("--no-back-annotate", action="store_false", dest="back_annotate")
