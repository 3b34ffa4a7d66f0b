"""Policies from conf.py to the header that a reader gets."""

import json
from decimal import Decimal

import pytest

from bookbinder.site import middleware
from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import builds
from bookbinder.tests.support.files import put_away
from bookbinder.tests.support.manifests import make_manifest
from bookbinder.tests.support.syncing import change, sync
from books.models import Release
from books.releases import folders, stored_csp
from books.releases.csp import policy_of
from conftest import make_user

pytestmark = pytest.mark.sphinx

OPEN = "\n:access: public\n\n{title}\n{line}\n\n{body}\n"
SCRIPT = '.. raw:: html\n\n   <script src="https://cdn.example.org/npm/plot@2/plot.js"></script>\n   <script>go()</script>\n'
HOSTS = 'bookbinder_script_hosts = ["https://cdn.example.org/npm/plot@2/"]\n'


def page(title: str, body: str) -> str:
    return OPEN.format(title=title, line="=" * len(title), body=body)


@pytest.fixture
def plots(tmp_path):
    """A public book of which two pages load a script from elsewhere, and one has a formula."""
    return builds.write_book(
        tmp_path / "source",
        index=page("Index", ".. toctree::\n\n   one\n   two\n   maths\n"),
        one=page("One", SCRIPT),
        two=page("Two", SCRIPT),
        maths=page("Maths", ":math:`x^2`"),
    )


def fetch(client, name: str, **headers):
    response = client.get(f"/books/tiny-book/{name}", headers=headers)
    put_away(response)
    return response


def header(client, name: str) -> str:
    return fetch(client, name)["Content-Security-Policy"]


def scripts(client, name: str) -> list[str]:
    (found,) = [part for part in header(client, name).split("; ") if part.startswith("script-src ")]
    return found.split(" ")[1:]


def configure(source, text: str) -> None:
    (source / "conf.py").write_text(builds.HEAD + text)


def test_the_sync_names_what_is_refused_and_how_to_allow_it(plots, client, db):
    _code, out, _err = sync(plots, "--noinput")
    told = [line for line in out.splitlines() if "refuse" in line]
    assert told == [
        "browsers will refuse scripts from https://cdn.example.org (one.html and 1 more): add "
        'bookbinder_script_hosts = ["https://cdn.example.org"] to conf.py if the book should load '
        "scripts from there"
    ]
    assert "cdn.example.org" not in header(client, "one.html")
    # Not to be forgotten because nothing else is to do.
    code, out, _err = sync(plots, "--dry-run", "--format", "json")
    plan = json.loads(out)
    assert (code, plan["nothing_to_do"]) == (0, True)
    (refused,) = plan["refused"]
    assert (refused["kind"], refused["what"], refused["pages"]) == (
        "host",
        "https://cdn.example.org",
        2,
    )
    assert "bookbinder_script_hosts" in refused["remedy"]


def test_a_host_that_is_allowed_is_something_to_do_though_no_page_differs(plots, client, db):
    sync(plots, "--noinput")
    etag = fetch(client, "one.html")["ETag"]
    configure(plots, HOSTS)
    assert sync(plots, "--dry-run")[0] == 4
    code, out, _err = sync(plots, "--noinput")
    assert (code, "refuse" in out) == (0, False)
    assert "https://cdn.example.org/npm/plot@2/" in scripts(client, "one.html")
    # A browser that has the page must ask for it, and its header, again.
    again = fetch(client, "one.html", if_none_match=etag)
    assert again.status_code == 200
    assert sync(plots, "--dry-run")[0] == 0


def test_a_return_to_a_release_brings_its_headers(plots, client, db):
    configure(plots, HOSTS)
    sync(plots, "--noinput")
    before = header(client, "one.html")
    first = Release.objects.get()
    configure(plots, "")
    sync(plots, "--noinput")
    assert header(client, "one.html") != before
    assert sync("--release", first.pk, "--noinput")[0] == 0
    assert header(client, "one.html") == before


def test_mathjax_is_allowed_by_itself_where_there_are_formulas(plots, client, db):
    _code, out, _err = sync(plots, "--noinput")
    assert "mathjax" not in out
    assert scripts(client, "maths.html")[1:3] == [
        "https://cdn.jsdelivr.net/npm/@mathjax/", "https://cdn.jsdelivr.net/npm/mathjax@4/",
    ]  # fmt: skip
    assert "jsdelivr" not in header(client, "index.html")


@pytest.mark.parametrize(
    ("conf", "mathjax"),
    [
        ('mathjax_path = "https://cdn.jsdelivr.net/npm/mathjax@3/es5/tex-mml-chtml.js"',
         ("https://cdn.jsdelivr.net/npm/mathjax@3/es5/",)),
        ('mathjax_path = "https://maths.example.org/mj/tex-chtml.js"',
         ("https://cdn.jsdelivr.net/npm/@mathjax/", "https://maths.example.org/mj/")),
        ('mathjax_path = "mathjax/tex-chtml.js"', ()),
        ('html_math_renderer = "imgmath"\nextensions.append("sphinx.ext.imgmath")', ()),
    ],
)  # fmt: skip
def test_mathjax_comes_from_where_the_book_says(tmp_path, conf, mathjax):
    source = builds.write_book(
        tmp_path / "source", f"{builds.HEAD}{conf}\n", index="Index\n=====\n"
    )
    assert builds.build(source, tmp_path / "out").mathjax == mathjax


def test_hosts_are_written_in_one_way(tmp_path):
    conf = (
        builds.HEAD
        + 'bookbinder_script_hosts = ["b.example", "https://a.example:8443/", "https://b.example"]\n'
    )
    source = builds.write_book(tmp_path / "source", conf, index="Index\n=====\n")
    assert builds.build(source, tmp_path / "out").script_hosts == (
        "https://a.example:8443",
        "https://b.example",
    )


@pytest.mark.parametrize(
    "host",
    ["http://a.example", "https://a.example;", "'unsafe-inline'", "*", "https://*.example", "a b", "https:", "",
     "https://a.example/x.js", "javascript:alert(1)", 3],
)  # fmt: skip
def test_what_is_no_host_ends_the_build_and_is_named(tmp_path, host):
    conf = f"{builds.HEAD}bookbinder_script_hosts = [{host!r}]\n"
    done = builds.run(
        builds.write_book(tmp_path / "source", conf, index="Index\n=====\n"), tmp_path / "out"
    )
    assert done.returncode != 0
    assert "bookbinder_script_hosts in conf.py" in done.stderr and repr(host) in done.stderr


@pytest.mark.parametrize("key", ["script_hosts", "mathjax"])
@pytest.mark.parametrize(
    "value",
    ["x", [1], ["'unsafe-inline'"], ["https://a.example; script-src *"], ["https://a"] * 101],
)
def test_a_manifest_writes_no_header(key, value):
    raw = json.loads(m.dumps(make_manifest()), parse_float=Decimal) | {key: value}
    with pytest.raises(m.ManifestError, match=f"{key} must be at most 100 addresses"):
        m.parse(raw)


def test_a_manifest_of_an_older_extension_is_taken():
    raw = json.loads(m.dumps(make_manifest()), parse_float=Decimal)
    del raw["script_hosts"], raw["mathjax"]
    assert m.parse(raw).script_hosts == m.parse(raw).mathjax == ()


def test_an_unchanged_page_is_not_read_again(plots, db, monkeypatch):
    sync(plots, "--noinput")
    read = []
    monkeypatch.setattr(
        stored_csp, "policy_of", lambda html, *hosts: read.append(html) or policy_of(html, *hosts)
    )
    change(plots, "one.rst", "go()", "run()")
    sync(plots, "--noinput")
    assert [b"run()" in html for html in read] == [True]


def test_a_release_from_before_is_served_with_the_hosts_that_it_had(plots, client, db):
    sync(plots, "--noinput")
    release = Release.objects.get()
    (folders.releases_folder("tiny-book") / release.folder / stored_csp.FILE_NAME).unlink()
    stored_csp._read_once.cache_clear()
    assert "https://cdn.example.org" in scripts(client, "one.html")
    assert "https://cdn.jsdelivr.net" in scripts(client, "maths.html")
    assert "'unsafe-inline'" not in scripts(client, "one.html")


def test_what_has_not_changed_still_has_its_policy(plots, client, db):
    sync(plots, "--noinput")
    etag = fetch(client, "one.html")["ETag"]
    response = fetch(client, "one.html", if_none_match=f"W/{etag}")
    assert response.status_code == 304
    assert response["Content-Security-Policy"] == header(client, "one.html")


def test_a_preview_has_the_policies_that_its_pages_will_have(plots, as_user, db):
    configure(plots, HOSTS)
    _code, out, _err = sync(plots, "--preview")
    address = next(word for word in out.split() if word.startswith("/preview/"))
    client = as_user(make_user("root", type="admin"))
    response = client.get(address.replace("index.html", "one.html"))
    put_away(response)
    assert "https://cdn.example.org/npm/plot@2/" in response["Content-Security-Policy"]
    sync(plots, "--noinput")
    assert response["Content-Security-Policy"] == header(client, "one.html")


def test_every_answer_has_a_policy(client, db):
    for path in (
        "/",
        "/accounts/login/",
        "/admin/login/",
        "/api/docs",
        "/healthz",
        "/nothing",
        "/api/nothing",
    ):
        policy = client.get(path)["Content-Security-Policy"]
        assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy


def test_forms_lead_elsewhere_only_where_one_signs_in_or_pays():
    assert "form-action 'self';" in middleware.site_policy("/")
    assert "form-action 'self';" in middleware.site_policy("/admin/books/book/")
    assert "form-action 'self' https:;" in middleware.site_policy("/billing/buy/1/")
