"""Kills real regrades, and their undoing, at random moments (`make crash`): all or nothing.

REGRADE_CRASHES is the number of kills (50 by default). With an argument, this is the child process:
`regrade` regrades the course, `undo` takes the newest regrade away.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STUDENTS, QUESTIONS = 20, 50
READY = "ready"


def fill() -> None:
    """Create a course whose answers are all worth more by now."""
    from django.db import transaction

    from books.models import Feedback
    from conftest import enroll, make_book, make_course, make_feedback, make_page, make_question
    from conftest import make_user as make_person
    from grading import scores
    from grading.models import Attempt

    page = make_page(make_book())
    course = make_course(page.book)
    questions = [make_question(page, f"q{n}", index=n) for n in range(QUESTIONS)]
    replies = [make_feedback(question, "4", points=1) for question in questions]
    students = [enroll(make_person(f"s{n}"), course) for n in range(STUDENTS)]
    make_person("root", type="admin")
    Attempt.objects.bulk_create(
        Attempt(enrollment=student, question=reply.question, string="4", points=1, feedback=reply)
        for student in students
        for reply in replies
    )
    Feedback.objects.update(points=2)
    with transaction.atomic():
        scores.refresh([one.pk for one in students], [one.pk for one in questions])


def act(what: str) -> None:
    """Regrade the course, or undo its newest regrade; say when that begins."""
    from accounts.models import User
    from grading.models import Course, Regrade
    from grading.regrade import regrade, regrades

    course, root = Course.objects.get(), User.objects.get(type="admin")
    if what == "regrade":
        plan = regrade.compute(regrade.of_course(course), course=course)
        print(READY, flush=True)
        assert regrades.run(plan, course, "Worth more.", root) is not None
    else:
        layer = Regrade.objects.active().latest("pk")
        print(READY, flush=True)
        regrades.undo(layer, root)


def start(what: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bookbinder.tests.run.crash_regrades", what]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline().strip() == READY
    return child


def state() -> str:
    """Return which points all answers have; they must agree with what is kept."""
    from grading.models import Answer, Course, Regrade, RegradedAttempt
    from grading.scores import check

    assert not list(check.differences(Course.objects.get(), fix=False))
    points = set(Answer.objects.values_list("points", flat=True))
    assert len(points) == 1, f"some answers are regraded, and others not: {points}"
    layers = Regrade.objects.active().count()
    held = RegradedAttempt.objects.filter(regrade__undone_at=None).count()
    assert held == layers * STUDENTS * QUESTIONS
    return "regraded" if points == {2} else "as before"


def wait_for_database() -> None:
    """Wait until PostgreSQL has ended the transaction of the process that was killed."""
    from django.db import connection

    statement = (
        "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle'"
        " AND pid <> pg_backend_pid() AND datname = current_database()"
    )
    while connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement)
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.002)


def run(count: int, chance: random.Random) -> Counter[str]:
    """Kill `count` regrades and undoings in turn; return how many left which state."""
    found: Counter[str] = Counter()
    spans = {}
    for what in ("regrade", "undo"):
        child = start(what)
        begun = time.monotonic()
        assert child.wait() == 0
        spans[what] = time.monotonic() - begun
    for _number in range(count):
        before = state()
        what = "regrade" if before == "as before" else "undo"
        child = start(what)
        time.sleep(chance.uniform(0, 0.9 * spans[what]))
        child.send_signal(signal.SIGKILL)
        child.wait()
        wait_for_database()
        is_done = state() != before
        found[f"{what}, {'done' if is_done else 'not begun'}"] += 1
    return found


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="bookbinder-crash-") as data:
        os.environ.setdefault("BOOKBINDER_DATA_DIR", data)
        os.environ |= {
            "SECRET_KEY": "crash",
            "DEBUG": "1",
            "CACHE_URL": "locmemcache://",
            "DJANGO_SETTINGS_MODULE": "bookbinder.settings",
        }
        import django

        django.setup()
        if len(sys.argv) > 1:
            act(sys.argv[1])
            return 0
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        fill()
        count = int(os.environ.get("REGRADE_CRASHES", "50"))
        found = run(count, random.Random(os.environ.get("CRASH_SEED")))
        told = ", ".join(f"{number} {name}" for name, number in sorted(found.items()))
        print(f"{connection.vendor}: {count} regrades and undoings killed: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
