import os
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from bookbinder.models import JobRun
from bookbinder.site import periodic


class Command(BaseCommand):
    help = "Runs what is due by itself: seats, letters, old files, accounts, sessions, payments."
    requires_system_checks = ()  # the checks would load all URLs

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--list", action="store_true", help="show when each job last ran, and how")
        how.add_argument("--job", choices=[job.name for job in periodic.JOBS], help="run one now")
        how.add_argument("--every", type=int, metavar="SECONDS", help="look again and again")

    def handle(self, **options: Any) -> None:
        if options["list"]:
            self._show()
        elif options["every"] is not None:
            self._repeat(options["every"])
        elif options["job"]:
            self._report([self._locked(lambda: periodic.run(options["job"]))])
        else:
            self._report(self._locked(periodic.run_due))

    def _locked(self, work: Any) -> Any:
        try:
            return work()
        except periodic.AlreadyRunning:
            raise CommandError("The periodic jobs are already running.", returncode=3) from None

    def _report(self, runs: list[JobRun]) -> None:
        """Print what has run; exit with 1 if a job has failed, so that cron sends a letter."""
        for run in runs:
            stream = self.stderr if run.failed else self.stdout
            stream.write(f"{run.job}: {'failed: ' if run.failed else ''}{run.message}")
        if any(run.failed for run in runs):
            raise CommandError("Not every job went well; the log has the details.")

    def _show(self) -> None:
        rows = {row.job: row for row in JobRun.objects.all()}
        for job in periodic.JOBS:
            row = rows.get(job.name)
            went = "has never run"
            if row is not None:
                state = "failed" if row.failed else "went well" if row.ended_at else "has not ended"
                at = timezone.localtime(row.started_at)
                went = f"{state}, {at:%Y-%m-%d %H:%M %Z}: {row.message or '-'}"
            self.stdout.write(f"{job.name} (every {job.interval}): {went}")

    def _repeat(self, seconds: int) -> None:
        """Run what is due until the process that has started this one is gone."""
        if seconds < 1:
            raise CommandError("--every must be at least 1.")
        parent = os.getppid()
        while os.getppid() == parent:
            close_old_connections()  # one that was lost is opened again
            try:
                self._report(self._locked(periodic.run_due))
            except (CommandError, DatabaseError) as error:
                self.stderr.write(str(error))
            time.sleep(seconds)
