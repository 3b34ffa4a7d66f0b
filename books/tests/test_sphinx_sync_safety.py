"""Whatever happens during a sync: the old edition whole, or the new one."""

import os

import pytest

from bookbinder.tests.support.syncing import answered, change, everything, sync
from books.models import Book, Page, Question
from books.releases import folders
from books.sync import lock, pipeline
from books.sync.apply import ChangedError, apply
from conftest import make_override
from grading.models import Answer

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]


def test_an_answer_in_the_last_moment_stops_what_would_delete_it(live, source, monkeypatch):
    (source / "cities.rst").write_text("Cities\n======\n")
    prepared = pipeline.prepare([pipeline.read(source, source.parent / "scratch")], stage=True)
    answered()
    with pytest.raises(ChangedError, match="sync again"):
        pipeline.publish(prepared)
    assert Answer.objects.count() == 1
    assert Question.objects.filter(label="capital").exists()


def test_an_edit_in_the_last_moment_is_not_written_over(live, source):
    change(source, "cities.rst", "Cities\n======", "Towns\n=====")
    prepared = pipeline.prepare([pipeline.read(source, source.parent / "scratch")], stage=True)
    Page.objects.filter(url="cities").update(title="By hand")
    with pytest.raises(ChangedError, match="edited meanwhile"):
        pipeline.publish(prepared)
    page = Page.objects.get(url="cities")
    assert (page.title, page.source_title) == ("By hand", "Cities")


def test_a_grade_by_hand_in_the_last_moment_is_archived_or_stops_it(live, source, monkeypatch):
    answer = answered()
    (source / "cities.rst").write_text("Cities\n======\n")
    prepared = pipeline.prepare([pipeline.read(source, source.parent / "scratch")], stage=True)
    resolve = folders.move_into_place

    def grade_and_move(staged):
        make_override(answer, 1)
        resolve(staged)

    monkeypatch.setattr(folders, "move_into_place", grade_and_move)
    with pytest.raises(ChangedError):
        pipeline.publish(prepared)
    assert Answer.objects.get().points == 1


def test_an_interrupt_after_the_commit_leaves_the_live_files(live, source, monkeypatch):
    change(source, "cities.rst", "until 1812", "until about 1812")
    prepared = pipeline.prepare([pipeline.read(source, source.parent / "scratch")], stage=True)

    def apply_and_stop(*arguments, **options):
        apply(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "apply", apply_and_stop)
    with pytest.raises(KeyboardInterrupt):
        pipeline.publish(prepared)
    assert folders.html_folder("tiny-book", Book.objects.get().release.folder).is_dir()


def test_a_changed_key_of_no_choice_leaves_what_students_wrote(live, source):
    change(
        source, "numbers.rst", ".. feedback:: because\n", ".. feedback:: because\n      :key: x\n"
    )
    assert sync(source, "--noinput")[0] == 0
    answer = answered("why", string="x")
    change(source, "numbers.rst", ":key: x", ":key: y")
    assert sync(source, "--noinput")[0] == 0
    answer.refresh_from_db()
    assert answer.string == "x"


def test_without_hard_links_files_are_copied(live, source, monkeypatch):
    def refuse(*paths):
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    change(source, "cities.rst", "until 1812", "until about 1812")
    assert sync(source, "--noinput")[0] == 0


def test_a_failure_in_the_transaction_changes_nothing(live, source, monkeypatch, data_dir):
    before = everything()
    change(source, "cities.rst", "until 1812", "until about 1812")

    def fail(*args, **kwargs):
        raise folders.PublishError("the power went")

    monkeypatch.setattr("books.sync.apply._write_content", fail)
    code, _out, err = sync(source, "--noinput")
    assert (code, "the power went" in err) == (1, True)
    assert everything() == before
    assert len(list((data_dir / "releases/tiny-book").iterdir())) == 1


def test_what_a_killed_sync_left_is_cleaned_by_the_next(live, source, data_dir):
    left = data_dir / "releases/tiny-book/staged-20200101-000000-abcdef"
    left.mkdir()
    change(source, "cities.rst", "until 1812", "until about 1812")
    assert sync(source, "--noinput")[0] == 0
    assert not left.exists()


def test_two_syncs_at_once_the_second_says_who_holds_the_lock(built):
    with lock.sync_lock():
        code, _out, err = sync(built, "--noinput")
    assert code == 1
    assert f"Another sync is running (process {os.getpid()}, since 20" in err
    assert sync(built, "--noinput")[0] == 0


def test_what_changes_between_plan_and_yes_is_noticed(live, source, monkeypatch):
    change(source, "cities.rst", "until 1812", "until about 1812")
    stale = iter([True, False])
    monkeypatch.setattr(pipeline, "is_stale", lambda prepared: next(stale))
    code, out, _err = sync(source, "--noinput")
    assert code == 0
    assert "The database has changed meanwhile" in out
    assert out.count("feedback: 1 changed") == 2


def test_an_edit_in_the_database_makes_a_plan_stale(live, source):
    change(source, "cities.rst", "until 1812", "until about 1812")
    prepared = pipeline.prepare([pipeline.read(source, source.parent / "scratch")], stage=False)
    assert not pipeline.is_stale(prepared)
    answered()
    assert pipeline.is_stale(prepared)


def test_an_interrupt_is_told_and_leaves_nothing(live, source, monkeypatch, data_dir):
    change(source, "cities.rst", "until 1812", "until about 1812")
    before = everything()

    def interrupt(prepared):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "is_stale", interrupt)
    code, _out, err = sync(source, "--noinput")
    assert (code, "Interrupted: nothing was changed." in err) == (130, True)
    assert everything() == before
    assert len(list((data_dir / "releases/tiny-book").iterdir())) == 1
