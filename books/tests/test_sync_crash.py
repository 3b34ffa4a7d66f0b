"""A sync that is killed, or that the disk or the database fails: one whole edition, nothing lost.

`make crash` kills at random instants; here at named points, where it matters most.
"""

import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading

import pytest
from django.core import serializers
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from annotations import writing
from annotations.models import Annotation
from bookbinder.tests.support import (
    agreement,
    builds,
    classroom,
    kill_at,
    ledger,
    noting,
    two_editions,
)
from bookbinder.tests.support.syncing import change, sync
from books.models import Book, Release
from books.releases import folders
from books.sync import archive, pipeline, snapshot
from books.sync.apply import apply
from grading.regrade import regrade

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]
YES = ("--noinput", "--regrade", "--delete-user-data")


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    return two_editions.make(tmp_path_factory.mktemp("editions"))


@pytest.fixture
def book(editions):
    """The old edition, live and answered; what was acknowledged."""
    assert sync(*editions[0].folders, "--noinput")[0] == 0
    kept = ledger.Ledger(editions)
    classroom.fill(kept, random.Random(1), 2)
    return kept


class Killer:
    """Starts syncs that end themselves at a named point."""

    def __init__(self) -> None:
        name = connection.settings_dict["NAME"]
        url = os.environ.get("DATABASE_URL", "sqlite:").rpartition("/")[0]
        where = f"{url}/{name}" if connection.vendor == "postgresql" else f"sqlite:///{name}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bookbinder.tests.support.kill_at"],
            cwd=builds.ROOT,
            env=os.environ | {"DATABASE_URL": where, "PGAPPNAME": "killed"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, point, data, *arguments, fault="", how=signal.SIGKILL) -> int:
        """Return the process that came to the point and ended there."""
        order = {"point": point, "data": str(data), "fault": fault, "how": int(how)}
        pid, ended = self.say(json.dumps(order | {"arguments": [*map(str, arguments)]}))
        assert ended == how, f"the sync did not come to where {point}"
        return pid

    def say(self, line: str) -> list[int]:
        orders, replies = self.process.stdin, self.process.stdout
        assert orders and replies
        orders.write(f"{line}\n")
        orders.flush()
        return json.loads(replies.readline())

    def end(self) -> None:
        # At the end of the orders it ends by itself.
        self.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def killer(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        one = Killer()
    yield one
    one.end()


def wait_for_database() -> None:
    """Wait until PostgreSQL has noticed that the one who asked is dead."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for _try in range(1000):
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'killed'"
                )
                if cursor.fetchone() == (0,):
                    return
                cursor.execute("SELECT pg_sleep(0.01)")


def test_killed_at_each_point(killer, editions, book, data_dir):
    was, target = editions
    for point in (*kill_at.POINTS, *kill_at.LIVE):
        classroom.answer_some(book, random.Random(2), was.prompts() - target.prompts())
        before, archives = ledger.held(), ledger.archives()
        killer(point, data_dir, *target.folders, *YES)
        wait_for_database()
        now = agreement.which(editions)
        assert now == (target if point in kill_at.LIVE else was), point
        made = ledger.archives() - archives
        book.check(before, was, now, made)
        # The next sync brings it to its end, and leaves nothing of what the first began.
        before, archives = ledger.held(), ledger.archives()
        code, out, err = sync(*target.folders, *YES)
        assert code == 0, out + err
        assert agreement.which(editions) == target, point
        book.check(before, now, target, ledger.archives() - archives)
        agreement.check_clean()
        was, target = target, was


def test_a_killed_sync_leaves_nothing_even_where_the_next_has_nothing_to_do(
    killer, editions, book, data_dir
):
    killer("one of two is settled", data_dir, *editions[1].folders, *YES)
    code, out, _err = sync(editions[0].folders[1], "--noinput")
    assert (code, "Nothing to do" in out) == (0, True)
    agreement.check_clean()


def test_killed_while_it_writes_page_ids(killer, source, data_dir):
    for name in ("index", "cities"):
        assert "page-id" not in (source / f"{name}.rst").read_text()
    killer(*kill_at.SOURCES, data_dir, source, "--noinput", "--back-annotate")
    assert len(list(source.glob(".bookbinder-*.tmp"))) == 1
    assert sum("page-id" in path.read_text() for path in source.glob("*.rst")) == 2
    code, out, err = sync(source, "--noinput", "--back-annotate")
    assert (code, err) == (0, "")
    assert "Page ids written into 1 source files" in out
    assert not list(source.glob(".bookbinder-*"))
    assert not list((data_dir / "scratch").iterdir())


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        ("rows are written", "two transactions"),
        ("all is committed", "settled late"),
        ("some notes have their place", "notes by themselves"),
    ],
)
def test_the_checks_notice_half_an_edition(point, fault, killer, editions, book, data_dir):
    before = ledger.held()
    killer(point, data_dir, *editions[1].folders, *YES, fault=fault)
    wait_for_database()
    with pytest.raises(AssertionError):
        book.check(before, editions[0], agreement.which(editions), ledger.archives())


def test_the_checks_notice_a_lost_answer(editions, book):
    ledger.Attempt.objects.first().delete()
    with pytest.raises(AssertionError):
        book.check_nothing_lost(ledger.held(), editions[0])


def test_the_checks_notice_a_lost_note_and_one_on_other_words(editions, book):
    before = ledger.held()
    with transaction.atomic():
        Annotation.objects.exclude(root=None).first().delete()
        with pytest.raises(AssertionError, match="a note is lost"):
            book.check(before, editions[0], editions[0], set())
        transaction.set_rollback(True)
    note = Annotation.objects.filter(root=None).first()
    Annotation.objects.filter(pk=note.pk).update(start=note.start + 1, end=note.end + 1)
    with pytest.raises(AssertionError, match="not on its words"):
        book.check(ledger.held(), editions[0], editions[0], set())


def test_a_second_sync_at_once_is_told_who_has_the_lock(killer, editions, book, data_dir):
    pid = killer("all is staged", data_dir, *editions[1].folders, *YES, how=signal.SIGSTOP)
    code, _out, err = sync(*editions[1].folders, *YES)
    assert code == 1
    assert f"Another sync is running (process {pid}, since 20" in err
    killer.say("")
    assert sync(*editions[1].folders, *YES)[0] == 0
    assert agreement.which(editions) == editions[1]
    agreement.check_clean()


def failing(error):
    """Return a function that fails, whatever it is called with."""

    def fail(*arguments, **options):
        raise error

    return fail


FULL = OSError(errno.ENOSPC, "No space left on device")


def write_half(kind, rows, stream, **options):
    stream.write("[{")
    raise FULL


def refused(editions) -> str:
    """A sync that fails changes nothing at all; return what it says."""
    before, archives = ledger.held(), ledger.archives()
    code, _out, err = sync(*editions[1].folders, *YES)
    connection.close()  # it may be lost
    assert code == 1, err
    assert agreement.which(editions) == editions[0]
    assert ledger.held() == before
    assert ledger.archives() == archives
    agreement.check_clean()
    return err


def test_a_full_disk(editions, book, monkeypatch):
    places = [
        (folders, "_lay", failing(FULL)),
        (serializers, "serialize", write_half),
        (folders, "move_into_place", failing(FULL)),
    ]
    for where, name, fails in places:
        with monkeypatch.context() as patched:
            patched.setattr(where, name, fails)
            err = refused(editions)
        assert "The disk is full" in err and "None" not in err
        assert "make room" in err


def lose_connection(*arguments, **options):
    """Have the server end our connection, in the middle of what is done."""
    if connection.vendor != "postgresql":
        raise OperationalError("disk I/O error")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_a_lost_connection(editions, book, monkeypatch):
    for where, name in ((snapshot, "take"), (regrade, "write"), (pipeline, "is_stale")):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, lose_connection)
            err = refused(editions)
        assert "The database could not be used: " in err
        assert "Nothing was changed: sync again" in err


def apply_then_fail(*arguments, **options):
    apply(*arguments, **options)
    raise OperationalError("the connection was lost in the commit")


def test_a_connection_lost_once_all_was_committed(editions, book, monkeypatch):
    monkeypatch.setattr(pipeline, "apply", apply_then_fail)
    code, out, err = sync(*editions[1].folders, *YES)
    assert code == 0, err
    assert "the new edition is live" in out
    assert agreement.which(editions) == editions[1]


def test_a_database_that_stays_away_is_not_said_to_be_unchanged(editions, book, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "apply", apply_then_fail)
        patched.setattr(folders, "is_live", lambda staged: None)
        code, _out, err = sync(*editions[1].folders, *YES)
    assert code == 1
    assert "Either all of it is live or nothing" in err
    # What may be live stays where it is.
    assert agreement.which(editions) == editions[1]
    assert len(ledger.archives()) == 1


def test_what_fails_after_the_commit_is_left_to_the_next_sync(editions, book, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(folders, "prune", failing(OperationalError("gone away")))
        assert sync(*editions[1].folders, *YES)[0] == 0
    assert agreement.which(editions) == editions[1]


def test_a_failure_once_it_is_live_is_not_said_to_have_changed_nothing(live, source, monkeypatch):
    change(source, "cities.rst", "until 1812", "until about 1812")
    monkeypatch.setattr(pipeline, "write_page_ids", failing(FULL))
    code, _out, err = sync(source, "--noinput", "--back-annotate")
    assert (code, Release.objects.count()) == (1, 2)
    assert "The new edition is live, but then: " in err and "Nothing was changed" not in err


def test_sources_that_cannot_be_written_to(live, source, monkeypatch):
    (release,) = Release.objects.all()
    monkeypatch.setattr("os.access", lambda *arguments, **options: False)
    change(source, "cities.rst", "until 1812", "until about 1812")
    code, _out, err = sync(source, "--noinput", "--back-annotate")
    assert code == 1
    assert "its folder cannot be written to. Nothing was changed: make it writable" in err
    assert Book.objects.get().release == release
    agreement.check_clean()


def test_answers_to_questions_that_stay_hold_nothing_up(editions, book, monkeypatch):
    """A class answers all the time: each answer would make the plan stale for ever."""
    kept = book.acknowledged

    def answer_first(prepared):
        classroom.answer_some(book, random.Random(2), editions[1].prompts())
        return is_stale(prepared)

    is_stale = pipeline.is_stale
    monkeypatch.setattr(pipeline, "is_stale", answer_first)
    count, before = len(kept), ledger.held()
    code, out, _err = sync(*editions[1].folders, *YES)
    assert (code, "changed meanwhile" in out) == (0, False)
    assert len(kept) > count
    # What was given meanwhile has the new edition's keys and points too.
    book.check(before, *editions, ledger.archives(), live=range(10**6))


def test_an_answer_to_a_question_that_goes_is_shown_before_it_goes(editions, book, monkeypatch):
    archive_for_real = archive.write
    gone = editions[0].prompts() - editions[1].prompts()

    def answer_late(plan):
        path = archive_for_real(plan)
        monkeypatch.setattr(archive, "write", archive_for_real)
        classroom.answer_some(book, random.Random(2), gone)
        return path

    monkeypatch.setattr(archive, "write", answer_late)
    before = ledger.held()
    code, out, _err = sync(*editions[1].folders, *YES)
    assert code == 0
    assert out.count("The database has changed meanwhile. This is the plan now:") == 1
    assert len(ledger.archives()) == 1  # none of what did not go
    book.check(before, *editions, ledger.archives(), live=range(10**6))


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a server's alone")
def test_a_killed_syncs_commit_that_is_still_under_way_is_waited_for(data_dir):
    """PostgreSQL goes on with a commit whose client is dead and whose lock is free."""
    folder = folders.html_folder("late", "r1")
    folder.mkdir(parents=True)
    begun, end = threading.Event(), threading.Event()

    def commit_late() -> None:
        with transaction.atomic():
            Release.objects.create(project="late", folder="r1")
            begun.set()
            end.wait(0.5)
        connection.close()

    other = threading.Thread(target=commit_late)
    other.start()
    begun.wait()
    folders.clean()
    other.join()
    assert folder.is_dir()


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_a_sync_and_who_writes_notes_take_their_locks_in_one_order(editions, book):
    """Else they wait for each other: `make crash` found a sync that took books after questions."""
    with CaptureQueriesContext(connection) as queries:
        assert sync(*editions[1].folders, *YES)[0] == 0
    locking = [one["sql"] for one in queries if re.search("FOR (NO KEY )?UPDATE", one["sql"])]
    assert any('FROM "books_question"' in sql for sql in locking)
    assert not [sql for sql in locking if " JOIN " in sql and " OF " not in sql]
    taken = [re.search('FROM "(\\w+)"', sql)[1] for sql in locking]
    assert taken.index("books_book") < taken.index("books_page")
    note = Annotation.objects.filter(root=None).exclude(page=None).first()
    for work in (lambda: noting.reply(note.user, note.uuid), lambda: writing.delete(note)):
        with CaptureQueriesContext(connection) as queries:
            work()
        locking = [
            one["sql"]
            for one in queries
            if "UPDATE OF" in one["sql"] or one["sql"].endswith("UPDATE")
        ]
        assert 'FROM "books_book"' in locking[0]
