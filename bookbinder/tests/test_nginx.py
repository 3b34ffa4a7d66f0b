"""nginx with the guide's configuration, before a real gunicorn: the same headers as without."""

import grp
import http.client
import os
import pwd
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from bookbinder.tests.support import builds, nginx
from bookbinder.tests.support.syncing import database_url, sync
from books.models import Book
from conftest import enroll, make_course, make_user

pytestmark = pytest.mark.sphinx
# Of the connection, and who serves.
OWN = {"date", "server", "connection", "keep-alive"}
MANY = "\n".join(f"   <script>window.n{n} = {n};</script>" for n in range(120))
PAGES = {
    "index": "\n:access: public\n\nOpen\n====\n\n.. toctree::\n\n   closed\n   many\n",
    "closed": "\nClosed\n======\n\nFor the course: :download:`data <data.csv>`.\n",
    "many": f"\n:access: public\n\nMany\n====\n\n.. raw:: html\n\n{MANY}\n",
}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen) -> None:
    for _try in range(300):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "it did not start"
        time.sleep(0.1)
    raise AssertionError("nobody listens")


@pytest.fixture
def start():
    """Return a function that starts a program which listens on a port."""
    running = []

    def run(command, port, **options):
        running.append(subprocess.Popen(command, **options))
        wait_for(port, running[-1])
        return port

    yield run
    for process in reversed(running):
        process.terminate()
        process.wait(timeout=20)


# A web server's user is another than ours. Only root can start one as somebody else.
OTHER = pwd.getpwnam("nobody") if os.geteuid() == 0 else None


@pytest.fixture
def data_dir(settings, data_dir):
    """A data folder that other users can enter: those of the tests cannot be."""
    with tempfile.TemporaryDirectory(prefix="bookbinder-") as name:
        Path(name).chmod(0o711)
        settings.BOOKBINDER_DATA_DIR = Path(name)
        yield Path(name)


@pytest.fixture
def sites(transactional_db, tmp_path, data_dir, start):
    """The ports of a site that streams its files, and of one behind nginx."""
    program = nginx.find()
    if program is None:
        pytest.skip("no nginx here, and apt-get cannot bring one")
    source = builds.write_book(tmp_path / "source", **PAGES)
    (source / "data.csv").write_text("a,b\n" * 1000)
    builds.build(source, tmp_path / "out")
    assert sync(tmp_path / "out", "--noinput")[0] == 0
    environment = os.environ | {
        "DEBUG": "0", "DATABASE_URL": database_url(), "BOOKBINDER_DATA_DIR": str(data_dir),
    }  # fmt: skip
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(collect, cwd=builds.ROOT, env=environment, check=True)

    def serve(**over):
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "bookbinder.wsgi",
            "--bind",
            f"127.0.0.1:{port}",
        ]
        return start(
            [*command, "--log-level", "warning"], port, cwd=builds.ROOT, env=environment | over
        )

    bare = serve()
    behind = serve(X_ACCEL_PREFIX="/protected/", BOOKBINDER_PROXIES="1")
    front = free_port()
    sample = nginx.sample(data_dir / "releases", f"127.0.0.1:{behind}")
    folder = data_dir / "nginx"
    folder.mkdir(mode=0o711)
    (folder / "nginx.conf").write_text(nginx.configuration(folder, front, sample))
    group = grp.getgrgid(OTHER.pw_gid).gr_name if OTHER else ""
    rights = ["-g", f"user {OTHER.pw_name} {group};"] if OTHER else []
    start([program, "-p", str(folder), "-c", str(folder / "nginx.conf"), *rights], front)
    return bare, front


def ask(port, path, sent=None, **headers):
    """Return status, headers and body of the response to a GET, or to a POST of `sent`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    method = "GET" if sent is None else "POST"
    connection.request(method, path, sent, {"Host": "localhost"} | headers)
    answer = connection.getresponse()
    body = answer.read()
    found = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in OWN}
    connection.close()
    return answer.status, found, body


def different(one, other):
    """Return what differs between two answers."""
    names = one[1].keys() | other[1].keys()
    found = [
        (n, one[1].get(n), other[1].get(n))
        for n in sorted(names)
        if one[1].get(n) != other[1].get(n)
    ]
    return found + [(one[0], other[0])] * (one[0] != other[0]) + ["body"] * (one[2] != other[2])


def test_the_site_behind_nginx(sites, client, data_dir):
    """One test, since each site takes seconds to start."""
    bare, front = sites
    check_headers_are_the_same(bare, front, client)
    check_a_compressed_page_need_not_be_sent_again(front)
    check_nobody_reads_past_book_binder(front)
    check_what_may_be_sent(front, client)
    if OTHER is None:
        pytest.skip("all but the last check have passed: only root can look as somebody else")
    check_the_web_servers_user_reads_no_key(data_dir)


def check_headers_are_the_same(bare, front, client):
    sam = make_user("sam")
    enroll(sam, make_course(Book.objects.get()))
    client.force_login(sam, backend="accounts.access.RulesBackend")
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    files = Book.objects.get().release.files
    (data,) = (path for path in files if path.endswith("data.csv"))
    asked = {
        "a public page": (200, "index.html", {}),
        "a page with a long header": (200, "many.html", {}),
        "a protected page": (200, "closed.html", {"Cookie": cookie}),
        "a protected page of which a part is asked": (206, "closed.html", {"Cookie": cookie, "Range": "bytes=5-99"}),
        "a protected file": (200, data, {"Cookie": cookie}),
        "a part": (206, data, {"Cookie": cookie, "Range": "bytes=-100"}),
        "a theme's file": (200, "_static/alabaster.css", {}),
        "a protected page for a stranger": (403, "closed.html", {}),
        "a protected file for a stranger": (403, data, {}),
        "nothing": (404, "nothing.html", {}),
    }  # fmt: skip
    for name, (status, path, headers) in asked.items():
        path = f"/books/tiny-book/{path}"
        without, with_nginx = ask(bare, path, **headers), ask(front, path, **headers)
        assert different(with_nginx, without) == [], name
        assert without[0] == status, name
        assert without[1]["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in without[1]["content-security-policy"]
        if "Cookie" in headers:
            assert without[1]["cache-control"] == "private, no-cache"
        if status == 200:
            known = {**headers, "If_None_Match": without[1]["etag"]}
            assert different(ask(front, path, **known), ask(bare, path, **known)) == [], name
            assert ask(front, path, **known)[0] == 304
    for path in ("/static/bookbinder/reader.js", "/", "/accounts/login/", "/api/docs"):
        assert ask(front, path)[1].keys() == ask(bare, path)[1].keys(), path
    assert len(ask(front, "/books/tiny-book/many.html")[1]["content-security-policy"]) > 6_000


def check_a_compressed_page_need_not_be_sent_again(front):
    status, headers, _body = ask(front, "/books/tiny-book/index.html", Accept_Encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    again = ask(
        front, "/books/tiny-book/index.html", Accept_Encoding="gzip", If_None_Match=headers["etag"]
    )
    assert again[0] == 304


def check_nobody_reads_past_book_binder(front):
    release = Book.objects.get().release
    for path in ("bookbinder.json", "private/bookbinder.json", "html/index.html"):
        assert ask(front, f"/protected/tiny-book/{release.folder}/{path}")[0] == 404
    assert ask(front, "/protected/")[0] == 404


def check_what_may_be_sent(front, client):
    """nginx refuses what is too large, and lets a build through to who may upload one."""
    ada = make_user("ada", type="author")
    client.force_login(ada, backend="accounts.access.RulesBackend")
    client.get("/accounts/email/")  # sets the cookie
    token = client.cookies["csrftoken"].value
    cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
    body = b"\r\n".join([
        b"--x", b'Content-Disposition: form-data; name="build"; filename="a.zip"', b"",
        b"x" * 4_000_000, b"--x--", b"",
    ])  # fmt: skip
    headers = {
        "Content-Type": "multipart/form-data; boundary=x", "Cookie": cookie, "X-CSRFToken": token,
    }  # fmt: skip
    status, _found, page = ask(front, "/admin/books/edition/add/", body, **headers)
    assert (status, b"This zip file cannot be read." in page) == (200, True)
    assert ask(front, "/admin/login/", body, **headers)[0] == 413
    assert ask(front, "/accounts/login/", b"x" * 2_900_000, **headers)[0] == 413


def check_the_web_servers_user_reads_no_key(data_dir):
    (manifest,) = data_dir.glob("releases/*/*/private/bookbinder.json")
    page = manifest.parents[1] / "html/closed.html"
    for path, code in ((page, 0), (manifest, 1), (manifest.parent, 1)):
        done = subprocess.run(
            ["ls" if path.is_dir() else "cat", path],
            user=OTHER.pw_uid,
            group=OTHER.pw_gid,
            extra_groups=[],
            capture_output=True,
        )
        assert bool(done.returncode) == bool(code), done
    assert stat.S_IMODE(manifest.stat().st_mode) == 0o600
    assert stat.S_IMODE(manifest.parent.stat().st_mode) == 0o700
