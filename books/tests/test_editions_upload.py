"""Zip files that are uploaded: what is refused, and when it is unpacked."""

import io
import shutil
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from django.urls import reverse

from bookbinder.tests.support.admin_pages import text_of
from bookbinder.tests.support.builds import zipped
from bookbinder.tests.support.editions import ADD, upload
from books.editions import process
from books.editions import upload as upload_module
from books.models import Edition

pytestmark = [
    pytest.mark.sphinx,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("tasks_at_once"),
]


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
