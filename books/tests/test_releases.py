"""Going back: releases are listed, one comes back as any edition does, old ones are pruned."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from bookbinder.tests.support.syncing import answered, change, sync
from books.models import Book, Feedback, Page, Release
from books.releases import folders, page_head

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]


def releases(*arguments) -> str:
    out = StringIO()
    call_command("releases", *arguments, stdout=out)
    return out.getvalue()


def html(page: str) -> str:
    release = Release.objects.get(books__project="tiny-book")
    return (folders.html_folder("tiny-book", release.folder) / page).read_text()


@pytest.fixture
def two(live, source):
    """A second edition: a page renamed, a reply changed."""
    change(source, "cities.rst", "until 1812", "until about 1812")
    (source / "numbers.rst").rename(source / "figures.rst")
    change(source, "index.rst", "numbers", "figures")
    assert sync(source, "--noinput")[0] == 0
    return tuple(Release.objects.order_by("pk").values_list("pk", flat=True))


def test_releases_lists_when_by_whom_and_what_changed(two):
    first, second = releases("tiny-book").splitlines()[::-1]
    assert first.split()[0] == str(two[0]) and second.split()[:2] == ["*", str(two[1])]
    assert "pages: 3 created" in first and "pages: 1 renamed; feedback: 1 changed" in second
    assert Release.objects.get(pk=two[1]).operator in second
    rows = json.loads(releases("--format", "json"))
    assert [row["is_current"] for row in rows] == [True, False]
    assert releases("another") == ""


def test_a_release_comes_back_with_its_pages_and_answers(two):
    answer = answered("why")
    before = html("figures.html")
    code, out, _err = sync("--release", two[0], "--noinput")
    assert code == 0 and "same page (by release): figures -> numbers" in out
    assert "until 1812" in Feedback.objects.get(answer="Turku").feedback
    assert "<h1>Numbers" in html("numbers.html")
    answer.refresh_from_db()
    assert answer.question.page.url == "numbers"
    # And forward again: the newest is no other than any.
    assert sync("--release", two[1], "--noinput")[0] == 0
    assert html("figures.html") == before
    assert Release.objects.count() == 4


def test_going_back_asks_as_a_sync_does(two):
    assert sync("--release", two[0], "--dry-run")[0] == 4
    assert sync("--release", two[0])[0] == 3
    assert Page.objects.filter(url="figures").exists()
    assert sync("--release", two[1], "--noinput")[1].startswith("Nothing to do")


def test_a_release_that_is_not_there_is_an_error(live, source):
    code, _out, err = sync("--release", 99, "--noinput")
    assert code == 1 and "There is no release 99" in err
    assert sync(source, "--release", 99)[0] == 2


def test_a_page_of_an_older_book_binder_gets_the_head_of_this_one(two, monkeypatch):
    """What publishing adds to a page may change: an old release's pages are told apart from it."""
    monkeypatch.setattr(page_head, "FORMER", (page_head.ADDED,))
    monkeypatch.setattr(page_head, "ADDED", b"<!-- another -->")
    monkeypatch.setattr(page_head, "VERSION", "another")
    assert sync("--release", two[0], "--noinput")[0] == 0
    assert html("numbers.html").count("<!-- another --></head>") == 1
    assert "reader.js" not in html("numbers.html")


def test_old_releases_are_pruned(two, source, settings, data_dir):
    settings.BOOKBINDER_KEEP_RELEASES = 2
    change(source, "cities.rst", "about 1812", "roughly 1812")
    assert sync(source, "--noinput")[0] == 0
    kept = set(Release.objects.values_list("folder", flat=True))
    assert len(kept) == 2 and not Release.objects.filter(pk=two[0]).exists()
    assert {path.name for path in (data_dir / "releases/tiny-book").iterdir()} == kept


def test_a_current_release_is_never_pruned(two, settings, data_dir):
    settings.BOOKBINDER_KEEP_RELEASES = 1
    first = Release.objects.get(pk=two[0])
    Book.objects.create(project="tiny-book", url="old", title="Kept", release=first)
    folders.prune("tiny-book")
    assert Release.objects.count() == 2
    assert len(list((data_dir / "releases/tiny-book").iterdir())) == 2
