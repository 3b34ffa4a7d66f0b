"""One sync at a time: a lock on a file, which the system releases when its process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from django.utils.translation import gettext as _

from books import data_folder
from books.errors import BooksError


class LockedError(BooksError):
    """Another sync is running; the message says which process, and since when."""


@contextmanager
def sync_lock() -> Iterator[None]:
    """Hold the lock within a `with` block. Raises LockedError at once if it is taken."""
    with data_folder.path(data_folder.SYNC_LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            text = _("Another sync is running (%(holder)s). Wait for it to end, then try again.")
            holder = file.read().strip() or _("a process that has just begun")
            raise LockedError(text % {"holder": holder}) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {timezone.now():%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield
