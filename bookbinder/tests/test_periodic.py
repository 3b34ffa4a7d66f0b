"""What runs by itself: what is due, once, and whatever happens to the other jobs."""

import os
import smtplib
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from accounts import letters, limits
from accounts import mail as our_mail
from accounts.models import TryCount, UnsentLetter
from billing import stripe_client
from billing.models import Payment
from bookbinder.models import JobRun
from bookbinder.site import periodic
from bookbinder.tests.support.builds import ROOT
from bookbinder.tests.support.stripe import start
from bookbinder.tests.support.syncing import database_url
from books import data_folder
from books.editions import process
from books.models import Edition
from conftest import make_user
from grading.models import Enrollment, Invitation

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def folder(data_dir):
    return data_dir


def job(name="one", work=lambda: "done", interval=DAY):
    return periodic.Job(name, interval, work)


def at(monkeypatch, **span):
    now = timezone.now() + timedelta(**span)
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.mark.django_db
def test_a_job_runs_when_its_interval_has_passed_and_once_for_all_that_was_missed(monkeypatch):
    done = []
    jobs = [job(work=lambda: done.append(1) or "done")]
    assert [run.message for run in periodic.run_due(jobs)] == ["done"]
    assert periodic.run_due(jobs) == []
    at(monkeypatch, hours=23)
    assert periodic.run_due(jobs) == []
    at(monkeypatch, days=9)
    assert len(periodic.run_due(jobs)) == 1
    assert periodic.run_due(jobs) == []
    assert len(done) == 2
    row = JobRun.objects.get()
    assert (row.job, row.failed, row.message) == ("one", False, "done")
    assert row.ended_at is not None


@pytest.mark.django_db
def test_a_clock_that_was_set_back_stops_no_job(monkeypatch):
    periodic.run_due([job()])
    at(monkeypatch, days=-400)
    assert len(periodic.run_due([job()])) == 1


@pytest.mark.django_db
def test_a_job_that_fails_stops_no_other_and_is_due_again(monkeypatch):
    jobs = [job("bad", lambda: 1 / 0), job("good")]
    bad, good = periodic.run_due(jobs)
    assert (bad.failed, bad.message) == (True, "ZeroDivisionError: division by zero")
    assert (good.failed, good.message) == (False, "done")
    assert periodic.run_due(jobs) == []
    at(monkeypatch, days=2)
    assert len(periodic.run_due(jobs)) == 2


@pytest.mark.django_db
def test_one_process_at_a_time_and_the_lock_dies_with_it(data_dir):
    hold = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'a'); "
        "fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", hold, data_dir / data_folder.PERIODIC_LOCK]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(periodic.AlreadyRunning):
            periodic.run_due([job()])
        with pytest.raises(CommandError, match="already running") as refused:
            call_command("periodic")
        assert refused.value.returncode == 3
        assert not JobRun.objects.exists()
        other.kill()
    assert len(periodic.run_due([job()])) == 1


def said(*arguments) -> str:
    out = StringIO()
    call_command("periodic", *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_runs_what_is_due_and_says_how_it_went(monkeypatch):
    assert "has never run" in said("--list")
    lines = said().splitlines()
    assert [line.partition(":")[0] for line in lines] == [one.name for one in periodic.JOBS]
    assert said() == ""
    assert said("--job", "sessions").startswith("sessions: ")
    assert said("--list").count("went well") == len(periodic.JOBS)
    monkeypatch.setattr(limits, "forget_expired", lambda: 1 / 0)
    with pytest.raises(CommandError, match="Not every job went well"):
        said("--job", "counts of tries")
    assert "failed" in said("--list")


@pytest.mark.django_db(transaction=True)
def test_the_command_that_repeats_ends_with_the_process_that_started_it(data_dir):
    environment = os.environ | {
        "DATABASE_URL": database_url(), "BOOKBINDER_DATA_DIR": str(data_dir), "SECRET_KEY": "x",
    }  # fmt: skip
    # A shell that starts it, and ends once it has run.
    script = '"$0" manage.py periodic --every 1 & echo $!; read line'
    with subprocess.Popen(
        ["/bin/sh", "-c", script, sys.executable], cwd=ROOT, env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as shell:  # fmt: skip
        pid = int(shell.stdout.readline())
        until = time.monotonic() + 60
        while JobRun.objects.filter(ended_at=None).exists() or not JobRun.objects.exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        shell.stdin.close()
        while Path(f"/proc/{pid}/stat").exists() and time.monotonic() < until:
            time.sleep(0.1)
    assert not Path(f"/proc/{pid}/stat").exists()


@pytest.mark.django_db
def test_the_command_that_repeats_outlives_a_database_that_is_away(monkeypatch, capsys):
    looked = []

    def look():
        looked.append(1)
        raise OperationalError("no connection")

    def sleep(seconds):
        if len(looked) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(periodic, "run_due", look)
    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        call_command("periodic", "--every", "1")
    assert capsys.readouterr().err.count("no connection") == 2


@pytest.mark.django_db(transaction=True)
def test_seats_and_payments_that_have_expired_are_ended(paid_course, peer, monkeypatch):
    paid_course.seat_limit = 3
    paid_course.save()
    for number in range(2):
        start(make_user(f"slow{number}"), paid_course)
    assert periodic.run("seats").message == "0 ended"
    for session in peer.account.sessions.values():
        session["status"] = "expired"
    at(monkeypatch, minutes=36)
    assert periodic.run("seats").message == "2 ended"
    assert set(Payment.objects.values_list("status", flat=True)) == {"expired"}
    assert not Enrollment.objects.filter(status="reserved").exists()


@pytest.mark.django_db(transaction=True)
def test_where_stripe_does_not_answer_the_job_goes_on(paid_course, peer, monkeypatch):
    start(make_user("slow"), paid_course)
    at(monkeypatch, minutes=36)

    def lose(*args):
        raise stripe_client.StripeProblem("no connection")

    monkeypatch.setattr(stripe_client, "retrieve", lose)
    run = periodic.run("seats")
    assert (run.failed, run.message) == (False, "0 ended, 1 not read from Stripe")


@pytest.mark.django_db
def test_letters_that_failed_are_sent_again(course, monkeypatch):
    invitation = Invitation.objects.create(course=course, email="una@example.org")
    Invitation.objects.update(created_at=timezone.now() - timedelta(hours=1))

    def fail(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected("down")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
        message = our_mail.compose("email/note_reply.txt", "sam@example.org", {"note": None})
        message.extra_headers["List-Unsubscribe"] = "<x>"
        assert letters.send(message) is False
        assert periodic.run("letters").message == "0 sent"
    assert UnsentLetter.objects.get().tries == 1
    assert periodic.run("letters").message == "2 sent"
    assert [one.to for one in mail.outbox] == [["sam@example.org"], ["una@example.org"]]
    assert mail.outbox[0].extra_headers == {"List-Unsubscribe": "<x>"}
    assert mail.outbox[0].body == message.body and mail.outbox[0].alternatives
    assert not UnsentLetter.objects.exists()
    invitation.refresh_from_db()
    assert invitation.mailed_at is not None


@pytest.mark.django_db
def test_a_letter_that_is_no_news_is_not_sent():
    old = timezone.now() - timedelta(days=4)
    UnsentLetter.objects.create(to="a@example.org", subject="s", body="b", created_at=old)
    assert periodic.run("letters").message == "0 sent"
    assert not UnsentLetter.objects.exists() and not mail.outbox


@pytest.mark.django_db
def test_old_files_sessions_and_counts_go(eve, data_dir, monkeypatch):
    editions = [
        Edition.objects.create(folder=name, created_by=eve) for name in ("a" * 32, "b" * 32)
    ]
    for edition in editions:
        process._make_folder(edition)
    Edition.objects.filter(pk=editions[0].pk).update(touched_at=timezone.now() - timedelta(days=15))
    assert periodic.run("previews and uploads").message == "0 previews and 1 editions deleted"
    assert [process.folder_of(one).exists() for one in editions] == [False, True]
    past, future = timezone.now() - DAY, timezone.now() + DAY
    for key, expires in (("old", past), ("new", future)):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
        TryCount.objects.create(key=key, number=1, expires_at=expires)
    periodic.run("sessions")
    assert [one.session_key for one in Session.objects.all()] == ["new"]
    assert periodic.run("counts of tries").message == "1 deleted"
    assert [one.key for one in TryCount.objects.all()] == ["new"]
