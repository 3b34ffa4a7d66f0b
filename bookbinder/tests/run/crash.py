"""Kills real syncs at random moments while a student uses the site (`make crash`).

CRASHES is the number of kills (200 by default). CRASH_SEED repeats the random choices of a run.
"""

import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PUPILS = 12
IN_START_UP = 0.1  # the share of the kills that come before the sync has the lock
FULL_SYNC_EVERY = 8  # kills


class Rounds:
    """Runs syncs from the live edition to the other one; each is killed or runs to its end."""

    def __init__(self, folder: Path, seed: int) -> None:
        from bookbinder.tests.support import ledger, two_editions

        self.folder, self.chance = folder, random.Random(seed)
        self.editions = two_editions.make(folder / "books")
        self.ledger = ledger.Ledger(self.editions)
        self.found: Counter[str] = Counter()
        self.replanned = 0
        self.left: Counter[str] = Counter()
        self.waits: list[float] = []
        self.failures: list[str] = []
        self.number = 0

    def prepare(self) -> None:
        """Publish the old edition, add answers, and measure how long an undisturbed sync takes."""
        from bookbinder.tests.support import agreement, classroom

        assert self.start(self.editions[0]).wait() == 0
        classroom.fill(self.ledger, self.chance, PUPILS)
        self.current = agreement.which(self.editions)
        spans = [self.whole_round() for _i in range(5)]
        self.start_up = min(first for first, _whole in spans)
        self.duration = statistics.median(whole for _first, whole in spans)

    def start(self, edition: Any) -> subprocess.Popen[str]:
        """Start a sync to `edition` in a child process, with its output in the file `said`."""
        options = ("--noinput", "--regrade", "--delete-user-data")
        self.said = self.folder / "said.txt"
        # PostgreSQL continues for a moment after a kill: `wait_for_database` uses this name.
        environment = os.environ | {"PGAPPNAME": f"sync{self.number}"}
        with self.said.open("w") as said:
            return subprocess.Popen(
                [sys.executable, "manage.py", "sphinx_sync", *edition.folders, *options],
                cwd=ROOT, env=environment, stdout=said, stderr=said, text=True,
            )  # fmt: skip

    def whole_round(self) -> tuple[float, float]:
        """Let a sync run to its end; return the seconds that it took before and with the lock."""
        from bookbinder.tests.support import agreement
        from books.sync import lock

        def wait(child: subprocess.Popen[str]) -> tuple[float, float]:
            begun = time.monotonic()
            self.wait_for_lock(child)
            locked = time.monotonic()
            child.wait()
            return locked - begun, time.monotonic() - locked

        target, gave_up = self.other(), self.found["that gave up"]
        spans = self.round(target, wait)
        assert self.current == target or self.found["that gave up"] > gave_up
        agreement.check_clean()
        with lock.sync_lock():  # raises LockedError if it is not free
            return spans

    def killed_round(self) -> None:
        """Kill a sync at a random moment, and count which edition is live then."""
        was, target = self.current, self.other()

        def kill(child: subprocess.Popen[str]) -> None:
            if self.chance.random() < IN_START_UP:
                time.sleep(self.chance.uniform(0, self.start_up))
            else:
                self.wait_for_lock(child)
                time.sleep(self.chance.uniform(0, 1.05 * self.duration))
            if child.poll() is not None:
                self.found["that had ended"] += 1
            child.send_signal(signal.SIGKILL)
            child.wait()
            self.note_left()

        self.round(target, kill)
        self.found["old edition" if self.current == was else "new edition"] += 1

    def round(self, target: Any, act: Any) -> Any:
        """Start a sync to `target` while a student uses the site, and check what it leaves.

        `act` takes the child process and makes it end. Return what `act` returns.
        """
        from bookbinder.tests.support import agreement, classroom, ledger

        self.number += 1
        was, before, archives = self.current, ledger.held(), ledger.archives()
        student = classroom.Student(
            self.ledger,
            self.newcomer(),
            self.chance.getrandbits(32),
            was.prompts() - target.prompts(),
        )
        with classroom.answering_meanwhile(student):
            child = self.start(target)
            done = act(child)
            self.wait_for_database()
        self.judge_end(child)
        self.waits += student.waits
        self.failures += student.failures
        live = frozenset([student.enrollment.pk])
        self.current = agreement.which(self.editions)
        self.ledger.check(before, was, self.current, ledger.archives() - archives, live)
        return done

    def judge_end(self, child: subprocess.Popen[str]) -> None:
        """Check that a sync that was not killed has succeeded, or given up for a known reason."""
        said = self.said.read_text()
        self.replanned += said.count("The database has changed meanwhile")
        if child.returncode == 1 and "Questions that would be deleted are being answered" in said:
            self.found["that gave up"] += 1
        else:
            assert child.returncode in (0, -signal.SIGKILL), said

    def note_left(self) -> None:
        """Count what killed syncs left behind, to show that they were killed at all stages."""
        from books.models import Release

        data = Path(os.environ["BOOKBINDER_DATA_DIR"])
        known = set(Release.objects.values_list("folder", flat=True))
        left = {path.name for path in data.glob("releases/*/*")} - known
        staged = sum(name.startswith("staged-") for name in left)
        self.left["half staged"] += staged == 1
        self.left["staged"] += staged > 1
        self.left["settled without rows"] += len(left) > staged
        self.left["half an archive"] += bool(list(data.glob("archives/*.partial")))

    def newcomer(self) -> Any:
        """Return the enrollment of a new student."""
        from conftest import enroll, make_user
        from grading.models import Course

        course = Course.objects.filter(attempts_policy="latest", book__url="main").get()
        return enroll(make_user(f"late{self.number}"), course)

    def other(self) -> Any:
        """Return the edition that is not live."""
        return self.editions[1 - self.editions.index(self.current)]

    def wait_for_lock(self, child: subprocess.Popen[str]) -> None:
        """Wait until a sync has the lock or has ended."""
        lock = Path(os.environ["BOOKBINDER_DATA_DIR"]) / "sync.lock"
        while child.poll() is None and not lock.read_text().startswith(f"process {child.pid},"):
            time.sleep(0.0005)

    def wait_for_database(self) -> None:
        """Wait until PostgreSQL has ended the connections of the last sync."""
        from django.db import connection

        if connection.vendor != "postgresql":
            return
        statement = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        with connection.cursor() as cursor:
            while True:
                cursor.execute(statement, [f"sync{self.number}"])
                if cursor.fetchone() == (0,):
                    return
                time.sleep(0.002)

    def states(self) -> Counter[str]:
        """Return how many notes, without replies, are in each state."""
        from annotations.models import Annotation

        return Counter(Annotation.objects.filter(root=None).values_list("state", flat=True))

    def run(self, count: int) -> None:
        """Kill `count` syncs, and let others run to their end in between."""
        for number in range(1, count + 1):
            self.killed_round()
            if number % FULL_SYNC_EVERY == 0 or number == count:
                self.whole_round()
            if number % 20 == 0:
                print(f"{number} of {count}", flush=True)


def main() -> int:
    count = int(os.environ.get("CRASHES", "200"))
    seed = int(os.environ.get("CRASH_SEED", random.randrange(10**6)))
    with tempfile.TemporaryDirectory(prefix="bookbinder-crash-") as name:
        data = Path(name) / "data"
        data.mkdir()
        os.environ |= {
            "SECRET_KEY": "crash", "DEBUG": "1", "CACHE_URL": "locmemcache://",
            "BOOKBINDER_DATA_DIR": str(data), "BOOKBINDER_KEEP_RELEASES": "2",
            "DJANGO_SETTINGS_MODULE": "bookbinder.settings", "ALLOWED_HOSTS": "testserver",
        }  # fmt: skip
        (data / "static").mkdir()
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from bookbinder.tests.support import waiting

        call_command("migrate", verbosity=0)
        print(f"{connection.vendor}: {count} kills, CRASH_SEED={seed}", flush=True)
        rounds = Rounds(Path(name), seed)
        rounds.prepare()
        print(
            f"an undisturbed sync: {rounds.start_up:.2f} s, then {rounds.duration:.2f} s with the lock"
        )
        rounds.run(count)
        large = waiting.measure(Path(name))
    print(summary(connection.vendor, count, rounds))
    print(f"{connection.vendor}: {large}")
    is_late = waiting.is_too_long(large)
    return 1 if rounds.failures or large.failures or is_late else 0


def summary(vendor: str, count: int, rounds: Rounds) -> str:
    """Return the results as text."""

    def told(counts: Counter[str]) -> str:
        return ", ".join(f"{number} {name}" for name, number in counts.items())

    lines = [
        f"{vendor}: {count} kills: {told(rounds.found)}; they left {told(rounds.left)}",
        f"{len(rounds.waits)} answers meanwhile, the longest waited {max(rounds.waits):.2f} s; "
        f"{len(rounds.failures)} failed; {rounds.replanned} plans were made again",
        f"{len(rounds.ledger.noted):,} notes and replies, none lost, each with a place on its words "
        f"or an orphan: {told(rounds.states())}",
    ]
    return "\n".join(lines + rounds.failures[:20])


if __name__ == "__main__":
    sys.exit(main())
