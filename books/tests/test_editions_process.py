"""Bringing an edition live from the admin: uploaded or built, planned, published by who may."""

import io
import shutil
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from bookbinder.tests.support import builds
from bookbinder.tests.support.admin_pages import change_form, changelist, text_of
from bookbinder.tests.support.builds import zipped
from bookbinder.tests.support.syncing import answered, change, database_url, everything, sync
from books.editions import process
from books.editions import upload as upload_module
from books.models import Author, Book, Edition, Feedback, Release
from books.sync import lock
from conftest import make_user
from grading.models import Answer

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]
ADD = "admin:books_edition_add"


@pytest.fixture(autouse=True)
def at_once(settings):
    """Work is done before the request ends, as a worker with no time between would."""
    settings.BOOKBINDER_WORKER = True
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}


@pytest.fixture
def author(live):
    user = make_user("ada")
    Author.objects.create(book=Book.objects.get(), user=user)
    return user


@pytest.fixture
def admin():
    return make_user("root", type="admin")


@pytest.fixture
def changed(source, tmp_path) -> Path:
    """A build of the next edition."""
    change(source, "cities.rst", "It was, until 1812", "It was, until about 1812")
    builds.build(source, tmp_path / "next")
    return tmp_path / "next"


def upload(client, data: bytes, name: str = "build.zip"):
    file = SimpleUploadedFile(name, data, content_type="application/zip")
    return client.post(reverse(ADD), {"build": file}, follow=True)


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


def test_nothing_of_an_upload_is_run(as_user, author, built, tmp_path):
    proof = tmp_path / "proof"
    data = io.BytesIO(zipped(built))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("conf.py", f"open({str(proof)!r}, 'w')")
    page = text_of(upload(as_user(author), data.getvalue()))
    assert "Nothing to do" in page and not proof.exists()


def bad_zip(built: Path, kind: str) -> bytes:
    data = io.BytesIO(zipped(built))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("_static/x.txt")
        if kind == "link":
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        if kind in ("up", "root", "windows"):
            entry.filename = {"up": "../x.txt", "root": "/x.txt", "windows": "C:/x.txt"}[kind]
        content = b"\0" * (3 * 1024 * 1024) if kind == "bomb" else b"/etc/passwd"
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)
        if kind == "twice":
            with pytest.warns(UserWarning):
                archive.writestr("_static/x.txt", b"again")
    return data.getvalue()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("link", "is not a regular file"),
        ("up", "leads out of the folder"),
        ("root", "leads out of the folder"),
        ("windows", "leads out of the folder"),
        ("bomb", "larger than 2 MB"),
        ("twice", "twice"),
    ],
)
def test_a_zip_that_would_harm_is_refused(
    as_user, author, built, settings, data_dir, kind, message
):
    settings.BOOKBINDER_UPLOAD_LIMIT = 2
    page = text_of(upload(as_user(author), bad_zip(built, kind)))
    assert "Not published" in page and message in page
    assert not process.can_retry(Edition.objects.get())
    assert not list((data_dir / "editions").iterdir())


def test_what_is_no_zip_of_a_build_is_refused(as_user, author, built):
    client = as_user(author)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.html", "x")
    assert "has no bookbinder.json" in text_of(upload(client, data.getvalue()))
    assert "This zip file cannot be read" in text_of(upload(client, b"PK\x03\x04 and then nothing"))
    assert "This zip file cannot be read" in text_of(upload(client, zipped(built)[:-500]))
    assert "This field is required" in text_of(client.post(reverse(ADD), {}))


def test_files_that_nobody_said_yes_to_go_after_two_weeks(as_user, author, changed):
    upload(as_user(author), zipped(changed))
    first = Edition.objects.get()
    Edition.objects.update(touched_at=first.touched_at - process.KEPT_FOR * 2)
    upload(as_user(author), zipped(changed))
    assert not process.folder_of(first).exists()
    assert "Publish" not in text_of(as_user(author).get(change_form(first)))


def with_false_records(data: bytes, kind: str) -> bytes:
    """Return a zip file whose last records say that it has one file (APPNOTE.TXT 4.3.14 to 16)."""
    at = data.rindex(b"PK\5\6")
    size, offset = struct.unpack_from("<II", data, at + 12)
    if kind == "true":
        return data
    if kind == "false":
        return data[: at + 8] + struct.pack("<HHII", 1, 1, size, offset) + data[at + 20 :]
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    last = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:at] + record + locator + last


@pytest.mark.parametrize("kind", ["true", "false", "ZIP64"])
def test_a_zip_of_too_many_files_is_refused_by_what_is_there(
    as_user, author, built, monkeypatch, kind
):
    data = with_false_records(zipped(built), kind)
    assert len(zipfile.ZipFile(io.BytesIO(data)).namelist()) > 10  # for Python, it is a zip file
    monkeypatch.setattr(upload_module, "FILES", 10)
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *args: pytest.fail("its files were listed"))
    assert "more than 10 files" in text_of(upload(as_user(author), data))


def test_a_long_list_of_files_is_not_even_read(as_user, author, built, monkeypatch):
    monkeypatch.setattr(upload_module, "_LONGEST_ENTRY", 0)
    assert "more than 50000 files" in text_of(upload(as_user(author), zipped(built)))


def test_a_zip_is_unpacked_outside_the_request(as_user, author, changed, settings, monkeypatch):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with monkeypatch.context() as patched:
        patched.setattr(upload_module, "unpack", lambda *args: pytest.fail("it was unpacked"))
        upload(as_user(author), zipped(changed))
    folder = process.folder_of(Edition.objects.get())
    assert [path.name for path in folder.iterdir()] == ["build.zip"]
    (folder / "html").mkdir()  # by a process that was killed
    process.process_edition(Edition.objects.get().pk)
    assert Edition.objects.get().state == "planned"
    assert not (folder / "build.zip").exists()


def test_a_manifest_that_lies_is_told(as_user, author, built):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("bookbinder.json", '{"format": "bookbinder", "version": 1}')
    assert "is missing" in text_of(upload(as_user(author), data.getvalue()))


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


def test_a_build_in_a_build_is_not_unpacked(built, tmp_path):
    """The manifest at the top is what was packed; the other's is a key that nobody asked for."""
    folder = tmp_path / "build"
    shutil.copytree(built, folder)
    shutil.copytree(built, folder / "v2")
    upload_module.unpack(io.BytesIO(zipped(folder)), tmp_path / "unpacked")
    assert (tmp_path / "unpacked/bookbinder.json").read_bytes() == (
        built / "bookbinder.json"
    ).read_bytes()
    names = {path.name for path in (tmp_path / "unpacked/v2").rglob("*")}
    assert "index.html" in names
    assert names.isdisjoint({"bookbinder.json", "_feedback", "_sources", ".buildinfo"})
