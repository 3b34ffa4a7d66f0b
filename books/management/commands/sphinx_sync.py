"""Brings builds of Sphinx books live: arguments, questions, exit codes; rules are elsewhere."""

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
from books.sync import lock, pipeline
from books.sync.apply import ChangedError
from books.sync.plan import Options
from books.sync.report import as_json
from books.sync.report import text as report

NO_PERMISSION = 3
SOMETHING_TO_DO = 4
INTERRUPTED = 130  # as shells say it
TRIES = 20  # to carry out a plan that the database has left behind


class Command(BaseCommand):
    help = "Build Sphinx books and bring them live, or bring builds live."
    requires_migrations_checks = True
    requires_system_checks = ()  # they load every url

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
        is_named = options["paths"] or options["release"] is not None
        if not (is_named or settings.BOOKBINDER_SOURCES):
            raise CommandError("Name a folder to sync, or set BOOKBINDER_SOURCES.")
        self.wishes = Options(
            prefer=options["prefer"],
            regrade=options["regrade"],
            each=progress_bars.shown_on(self.stderr, is_wanted=options["format"] == "text"),
        )
        self.is_live = False
        is_alone = options["dry_run"] or options["preview"]
        try:
            with (
                nullcontext() if is_alone else lock.hold(),
                tempfile.TemporaryDirectory(
                    prefix="bookbinder-", dir=None if is_alone else pipeline.scratch()
                ) as scratch,
            ):
                self.sync(self.builds(Path(scratch)))
        except KeyboardInterrupt:
            state = "the new edition is live" if self.is_live else "nothing was changed"
            raise CommandError(f"Interrupted: {state}.", returncode=INTERRUPTED) from None
        except pipeline.ERRORS as error:
            what = f"The new edition is live, but then: {error}" if self.is_live else None
            raise CommandError(what or pipeline.explain(error)) from error

    def builds(self, scratch: Path) -> list[pipeline.Build]:
        if self.options["release"] is not None:
            return [pipeline.read_release(self.options["release"])]
        paths = self.options["paths"] or settings.BOOKBINDER_SOURCES
        return [
            pipeline.read(path.resolve(), scratch / str(number), self.wishes.each)
            for number, path in enumerate(paths)
        ]

    def sync(self, builds: list[pipeline.Build]) -> None:
        for build in builds:
            if build.warnings:
                self.stderr.write(f"Sphinx on {build.source}:\n{build.warnings}")
        for _try in range(TRIES):
            prepared = self.prepare(builds)
            if self.is_done(prepared):
                break
            self.say("The database has changed meanwhile. This is the plan now:")
        else:
            raise ChangedError(
                "Questions that would go are being answered all the time. Nothing was changed: "
                "sync again at a quieter hour, or switch them off in their courses."
            )
        self.back_annotate(prepared)
        self.tell_program(prepared)

    def is_done(self, prepared: pipeline.Prepared) -> bool:
        """Ask, then carry out; False where the database has changed before that was done."""
        try:
            is_agreed = self.is_agreed(prepared)
        except BaseException:
            folders.drop(prepared.staged)
            raise
        if not is_agreed:
            folders.drop(prepared.staged)
            return False
        try:
            if not prepared.is_nothing:
                self.carry_out(prepared)
        except ChangedError:
            return False
        return True

    def prepare(self, builds: list[pipeline.Build]) -> pipeline.Prepared:
        stage = not (self.options["dry_run"] or self.options["preview"])
        return pipeline.prepare(builds, stage=stage, options=self.wishes)

    def is_agreed(self, prepared: pipeline.Prepared) -> bool:
        """Show the plan and ask; False where the database has changed while we asked."""
        if self.options["format"] == "text":
            self.show(prepared)
        if self.options["preview"]:
            self.preview(prepared)
        if self.options["dry_run"] or self.options["preview"]:
            self.tell_program(prepared)
            is_all = prepared.is_nothing or self.options["preview"]
            sys.exit(0 if is_all else SOMETHING_TO_DO)
        if self.options["back_annotate"]:
            pipeline.check_sources(prepared)
        if not prepared.is_nothing:
            self.ask_for_all(prepared)
        return not pipeline.is_stale(prepared)

    def show(self, prepared: pipeline.Prepared) -> None:
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

    def preview(self, prepared: pipeline.Prepared) -> None:
        for build in prepared.builds:
            path = previews.lay(build.manifest, build.folder, self.wishes.each)
            where = settings.BOOKBINDER_SITE_URL or "on this site, "
            self.say(f"To read before it is live: {where}{path}")
        self.say("Authors of the book and admins may open it, for a day or until the next sync.")

    def carry_out(self, prepared: pipeline.Prepared) -> None:
        path = pipeline.carry_out(prepared, operator=operator())
        self.is_live = True
        if path:
            self.say(f"What went is in {path}. `manage.py loaddata` brings it back.")
        self.say(self.style.SUCCESS("Done: the new edition is live."))

    def tell_program(self, prepared: pipeline.Prepared) -> None:
        """Write the plan as JSON, once, where that was asked for."""
        if self.options["format"] == "json":
            plan = as_json.of(prepared.plan, prepared.effects)
            self.stdout.write(json.dumps(plan, ensure_ascii=False))

    def say(self, text: str) -> None:
        """Tell the operator; on standard error where the output is JSON for a program."""
        (self.stderr if self.options["format"] == "json" else self.stdout).write(text)

    def ask_for_all(self, prepared: pipeline.Prepared) -> None:
        """Ask what must be asked. A no ends the command, and nothing has changed."""
        if prepared.plan.needs_permission_to_delete and not self.options["delete_user_data"]:
            if not self.ask("Delete what is listed above?", flag="--delete-user-data"):
                self.refuse(prepared, "Nothing was changed. To allow it: --delete-user-data.")
        elif not self.options["noinput"] and not self.ask("Bring this live?", flag="--noinput"):
            self.refuse(prepared, "Nothing was changed.")

    def refuse(self, prepared: pipeline.Prepared, text: str) -> None:
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

    def back_annotate(self, prepared: pipeline.Prepared) -> None:
        count = pipeline.lacking_page_ids(prepared)
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
    """Return who runs the command; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def add_what(parser: ArgumentParser) -> None:
    """What is done, and with which build."""
    parser.add_argument(
        "--release",
        type=int,
        metavar="N",
        help="bring release N back (`manage.py releases` lists them)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="show what would change; exit code 4 if there is something",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        help="lay the edition down at a private address for the book's authors; nothing goes live",
    )
    parser.add_argument(
        "--prefer",
        choices=("source", "admin"),
        help="which text is shown where the source and the admin have both changed it; "
        "without it the admin's, and the conflict is kept for a person to decide",
    )
    parser.add_argument(
        "--regrade",
        action="store_true",
        help="give all answers the points that the feedback now gives",
    )


def add_answers(parser: ArgumentParser) -> None:
    """What is said beforehand to the questions that the command asks."""
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
