"""What runs by itself: the table of jobs, and the run of those that are due.

To add a job, write a function that does its work and returns what it has done, in a few words, and
add it to `JOBS`. It must be harmless to run it twice, or after a part of it has failed.
"""

import fcntl
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from accounts import letters, limits
from accounts.personal_data import erasure
from billing import reconcile, stripe_client
from bookbinder.models import JobRun
from bookbinder.site import waiting_letters
from books import data_folder
from books.editions import process
from books.releases import previews
from grading import invitations

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another process runs the periodic jobs."""


@dataclass(frozen=True)
class Job:
    """Work that is due when `interval` has passed since it last began."""

    name: str
    interval: timedelta
    run: Callable[[], str]


def _end_reservations() -> str:
    ended, unread = reconcile.end_old()
    return f"{ended} ended" + (f", {unread} not read from Stripe" if unread else "")


def _compare_payments() -> str:
    if not stripe_client.is_set_up():
        return "payment is not set up"
    found = list(reconcile.reconcile(timezone.now() - timedelta(days=7)))
    unread = [one for one in found if isinstance(one, str)]
    if unread:
        raise RuntimeError(f"{len(unread)} not read, the first: {unread[0]}")
    return f"{len(found)} corrected"


def _send_letters() -> str:
    sent = letters.send_again() + invitations.send_unsent()
    return f"{sent} sent"


def _tell_of_waiting() -> str:
    return f"{waiting_letters.send_all()} sent"


def _forget_files() -> str:
    return f"{previews.forget_old()} previews and {process.forget_old()} editions deleted"


def _forget_sessions() -> str:
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return "those that have expired are deleted"


def _delete_accounts() -> str:
    erased, empty = erasure.erase_due(), erasure.forget_nameless()
    return f"{erased} deleted, and {empty} of which nothing was left"


def _forget_counts() -> str:
    return f"{limits.forget_expired()} deleted"


JOBS = (
    Job("seats", timedelta(minutes=5), _end_reservations),
    Job("letters", timedelta(minutes=10), _send_letters),
    Job("counts of tries", timedelta(hours=1), _forget_counts),
    Job("previews and uploads", timedelta(hours=6), _forget_files),
    Job("accounts", timedelta(hours=1), _delete_accounts),
    Job("daily letters", timedelta(days=1), _tell_of_waiting),
    Job("sessions", timedelta(days=1), _forget_sessions),
    Job("payments", timedelta(days=1), _compare_payments),
)


def run_due(jobs: Iterable[Job] = JOBS) -> list[JobRun]:
    """Run the jobs that are due, and return how each went.

    A job that was due several times, because nothing ran for a while, runs once. One that fails
    does not stop the others, and is due again after its interval. Raises AlreadyRunning.
    """
    with _lock():
        return [_run(job) for job in jobs if _is_due(job, timezone.now())]


def run(name: str) -> JobRun:
    """Run one job now, due or not. Raises AlreadyRunning, and KeyError if there is no such job."""
    job = {job.name: job for job in JOBS}[name]
    with _lock():
        return _run(job)


def _is_due(job: Job, now: datetime) -> bool:
    last = JobRun.objects.filter(job=job.name).values_list("started_at", flat=True).first()
    # A clock that was set back must not stop a job for long.
    return last is None or last > now or now - last >= job.interval


def _run(job: Job) -> JobRun:
    begun = {"started_at": timezone.now(), "ended_at": None, "failed": False, "message": ""}
    row, _is_new = JobRun.objects.update_or_create(job=job.name, defaults=begun)
    try:
        row.message = job.run()
    except Exception as error:
        log.exception("The periodic job %s has failed", job.name)
        row.failed, row.message = True, f"{type(error).__name__}: {error}"
    row.ended_at = timezone.now()
    row.save()
    return row


@contextmanager
def _lock() -> Iterator[None]:
    """Hold a lock that the system releases when this process ends. Raises AlreadyRunning."""
    with data_folder.path(data_folder.PERIODIC_LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        yield
