"""Work that no request waits for."""

import subprocess
import sys
from functools import partial
from threading import Thread

from django.conf import settings
from django.db import transaction
from django_tasks import task

from books.models import Edition
from books.sync import editions


@task()
def work_on_edition(pk: int) -> None:
    editions.work(pk)


def begin(edition: Edition) -> None:
    """Have an edition worked on: by the worker, or in a child process where there is none."""
    start = work_on_edition.enqueue if settings.BOOKBINDER_WORKER else _in_child
    transaction.on_commit(partial(start, edition.pk))


def _in_child(pk: int) -> None:
    # In a session of its own: it goes on where the server that began it is restarted.
    process = subprocess.Popen(
        [sys.executable, settings.BASE_DIR / "manage.py", "work_on_edition", str(pk)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    Thread(target=process.wait, daemon=True).start()
