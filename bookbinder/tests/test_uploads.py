"""How much a request may send, and who may send files where."""

import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.test import Client

from books.models import Author
from conftest import PASSWORD

ADD, ROSTER = "/admin/books/edition/add/", "/admin/grading/invitation/import/"
HUGE, LARGE = 600_000_000, 3_000_000
MULTIPART = "multipart/form-data; boundary=x"
PATHS = [
    "/", "/accounts/login/", "/accounts/signup/", "/admin/login/", "/billing/webhook/", "/nothing",
    "/api/questions/1/answers", "/api/pages/1/annotations", ADD, ROSTER,
]  # fmt: skip


class Unread(io.BytesIO):
    """The body of a request that must not be read."""

    def read(self, *args):
        raise AssertionError("read")

    readline = read


def send(client, path, length):
    """Send a request that says how long it is, and whose body must not be read."""
    return client.generic(
        "POST", path,
        **{"CONTENT_LENGTH": str(length), "CONTENT_TYPE": MULTIPART, "wsgi.input": Unread()},
    )  # fmt: skip


@pytest.fixture
def author(ada, book):
    Author.objects.get_or_create(book=book, user=ada)
    return ada


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", ["nobody", "a student", "an instructor"])
def test_what_is_too_large_is_refused_unread(client, as_user, sam, ines, course, path, who):
    people = {"a student": sam, "an instructor": ines}
    sender = as_user(people[who]) if who in people else client
    length = HUGE if path != ROSTER or who == "an instructor" else LARGE
    refused = send(sender, path, length)
    assert refused.status_code == 413
    if path.startswith("/api/"):
        assert refused.json() == {"detail": "This is too large to be sent."}
    else:
        assert "This is too large to be sent." in refused.content.decode()


def test_only_an_author_uploads_a_build_and_only_up_to_its_limit(as_user, author, settings):
    settings.BOOKBINDER_UPLOAD_LIMIT = 5
    assert send(as_user(author), ADD, 8_000_000).status_code == 413
    with pytest.raises(AssertionError, match="read"):
        send(as_user(author), ADD, 6_000_000)


def test_only_an_instructor_uploads_a_roster_and_only_up_to_its_limit(as_user, ines, course, sam):
    assert send(as_user(sam), ROSTER, LARGE).status_code == 413
    assert send(as_user(ines), ROSTER, 8_000_000).status_code == 413
    with pytest.raises(AssertionError, match="read"):
        send(as_user(ines), ROSTER, 7_000_000)


@pytest.mark.parametrize("length", ["-1", "x", "1.5", "١"])
def test_a_length_that_is_none_is_refused(client, db, length):
    assert send(client, "/accounts/login/", length).status_code in (400, 413)


def test_a_body_without_a_length_is_not_read(client, db):
    body = io.BytesIO(b"login=x")
    sent = client.generic(
        "POST", "/accounts/login/",
        **{
            "CONTENT_LENGTH": "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": body,
        },
    )  # fmt: skip
    assert sent.status_code == 200
    assert body.tell() == 0


@pytest.fixture
def written(monkeypatch):
    """Return a list that grows with each file of a form that is kept, in memory or on the disk."""
    names = []

    class Handler(MemoryFileUploadHandler):
        def new_file(self, field_name, *args, **kwargs):
            names.append(field_name)
            super().new_file(field_name, *args, **kwargs)

    monkeypatch.setattr(
        "django.core.files.uploadhandler.load_handler",
        lambda path, *args, **kwargs: Handler(*args, **kwargs),
    )
    return names


def test_a_file_that_no_form_has_asked_for_is_skipped(client, sam, written):
    data = {
        "login": sam.email,
        "password": PASSWORD,
        "file": SimpleUploadedFile("a.txt", b"x" * 99),
    }
    assert client.post("/accounts/login/", data).status_code in (200, 302)
    answer = {"answer": "4", "client_key": str(uuid.uuid4()), "file": SimpleUploadedFile("a", b"x")}
    client.post("/api/questions/1/answers", answer)
    assert written == []


@pytest.mark.parametrize("path", [ADD, ROSTER])
def test_the_file_of_who_may_not_upload_is_skipped(as_user, sam, written, path):
    name = "build" if path == ADD else "import_file"
    refused = as_user(sam).post(path, {name: SimpleUploadedFile("a.zip", b"x")})
    assert refused.status_code in (302, 403)
    assert written == []


def test_the_file_of_who_may_upload_is_read(as_user, author, ines, course, written):
    as_user(author).post(ADD, {"build": SimpleUploadedFile("a.zip", b"x")})
    as_user(ines).post(ROSTER, {"import_file": SimpleUploadedFile("a.csv", b"x")})
    assert written == ["build", "import_file"]


def test_who_sends_no_token_uploads_nothing(author):
    client = Client(enforce_csrf_checks=True)
    client.force_login(author, backend="accounts.access.RulesBackend")
    assert client.post(ADD, {"build": SimpleUploadedFile("a.zip", b"x")}).status_code == 403
