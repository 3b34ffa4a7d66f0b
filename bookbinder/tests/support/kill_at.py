"""Runs syncs that kill themselves at a named point, so that none of their code runs afterwards.

    python -m bookbinder.tests.support.kill_at

reads orders, each a line of JSON. It replies to each with the process id of the sync and the number
of the signal that ended or stopped it, or 0. Django is loaded only once; each sync is a process of
its own.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEFORE, AFTER = "before", "after"
# Point -> a function, whether the point is before or after a call of it, and which call.
POINTS = {
    "the lock is taken": ("books.sync.pipeline.read", BEFORE, 1),
    "half is staged": ("books.releases.folders._lay", AFTER, 20),
    "all is staged": ("books.releases.folders.stage", AFTER, 2),
    "nothing is archived": ("books.sync.archive.write", BEFORE, 1),
    "half is archived": ("json.dump", AFTER, 3),
    "all is archived": ("books.sync.archive.write", AFTER, 1),
    "one of two is settled": ("books.releases.folders.move_into_place", AFTER, 1),
    "rows are written": ("books.sync.apply._write_content", AFTER, 1),
    "answers are regraded": ("grading.regrade.regrade.write", AFTER, 1),
    "some notes have their place": ("annotations.following.rows._write_moved", AFTER, 1),
    "all notes have their place": ("annotations.following.rows.write", AFTER, 1),
}
LIVE = {  # points after the commit
    "all is committed": ("books.sync.pipeline.apply", AFTER, 1),
    "half is pruned": ("os.unlink", BEFORE, 10),
}
SOURCES = {"a second source is written": ("os.replace", BEFORE, 2)}


def place(path: str) -> tuple[Any, str]:
    """Return the module and the name in a dotted path."""
    module, _dot, name = path.rpartition(".")
    return importlib.import_module(module), name


def end_at(point: str, how: int) -> None:
    """Make this process send itself the signal `how` when it reaches the point."""
    path, side, number = (POINTS | LIVE | SOURCES)[point]
    module, name = place(path)
    function: Callable[..., Any] = getattr(module, name)
    calls = 0

    def end() -> None:
        if calls == number:
            os.kill(os.getpid(), how)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if side == BEFORE:
            end()
        result = function(*arguments, **options)
        if side == AFTER:
            end()
        return result

    setattr(module, name, wrapped)


def two_transactions() -> None:
    """A fault: the book's rows are committed before the answers are regraded."""
    from django.db import connection

    apply: Any = importlib.import_module("books.sync.apply")
    write_content = apply._write_content

    def write_and_commit(*arguments: Any) -> Any:
        pks = write_content(*arguments)
        connection.connection.commit()
        return pks

    apply._write_content = write_and_commit


def settled_late() -> None:
    """A fault: the rows are committed before the files that they point to are in place."""
    folders: Any = importlib.import_module("books.releases.folders")
    folders.move_into_place = lambda staged: None


def notes_by_themselves() -> None:
    """A fault: the edition is live before the notes have their new places."""
    from django.db import connection

    follower: Any = importlib.import_module(
        "annotations.following.sync_follower"
    ).AnnotationsFollower
    follow = follower.follow

    def commit_and_follow(*arguments: Any) -> None:
        connection.connection.commit()
        follow(*arguments)

    follower.follow = commit_and_follow


FAULTS = {
    "two transactions": two_transactions,
    "settled late": settled_late,
    "notes by themselves": notes_by_themselves,
}


def sync(order: dict[str, Any]) -> None:
    """Run a sync in this process as ordered, with a fault and up to a point."""
    from django.conf import settings
    from django.core.management import call_command

    settings.BOOKBINDER_DATA_DIR = Path(order["data"])
    settings.BOOKBINDER_KEEP_RELEASES = 1
    if order["fault"]:
        FAULTS[order["fault"]]()
    end_at(order["point"], order["how"])
    call_command("sphinx_sync", *order["arguments"], stdout=sys.stderr, stderr=sys.stderr)


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                sync(json.loads(line))
            finally:
                os._exit(0)
        _pid, status = os.waitpid(child, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        how = os.WSTOPSIG(status) if stopped else os.WTERMSIG(status) if status else 0
        print(json.dumps([child, how]), flush=True)
        if stopped:
            # It keeps its locks until the next line is read.
            sys.stdin.readline()
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            print(json.dumps([child, signal.SIGKILL]), flush=True)


if __name__ == "__main__":
    main()
