"""The table of contents on a book's page: a tree that shows what a student has done."""

import re
import uuid
from types import SimpleNamespace

import pytest

from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync
from books import contents
from books.contents import Done
from books.models import Book, Page
from conftest import make_answer, make_book, make_course, make_page, make_question
from grading import answering
from grading.models import Enrollment, Interactive

INDEX = """\
Deep
====

.. toctree::

   news

.. toctree::
   :caption: The language

   tutorial/index
   tutorial/index
   reference

"""
PAGES = {
    "index": INDEX,
    "news": "News\n====\n",
    "tutorial__index": "Tutorial\n========\n\n.. toctree::\n   :caption: Begin\n\n   one\n   /news\n",
    "tutorial__one": "One\n===\n\n.. toctree::\n\n   two\n",
    "tutorial__two": "Two\n===\n",
    "reference": "Reference\n=========\n",
    "orphan": ":orphan:\n\nOrphan\n======\n",
}
CONF = (
    builds.HEAD
    + 'author = "A. Author"\nhtml_logo = "cover.svg"\nbookbinder_description = "Of\\n  depth."\n'
)


def pages_of(*rows: tuple[str, int, str]) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(pk=number, url=url, level=level, caption=caption, is_readable=True)
        for number, (url, level, caption) in enumerate(rows)
    ]


def outline(parts: list[contents.Part]) -> list:
    """Return a tree as lists: a caption, then each page with what is below it."""
    return [
        (part.caption, [(entry.page.url, *outline(entry.below)) for entry in part.entries])
        for part in parts
    ]


def test_levels_and_captions_become_a_tree():
    pages = pages_of(
        ("index", 0, ""), ("news", 1, ""), ("tutorial", 1, "Language"), ("one", 2, ""),
        ("two", 3, "Deeper"), ("reference", 1, "Language"), ("orphan", 1, ""),
    )  # fmt: skip
    assert outline(contents.tree(pages)) == [
        ("", [("index",), ("news",)]),
        (
            "Language",
            [("tutorial", ("", [("one", ("Deeper", [("two",)]))])), ("reference",)],
        ),
        ("", [("orphan",)]),
    ]


def test_an_older_build_is_a_flat_list():
    pages = pages_of(("index", 0, ""), ("one", 0, ""), ("two", 0, ""))
    assert outline(contents.tree(pages)) == [("", [("index",), ("one",), ("two",)])]


def test_no_depth_is_too_deep():
    pages = pages_of(*((f"p{number}", number, "") for number in range(3_000)))
    parts = contents.tree(pages)
    depth = 0
    while parts:
        depth, parts = depth + 1, parts[-1].entries[-1].below
    assert depth <= contents.DEEPEST


@pytest.mark.parametrize(("count", "is_open"), [(contents.FEW, True), (contents.FEW + 1, False)])
def test_a_long_book_is_folded_but_for_where_one_stopped(count, is_open):
    rows = [("index", 0, ""), ("a", 1, ""), ("a1", 2, ""), ("b", 1, ""), ("b1", 2, "")]
    rows += [(f"c{number}", 1, "") for number in range(count - len(rows))]
    done = {2: Done(1, 3), 4: Done(2, 2)}
    entries = contents.tree(pages_of(*rows), done, 4)[0].entries
    a, b = entries[1].below[0], entries[2].below[0]
    assert [(part.is_open, part.page_count, part.done) for part in (a, b)] == [
        (is_open, 1, Done(1, 3)),
        (True, 1, Done(2, 2)),
    ]
    assert not a.done.is_all and b.done.is_all


def text_of(client, path: str = "/books/tiny/") -> str:
    """Return the visible text of the contents, each page on a line of its own."""
    html = client.get(path).content.decode()
    part = html[html.index('<h2 id="contents">') : html.index('<h2 id="courses">')]
    words = re.sub(r"<[^>]*>", " ", part.replace("\n", " ").replace("</li>", "\n"))
    return "\n".join(" ".join(line.split()) for line in words.splitlines())


def test_a_student_sees_what_is_done_of_what(as_user, sam, page, adding, course, enrollment):
    more = make_question(page, "more", index=2)
    off = make_question(page, "off", index=3)
    Interactive.objects.create(course=course, question=off, enabled=False)
    make_page(page.book, "prose", title="Prose", position=1)
    assert "Numbers 0 of 2 answered" in text_of(as_user(sam))
    answering.answer(sam, adding, "4", uuid.uuid4())
    make_answer(enrollment, off)
    assert "Numbers 1 of 2 answered" in text_of(as_user(sam))
    make_answer(enrollment, more)
    Enrollment.objects.update(last_page=page)
    text = text_of(as_user(sam))
    assert "Numbers You stopped here ✓ 2 of 2 answered" in text
    assert "Prose Notes" in text and "Prose 0" not in text


def test_what_others_have_done_is_not_shown(as_user, client, sam, eve, adding, enrollment):
    make_answer(enrollment, adding)
    for text in (text_of(client), text_of(as_user(eve))):
        assert "Numbers for members" in text
        assert "answered" not in text and "Notes" not in text


def test_of_two_courses_the_last_used_one_counts(as_user, sam, book, adding, enrollment):
    make_answer(enrollment, adding)
    other = Enrollment.objects.create(course=make_course(book, "Spring"), user=sam, origin="free")
    assert other.used_at > enrollment.used_at
    assert "Numbers 0 of 1 answered" in text_of(as_user(sam))


def test_queries_do_not_grow_with_the_book(
    as_user, sam, page, adding, django_assert_max_num_queries
):
    for number in range(100):
        make_question(make_page(page.book, f"p{number}", position=number), f"q{number}")
    client = as_user(sam)
    with django_assert_max_num_queries(16):
        client.get("/books/tiny/")


@pytest.mark.sphinx
@pytest.mark.django_db(transaction=True)
def test_a_build_brings_the_tree_and_what_the_bookshelf_shows(tmp_path, client):
    source = builds.write_book(tmp_path / "in", CONF, **PAGES)
    (source / "cover.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    builds.build(source, tmp_path / "out")
    assert sync(tmp_path / "out", "--noinput")[0] == 0
    pages = Page.objects.order_by("position").values_list("url", "level", "caption")
    assert list(pages) == [
        ("index", 0, ""),
        ("news", 1, ""),
        ("tutorial/index", 1, "The language"),
        ("tutorial/one", 2, "Begin"),
        ("tutorial/two", 3, ""),
        ("reference", 1, "The language"),
        ("orphan", 1, ""),
    ]
    book = Book.objects.get()
    assert (book.author, book.description) == ("A. Author", "Of depth.")
    shelf = client.get("/").content.decode()
    assert "A. Author" in shelf and "Of depth." in shelf and book.cover_url in shelf
    # A picture on the bookshelf is for everybody, although the book's pages are not.
    assert client.get(book.cover_url).getvalue().startswith(b"<svg")
    assert client.get("/books/tiny-book/news.html").status_code != 200
    changed = PAGES | {"index": INDEX.replace("The language", "Language")}
    builds.write_book(source, CONF.replace("depth", "depths").replace("html_logo", "#"), **changed)
    builds.build(source, tmp_path / "out")
    assert sync(tmp_path / "out", "--noinput")[0] == 0
    book.refresh_from_db()
    assert (book.description, book.cover, book.cover_url) == ("Of depths.", "", "")
    assert Page.objects.get(url="reference").caption == "Language"


@pytest.mark.django_db
def test_what_a_book_does_not_say_is_not_on_the_bookshelf(client):
    make_book("bare")
    shelf = client.get("/").content.decode()
    assert "<img" not in shelf[shelf.index("<h2") :] and "None" not in shelf
