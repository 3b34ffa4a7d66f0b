"""Bringing an edition live from the admin: uploaded or built, planned, published by who may."""

import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from bookbinder.tests.support import builds
from bookbinder.tests.support.admin_pages import change_form, changelist, text_of
from bookbinder.tests.support.builds import zipped
from bookbinder.tests.support.editions import ADD, upload
from bookbinder.tests.support.syncing import answered, change, database_url, everything, sync
from books.editions import process
from books.models import Author, Book, Edition, Feedback, Release
from books.sync import lock
from conftest import make_user
from grading.models import Answer

pytestmark = [
    pytest.mark.sphinx,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tasks_at_once"),
]


def decide(client, edition: Edition, **data):
    """Press a button of the page as it is now."""
    data = {"digest": Edition.objects.get(pk=edition.pk).digest} | data
    return client.post(reverse("admin:books_edition_decide", args=(edition.pk,)), data, follow=True)


def test_an_upload_is_planned_and_an_admin_publishes_it(as_user, author, admin, changed):
    before = everything()
    page = text_of(upload(as_user(author), zipped(changed)))
    assert "Waits for approval" in page and "feedback: 1 changed" in page
    assert (
        "An admin of the site can publish this edition." in page
        and "Publish" not in page.split("<form")[2]
    )
    assert everything() == before
    edition = Edition.objects.get()
    assert decide(as_user(author), edition, publish="x").status_code == 403
    page = text_of(decide(as_user(admin), edition, publish="x"))
    assert "The new edition is live." in page
    assert "until about 1812" in Feedback.objects.get(answer="Turku").feedback
    assert Release.objects.first().created_by == admin
    assert not process.folder_of(edition).exists()


def test_an_author_publishes_where_the_operator_trusts_authors(as_user, author, changed, settings):
    settings.BOOKBINDER_AUTHORS_PUBLISH = True
    upload(as_user(author), zipped(changed, top="html/"))
    page = text_of(decide(as_user(author), Edition.objects.get(), publish="x"))
    assert "The new edition is live." in page


def test_nobody_plans_the_book_of_another(as_user, live, other, changed):
    stranger = make_user("eve")
    Author.objects.create(book=other, user=stranger)
    page = text_of(upload(as_user(stranger), zipped(changed)))
    assert "you are not the author of its books" in page and "feedback: 1" not in page
    assert Edition.objects.get().state == "failed"


def test_students_and_instructors_have_no_editions(as_user, author, ines, sam, changed):
    upload(as_user(author), zipped(changed))
    edition = Edition.objects.get()
    assert as_user(ines).get(reverse(ADD)).status_code == 403
    assert as_user(ines).get(change_form(edition)).status_code == 404
    assert as_user(sam).get(reverse(ADD)).status_code == 302
    assert decide(as_user(ines), edition, publish="x").status_code == 404


def test_an_author_sees_their_own_editions_alone(as_user, author, changed, live):
    upload(as_user(author), zipped(changed))
    edition = Edition.objects.get()
    second = make_user("ann")
    Author.objects.create(book=Book.objects.get(), user=second)
    client = as_user(second)
    assert client.get(change_form(edition)).status_code == 404
    assert "0 editions" in text_of(client.get(changelist(Edition)))


def test_data_of_students_goes_only_when_that_is_said(as_user, author, admin, source, tmp_path):
    answered(name="sam")
    (source / "cities.rst").write_text("Cities\n======\n")
    builds.build(source, tmp_path / "next")
    page = text_of(upload(as_user(author), zipped(tmp_path / "next")))
    assert "USER DATA THAT WILL BE DELETED: 1 answers" in page and "sam@example.org" not in page
    edition = Edition.objects.get()
    client = as_user(admin)
    assert "sam@example.org" in text_of(client.get(change_form(edition)))
    page = text_of(decide(client, edition, publish="x"))
    assert "confirm this before you publish" in page and Answer.objects.count() == 1
    page = text_of(decide(client, edition, publish="x", delete_user_data="on"))
    assert (
        "The new edition is live. The deleted data is archived in" in page
        and not Answer.objects.exists()
    )


def test_another_plan_than_was_shown_is_shown_again(as_user, admin, live, changed):
    client = as_user(admin)
    upload(client, zipped(changed))
    Book.objects.update(title="Edited meanwhile")
    before = everything()
    edition = Edition.objects.get()
    page = text_of(decide(client, edition, publish="x"))
    assert "The database has changed meanwhile" in page and "title edited in the admin" in page
    assert everything() == before
    assert "The new edition is live." in text_of(decide(client, edition, publish="x"))


def test_a_yes_is_to_the_plan_that_was_seen(as_user, admin, live, changed):
    client = as_user(admin)
    upload(client, zipped(changed))
    edition = Edition.objects.get()
    page = text_of(decide(client, edition, publish="x", digest="of a plan before"))
    assert "its plan has changed" in page and Release.objects.count() == 1


def test_an_edition_whose_maker_may_no_more_is_planned_by_an_admin(as_user, author, admin, changed):
    upload(as_user(author), zipped(changed))
    edition = Edition.objects.get()
    Author.objects.filter(user=author).delete()
    assert "Waits for approval" in text_of(decide(as_user(admin), edition, again="x"))


def test_other_wishes_are_another_plan(as_user, admin, live, changed):
    client = as_user(admin)
    upload(client, zipped(changed))
    edition = Edition.objects.get()
    assert "Waits for approval" in text_of(decide(client, edition, publish="x", regrade="on"))
    page = text_of(decide(client, edition, publish="x", regrade="on"))
    assert "The new edition is live." in page


def publish_from(source: Path) -> None:
    """Bring a change live from the folder: so it is known whose it is."""
    change(source, "numbers.rst", "Nearly.", "Very nearly.")
    assert sync(source, "--noinput")[0] == 0


def test_a_folder_of_another_book_is_not_built(as_user, author, admin, other, source, settings):
    settings.BOOKBINDER_SOURCES = [source]
    stranger = make_user("eve")
    Author.objects.create(book=other, user=stranger)
    for user in (author, stranger):
        assert str(source) not in text_of(as_user(user).get(reverse(ADD)))
        assert as_user(user).post(reverse(ADD), {"source": str(source)}).status_code == 403
    publish_from(source)
    assert as_user(stranger).post(reverse(ADD), {"source": str(source)}).status_code == 403
    assert str(source) in text_of(as_user(author).get(reverse(ADD)))
    assert str(source) in text_of(as_user(admin).get(reverse(ADD)))


def test_a_source_folder_of_the_operator_is_built(as_user, author, source, settings):
    settings.BOOKBINDER_SOURCES = [source]
    publish_from(source)
    change(source, "cities.rst", "It was, until 1812", "It was, until about 1812")
    client = as_user(author)
    assert str(source) in text_of(client.get(reverse(ADD)))
    page = text_of(client.post(reverse(ADD), {"source": str(source)}, follow=True))
    assert "feedback: 1 changed" in page
    assert client.post(reverse(ADD), {"source": "/etc"}).status_code == 403


def test_a_build_that_fails_says_why(as_user, author, source, settings):
    settings.BOOKBINDER_SOURCES = [source]
    publish_from(source)
    change(source, "numbers.rst", ":grader: regex", ":grader: wrong")
    page = text_of(as_user(author).post(reverse(ADD), {"source": str(source)}, follow=True))
    assert "Not published" in page and "unknown grader" in page
    change(source, "numbers.rst", ":grader: wrong", ":grader: regex")
    page = text_of(decide(as_user(author), Edition.objects.get(), again="x"))
    assert "Nothing to do" in page


def test_files_that_nobody_said_yes_to_go_after_two_weeks(as_user, author, changed):
    upload(as_user(author), zipped(changed))
    first = Edition.objects.get()
    Edition.objects.update(touched_at=first.touched_at - process.KEPT_FOR * 2)
    upload(as_user(author), zipped(changed))
    assert not process.folder_of(first).exists()
    assert "Publish" not in text_of(as_user(author).get(change_form(first)))


def test_while_a_sync_runs_publishing_says_so(as_user, admin, live, changed):
    client = as_user(admin)
    upload(client, zipped(changed))
    edition = Edition.objects.get()
    with lock.sync_lock():
        page = text_of(decide(client, edition, publish="x"))
    assert "Another sync is running" in page
    page = text_of(decide(client, edition, again="x"))
    assert "Waits for approval" in page
    assert "The new edition is live." in text_of(decide(client, edition, publish="x"))


def test_a_second_yes_does_nothing(as_user, admin, live, changed):
    client = as_user(admin)
    upload(client, zipped(changed))
    edition = Edition.objects.get()
    decide(client, edition, publish="x")
    assert "This edition has already been decided on" in text_of(
        decide(client, edition, publish="x")
    )
    assert Release.objects.count() == 2


def test_a_process_that_died_is_noticed(as_user, admin, live, changed):
    client = as_user(admin)
    upload(client, zipped(changed))
    long_ago = Edition.objects.get().created_at - process.STARTS_WITHIN * 2
    Edition.objects.update(state="publishing", step="going live", touched_at=long_ago)
    edition = Edition.objects.get()
    with process._locked(edition):
        assert "going live" in text_of(client.get(change_form(edition)))
    page = text_of(client.get(change_form(edition)))
    assert "ended unexpectedly" in page and "Make a new plan" in page


def test_a_worker_of_django_tasks_does_it(as_user, author, changed, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    page = text_of(upload(as_user(author), zipped(changed)))
    assert "waiting for its turn" in page
    call_command("db_worker", "--batch", "--no-startup-delay", "--worker-id", "one", verbosity=0)
    assert "Waits for approval" in text_of(as_user(author).get(change_form(Edition.objects.get())))


def test_without_a_worker_a_child_process_does_it(
    as_user, author, changed, settings, monkeypatch, data_dir
):
    settings.BOOKBINDER_WORKER = False
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setenv("BOOKBINDER_DATA_DIR", str(data_dir))
    monkeypatch.setenv("SECRET_KEY", "of the child")
    client = as_user(author)
    upload(client, zipped(changed))
    until = time.monotonic() + 30
    while (
        page := text_of(client.get(change_form(Edition.objects.get())))
    ) and "waiting.js" in page:
        assert time.monotonic() < until, page
        time.sleep(0.2)
    assert "Waits for approval" in page and "feedback: 1 changed" in page


def test_a_sync_from_the_command_makes_a_plan_that_waits_stale(as_user, admin, live, changed):
    client = as_user(admin)
    upload(client, zipped(changed))
    assert sync(changed, "--noinput")[0] == 0
    page = text_of(decide(client, Edition.objects.get(), publish="x"))
    assert "Nothing to do" in page or "The database has changed meanwhile" in page


def begin_going_back(client, release: int):
    return client.post(reverse("admin:books_edition_add"), {"release": release}, follow=True)


def test_an_admin_goes_back_from_a_releases_page(as_user, admin, live, changed):
    first = Release.objects.get()
    assert sync(changed, "--noinput")[0] == 0
    client = as_user(admin)
    page = client.get(reverse("admin:books_release_change", args=(first.pk,)))
    assert f'name="release" value="{first.pk}"' in page.content.decode()
    now = reverse("admin:books_release_change", args=(Release.objects.latest("pk").pk,))
    assert 'name="release"' not in client.get(now).content.decode()
    begin_going_back(client, first.pk)
    edition = Edition.objects.get()
    assert (edition.state, edition.release) == ("planned", first)
    decide(client, edition, publish="1")
    edition.refresh_from_db()
    assert edition.state == "published"
    assert "until 1812" in Feedback.objects.get(answer="Turku").feedback


def test_an_author_may_plan_going_back_with_their_own_book_alone(as_user, author, live):
    release = Release.objects.get()
    begin_going_back(as_user(author), release.pk)
    assert Edition.objects.get().state == "nothing"
    for user, number in (
        (author, release.pk + 999),
        (make_user("alan", type="author"), release.pk),
    ):
        assert begin_going_back(as_user(user), number).status_code == 403
    assert begin_going_back(as_user(make_user("eve")), release.pk).status_code == 403
    assert begin_going_back(as_user(author), "x").status_code == 403
    assert Edition.objects.count() == 1
