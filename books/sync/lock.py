"""One sync at a time: a lock that dies with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.utils import timezone


class LockedError(Exception):
    """Another sync is running; the text says which, and since when."""


@contextmanager
def hold() -> Iterator[None]:
    """Hold the lock. Raises LockedError at once where another process has it."""
    path: Path = settings.BOOKBINDER_DATA_DIR / "sync.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "a process that has just begun"
            raise LockedError(
                f"Another sync is running ({holder}). Wait for it to end, then try again."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {timezone.now():%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield
