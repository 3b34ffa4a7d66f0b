"""What browsers are served of our scripts and styles."""

import gzip
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from bookbinder.storage import READERS, without_comments

HASHED = "bookbinder.storage.HashedStaticFilesStorage"


@pytest.fixture
def static(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": HASHED}}
    return settings.STATIC_ROOT


def ours() -> dict[str, Path]:
    every = (pair for finder in finders.get_finders() for pair in finder.list([]))
    return {name: Path(where.path(name)) for name, where in every if READERS.fullmatch(name)}


def test_pages_get_our_files_compressed_and_without_comments(static):
    call_command("collectstatic", interactive=False, verbosity=0)
    for name in ours():
        lines = (static / name).read_text().splitlines()
        assert not [line for line in lines if line.lstrip().startswith(("//", "/*"))], name
    for name in ("books/question.js", "books/reader.css", "annotations/text.js"):
        packed = gzip.decompress((static / f"{name}.gz").read_bytes())
        assert packed == (static / name).read_bytes()


def test_nothing_but_comments_goes():
    for name, path in ours().items():
        text = path.read_text()
        # Within a text of several lines, what looks like a comment would be none.
        assert not [line for line in text.splitlines() if line.count("`") % 2], name
        rest = iter(without_comments(text).splitlines())
        following = next(rest, None)
        for line in text.splitlines():
            if line == following:
                following = next(rest, None)
            else:
                assert line.lstrip().startswith(("//", "/*", "*", "*/")) or name.endswith(".css")
        assert following is None, name


def test_to_collect_again_changes_nothing_and_links_leave_the_sources_alone(static):
    sources = {path: path.read_bytes() for path in ours().values()}
    call_command("collectstatic", interactive=False, verbosity=0)
    first = {path: path.read_bytes() for path in static.rglob("*") if path.is_file()}
    call_command("collectstatic", interactive=False, verbosity=0)
    assert first == {path: path.read_bytes() for path in static.rglob("*") if path.is_file()}
    call_command("collectstatic", interactive=False, verbosity=0, link=True, clear=True)
    assert {path: path.read_bytes() for path in ours().values()} == sources
