"""The demo: people to try Book Binder as, on this machine alone."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from accounts.models import User
from annotations.models import Annotation
from bookbinder.demo import __main__ as demo_main
from bookbinder.demo import notes, people
from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync
from grading import gradebook
from grading.models import Answer, Course, Enrollment


@pytest.fixture
def demo(built, monkeypatch, transactional_db):
    assert sync(built, "--noinput")[0] == 0
    monkeypatch.setattr(people, "PROJECT", "tiny-book")
    monkeypatch.setattr(people, "STUDENTS", people.STUDENTS[:4])
    return people.make()


@pytest.mark.sphinx
def test_there_is_one_of_each_kind_with_a_password_of_their_own(demo):
    assert [one.kind for one in demo] == ["student", "instructor", "author", "admin"]
    assert len({one.password for one in demo}) == 4
    for one in demo:
        assert User.objects.get(email=one.email).check_password(one.password)


@pytest.mark.sphinx
def test_each_can_do_their_job(demo, client):
    course = Course.objects.get()
    by_kind = {one.kind: User.objects.get(email=one.email) for one in demo}
    assert by_kind["student"].has_perm("books.view_page", course.book.pages.first())
    assert by_kind["instructor"].has_perm("grading.export_gradebook", course)
    assert by_kind["author"].has_perm("books.change_book", course.book)
    assert by_kind["admin"].is_superuser
    student = demo[0]
    form = client.get(people.sign_in_path(student)).content.decode()
    assert f'value="{student.email}"' in form
    assert client.get(people.join_path()).status_code == 200
    client.post("/accounts/login/", {"login": student.email, "password": student.password})
    assert "Sam Student" in client.get("/").content.decode()


@pytest.mark.sphinx
def test_students_have_answered_and_a_second_run_changes_nothing(demo):
    answers = sorted(Answer.objects.values_list())
    assert len(answers) > 4
    sam = Enrollment.objects.get(user__email=demo[0].email)
    assert sam.answers.exists() and sam.last_page is not None
    assert len(gradebook.rows(Course.objects.get())) == 3 + 4 + 1
    assert people.make() == demo
    assert sorted(Answer.objects.values_list()) == answers
    assert Enrollment.objects.count() == 5


@pytest.mark.sphinx
def test_the_book_has_notes_of_each_audience(built, monkeypatch, transactional_db):
    assert sync(built, "--noinput")[0] == 0
    numbers = "numbers"
    own = [replace(one, url=numbers, words="Numbers") for one in notes.NOTES]
    monkeypatch.setattr(notes, "NOTES", own)
    monkeypatch.setattr(people, "PROJECT", "tiny-book")
    monkeypatch.setattr(people, "STUDENTS", people.STUDENTS[:1])
    people.make()
    audiences = set(Annotation.objects.values_list("audience", flat=True))
    assert audiences == set(Annotation.Audience.values)
    assert Annotation.objects.exclude(root=None).get().body.startswith("No: it is")


def test_the_guide_has_the_words_that_the_demo_has_notes_on():
    for one in notes.NOTES:
        text = (builds.ROOT / "docs" / f"{one.url}.rst").read_text()
        assert one.words in " ".join(text.split())


def test_there_are_thirty_students():
    assert len(set(people.STUDENTS)) == 30


@pytest.mark.parametrize(
    "setting",
    [{"ALLOWED_HOSTS": "books.example.org"}, {"BOOKBINDER_SITE_URL": "https://books.example.org"}],
)
def test_no_demo_account_is_made_on_a_real_site(tmp_path, setting):
    environment = os.environ | {"BOOKBINDER_DATA_DIR": str(tmp_path), "DEBUG": "0"} | setting
    done = subprocess.run(
        [sys.executable, "-m", "bookbinder.demo"],
        cwd=builds.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "No demo accounts are made here" in done.stderr
    assert "books.example.org" in done.stderr
    assert not (tmp_path / "db.sqlite3").exists()


@pytest.fixture
def no_processes(monkeypatch):
    """What would be started, instead of starting it."""
    started = []
    monkeypatch.setattr(
        demo_main.subprocess, "Popen", lambda command, **options: started.append(command)
    )
    for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE", "DEMO_PAYMENTS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("BOOKBINDER_SITE_URL", "http://127.0.0.1:8000")
    return started


def test_without_the_setting_no_stand_in_for_stripe_is_started(no_processes):
    demo_main.pretend_payments(8000)
    assert not no_processes and not os.environ["STRIPE_SECRET_KEY"]


def test_with_the_setting_it_is_started_with_keys_that_are_drawn(no_processes, monkeypatch):
    monkeypatch.setenv("DEMO_PAYMENTS", "1")
    demo_main.pretend_payments(8000)
    ((*_python, port, webhook),) = no_processes
    assert (port, webhook) == ("8001", "http://127.0.0.1:8000/billing/webhook/")
    assert os.environ["STRIPE_API_BASE"] == "http://127.0.0.1:8001"
    assert os.environ["STRIPE_SECRET_KEY"].startswith("sk_test_")


def test_it_never_stands_in_where_there_is_a_real_key(no_processes, monkeypatch):
    monkeypatch.setenv("DEMO_PAYMENTS", "1")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_x")
    with pytest.raises(SystemExit, match="unset one of them"):
        demo_main.pretend_payments(8000)
    assert not no_processes


@pytest.mark.sphinx
def test_the_paid_course_is_made_once(demo):
    path = people.make_paid_course()
    assert people.make_paid_course() == path
    assert Course.objects.get(name=people.PAID_COURSE).amount == 2490
