"""The scripts and styles of the reader, as a server hands them out."""

import gzip
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from bookbinder.site.storage import ENTRIES, OURS, packed

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
IMPORT = re.compile(r"""(?:from |import |import)"(\.[^"]+)";|@import url\("([^"]+)"\)""")
# Of the admin and the site's pages; `formulas.js` is loaded when a page needs it.
ELSEWHERE = {
    "books/admin/copy.js",
    "books/admin/replies.js",
    "books/admin/waiting.js",
    "books/formulas.js",
    "books/typeset_page.js",
}


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> Iterator[Path]:
    """The static files, collected twice as by an upgrade: once for all tests."""
    folder = tmp_path_factory.mktemp("static")
    hashed = {"BACKEND": "bookbinder.site.storage.HashedStaticFilesStorage"}
    storages = settings.STORAGES | {"staticfiles": hashed}
    with override_settings(STATIC_ROOT=folder, STORAGES=storages):
        for _time in range(2):
            call_command("collectstatic", interactive=False, verbosity=0)
        yield folder


def reached(entry: Path) -> set[Path]:
    """Return a file with all that it imports."""
    found, waiting = set(), [entry]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            names = (a or b for a, b in IMPORT.findall(one.read_text()))
            waiting += [(one.parent / name).resolve() for name in names]
    return found


def test_what_a_page_asks_for_leads_to_hashed_files_without_comments(collected):
    for entry in ENTRIES:
        for path in reached(collected / entry) - {collected / entry}:
            assert re.search(r"\.[0-9a-f]{12}\.(js|css)$", path.name)
            if path.suffix == ".js":
                assert not re.search(r"(?m)^\s*(//|/\*)", path.read_text()), path


def test_the_reader_is_small(collected):
    # A page asks for the first two; an older one asks for the others, and gets these too.
    files = {path for entry in ENTRIES[:2] for path in reached(collected / entry)}
    assert len(files) > 20
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= 36_000


def test_the_entry_names_every_module_so_that_all_are_asked_for_at_once():
    text = Path(finders.find("bookbinder/reader.js")).read_text()
    named = {posixpath.normpath(f"bookbinder/{name}") for name, _css in IMPORT.findall(text)}
    every = {
        str(path.relative_to(ROOT / app / "static"))
        for app in ("bookbinder", "books", "annotations")
        for path in (ROOT / app / "static").rglob("*.js")
    }
    assert named == every - {"bookbinder/reader.js", "books/reader.js"} - ELSEWHERE


def test_the_addresses_of_older_releases_lead_to_the_same_files(collected):
    for suffix in ("js", "css"):
        old, new = (
            reached(collected / f"{app}/reader.{suffix}") for app in ("books", "bookbinder")
        )
        assert {path.name for path in new} - {f"reader.{suffix}"} <= {path.name for path in old}


def sources() -> dict[str, Path]:
    every = (pair for finder in finders.get_finders() for pair in finder.list([]))
    ours = {name: where for name, where in every if name.startswith(OURS)}
    return {name: Path(where.path(name)) for name, where in ours.items() if name[-3:] != "svg"}


def test_what_a_page_asks_for_is_compressed(collected):
    for entry in ENTRIES:
        for path in reached(collected / entry):
            small = path.with_name(f"{path.name}.gz")
            if small.exists():
                assert gzip.decompress(small.read_bytes()) == path.read_bytes()
            else:
                # Too small to become smaller.
                assert path.stat().st_size < 400, path


def test_nothing_but_comments_and_indents_goes():
    for name, path in sources().items():
        text = path.read_text()
        # Within a text of several lines, what looks like a comment would be none.
        assert not [line for line in text.splitlines() if line.count("`") % 2], name
        rest = iter(packed(text).splitlines())
        following = next(rest, None)
        for line in text.splitlines():
            if line.lstrip() == following:
                following = next(rest, None)
            else:
                assert line.lstrip().startswith(("//", "/*", "*", "*/")) or name.endswith(".css")
        assert following is None, name


def test_collecting_by_links_leaves_the_sources_alone(collected):
    before = {path: path.read_bytes() for path in sources().values()}
    call_command("collectstatic", interactive=False, verbosity=0, link=True, clear=True)
    assert {path: path.read_bytes() for path in sources().values()} == before
