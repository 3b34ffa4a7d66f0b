"""`manage.py export_edits`: what the admin wrote goes into the sources, and comes back by a sync."""

import subprocess
from decimal import Decimal

import pytest

from bookbinder.tests.support import builds
from bookbinder.tests.support.exporting import (
    add,
    applied,
    export,
    go_round,
    judge_settled,
    reply_to,
    retitle,
)
from bookbinder.tests.support.syncing import change, sync
from books.models import Book, Feedback, Page

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]

TRICKY = "See:\n\n```python\n# *no* title\nx = `1`\n```\n\n- one\n  - two: `:x:`\n\n````\n````"
REPLIES = {
    "tricky": TRICKY,
    "options": ":points: 5\n\n.. feedback:: no\n\n:::{note}\n:::",
    "indented": "    code first\n\nÄpfel & *Öl*\\\nnext",
    "fields": "---\nkey: value\n---",
    "empty": "",
}


@pytest.mark.parametrize("book", ["rst", "myst"])
def test_what_is_edited_in_the_admin_comes_back_from_the_sources(book, tmp_path):
    source = builds.copy_book(book, tmp_path / "source")
    assert sync(source, "--noinput")[0] == 0
    Book.objects.update(title='Tiny "Book" über C:\\n, 数')
    retitle("numbers", "1. *Numbers* & `code`_: 数学 <b> [x](y) |s| snake_case_ $x$ {x}`y` C #")
    retitle("cities", "- Cities")
    retitle("index", "???")
    Page.objects.filter(url="numbers").update(index=2)
    Page.objects.filter(url="cities").update(index=1)
    reply_to("adding", "4", TRICKY, points=Decimal("1.50"))
    reply_to("adding", "5 +- 0.5", answer="5 +- 0.25")
    reply_to("adding", "*", REPLIES["options"], points=Decimal("0.10"))
    reply_to("why", "because", REPLIES["indented"], answer="just *because* ü", points=Decimal(0))
    reply_to("pattern", "[a-z]{3}", REPLIES["fields"])
    reply_to("capital", "Turku", "Now *Åbo*.", points=Decimal("0.5"))
    reply_to("capital", "Helsinki", points=Decimal("0.75"))
    reply_to("primes", "two", "", points=Decimal(0))
    reply_to("primes", "four", points=Decimal(3))
    add("adding", "22", TRICKY)
    add("adding", "-4", "No.", "0.25")
    add("pattern", "[0-9]+", ":::{note}\nDigits\n::::")
    add("why", "no `reason`" if book == "rst" else "no ~reason", "Hm.", "1")
    patch = go_round("tiny-book", source, tmp_path)
    assert '+bookbinder_project = "tiny-book"' in patch
    assert patch.count("+:gradebook-index:" if book == "rst" else "+gradebook-index:") == 2


RST_FILE = """\
:access: public
:gradebook-index: none

.. comment
   of two lines

=====
 Old
=====

.. note::

   .. question:: nested
      :grader: text
      :points: 100

      Ask.

      .. feedback:: one
         :format: markdown

         *One*
      .. feedback:: two
         lines
         :points: 1
         :key: k
      .. feedback::
         three

         Three::

            code

.. question:: bare
   :points: 1.5

   Ask.

   .. feedback:: x
      :points: 1

After"""
MYST_FILE = """\
---
gradebook-index: none
access: public
---
(target)=

```python
# no title
```

Old
===

```{note}
~~~{question} nested
---
grader: text
points: 100
---

Ask.

:::{feedback} one
---
format: markdown
points: 0.5
---
*One*
:::

  :::{feedback} two lines
  :points: 1
  :key: k

  Two.
  :::
:::{feedback} three
Three
:::
~~~
```

````{question} bare
:points: 1.5

Ask.

```{feedback} x
:points: 1
```
````

After"""


@pytest.mark.parametrize(
    ("suffix", "text"), [("rst", RST_FILE), ("md", MYST_FILE)], ids=["rst", "myst"]
)
@pytest.mark.parametrize(
    ("bom", "newline"), [("", "\n"), ("\ufeff", "\r\n")], ids=["lf", "bom-crlf"]
)
def test_files_of_other_forms(suffix, text, bom, newline, tmp_path):
    conf = (
        "# über\nproject = 'Odd'  # and so on\nextensions = ['bookbinder.sphinx', 'myst_parser']\n"
    )
    conf += "rst_prolog = '.. |x| replace:: y'\n"
    conf += "myst_enable_extensions = ['colon_fence', 'dollarmath', 'strikethrough']\n"
    toc = "Odd\n===\n\n.. toctree::\n\n   mÿ page\n"
    source = builds.write_book(tmp_path / "source", conf=conf, index=toc)
    data = (bom + text).replace("\n", newline).encode()
    (source / f"mÿ page.{suffix}").write_bytes(data)
    code, _out, err = sync(source, "--noinput")
    assert code == 0, err
    Book.objects.update(title="Odd 'n' even")
    retitle("mÿ page", "Größer, 数 und weiter")
    Page.objects.filter(url="mÿ page").update(index=7)
    two = next(f for f in Feedback.objects.all() if f.answer.startswith("two"))
    reply_to("nested", two.answer, TRICKY, answer="a different two", points=Decimal("100"))
    reply_to("nested", "one", REPLIES["fields"], points=Decimal("2.25"))
    reply_to("nested", "three", REPLIES["options"], points=Decimal(1))
    add("nested", "four", TRICKY)
    add("bare", "five", "Yes.\n\nIndeed.", "1.5")
    go_round("odd", source, tmp_path)
    new = (tmp_path / "applied" / f"mÿ page.{suffix}").read_bytes()
    assert new.startswith(bom.encode())
    assert new.count(b"\n") == new.count(newline.encode())
    assert new.endswith(b"After")


def test_books_in_folders_have_their_titles_on_their_first_page(tmp_path):
    conf = builds.HEAD + 'bookbinder_layout = "folders"\nbookbinder_non_book_pages = ["index"]\n'
    ask = "\n\n.. question:: q\n   :points: 2\n\n   Ask.\n\n   .. feedback:: 1\n      :points: 1\n\n      One.\n"
    source = builds.write_book(
        tmp_path / "source",
        conf=conf,
        index="T\n=\n\n.. toctree::\n\n   a/index\n   b/index\n   b/more\n",
        a__index=f"A\n={ask}",
        b__index=f"B\n={ask}",
        b__more=f"More\n===={ask}",
    )
    assert sync(source, "--noinput")[0] == 0
    Book.objects.filter(url="a").update(title="Book *A*")
    Book.objects.filter(url="").update(title="All books")
    Feedback.objects.filter(question__page__book__url="b").update(points=2)
    code, patch, _err = export("tiny-book/b", source)
    assert code == 0
    assert patch.count("+      :points: 2\n") == 2 and "Book" not in patch
    # What the source has once is edited once.
    Page.objects.filter(book__url="a").update(title="Book *A*")
    go_round("tiny-book", source, tmp_path)
    assert Book.objects.filter(url="").get().title == "All books"
    Book.objects.filter(url="a").update(title="One")
    Page.objects.filter(book__url="a").update(title="Other")
    code, patch, err = export("tiny-book", tmp_path / "applied")
    assert code == 0 and "+Other" in patch
    assert "by hand, a/index.rst:1: book tiny-book/a" in err and "title: One" in err


def test_pages_keep_their_places_beside_one_that_moves(tmp_path):
    ask = "\n\n.. question:: q\n   :points: 2\n\n   Ask.\n\n   .. feedback:: 1\n      :points: 1\n\n      One.\n"
    pages = {name: f"{name.upper()}\n={ask}" for name in "abcde"}
    pages["c"] = f":gradebook-index: 3\n\n{pages['c']}"
    toc = "T\n=\n\n.. toctree::\n   :glob:\n\n   *\n"
    source = builds.write_book(tmp_path / "source", index=toc, **pages)
    assert sync(source, "--noinput")[0] == 0
    assert list(Page.objects.values_list("index", flat=True)) == [None, 1, 2, 3, 4, 5]
    Page.objects.filter(url="a").update(index=10)
    _code, patch, _err = export("tiny-book", source)
    assert sync(applied(patch, source, tmp_path / "applied"), "--noinput")[0] == 0
    judge_settled()
    in_order = Page.objects.exclude(index=None).order_by("index")
    assert "".join(in_order.values_list("url", flat=True)) == "bcdea"
    assert [line for line in patch.splitlines() if line.startswith("+++")] == [
        "+++ b/a.rst",
        "+++ b/d.rst",
        "+++ b/e.rst",
    ]


def test_what_is_not_found_at_its_line_is_told_and_the_rest_is_written(tmp_path):
    ask = ".. question:: q\n   :points: 2\n\n   Ask.\n\n   .. feedback:: 1\n      :points: 1\n\n      One.\n"
    source = builds.write_book(
        tmp_path / "source",
        index=f"T\n=\n\n.. include:: part.inc\n\n{ask.replace(':: q', ':: r')}",
    )
    (source / "part.inc").write_text(ask)
    assert sync(source, "--noinput")[0] == 0
    reply_to("q", "1", "A new\n\nreply.", points=Decimal(2))
    add("q", "2", "Two.")
    code, patch, err = export("tiny-book", source)
    assert (code, patch) == (1, "")
    assert "index.rst" in err and "feedback '1' of question q" in err
    assert ":points: 2\n    :format: markdown\n    reply:\n    A new\n" in err
    assert "a new feedback for question q" in err and "None of the edits" in err
    reply_to("r", "1", points=Decimal(2))
    code, patch, err = export("tiny-book", source)
    assert code == 0
    assert patch.count("\n+") == 2 and "+      :points: 2" in patch
    assert "feedback '1' of question q" in err and "1 edit written" in err


def test_refusals(source, tmp_path, settings):
    assert export("nothing")[2].startswith("There is no book nothing")
    assert sync(source, "--noinput")[0] == 0
    assert export("tiny-book/other")[0] == 1
    settings.BOOKBINDER_SOURCES = []
    code, out, err = export("tiny-book")
    assert (code, out) == (1, "") and "--source" in err
    other = builds.write_book(
        tmp_path / "o", conf=builds.HEAD.replace("Tiny", "Other"), index="T\n=\n"
    )
    assert "--source" in export("tiny-book", other)[2]
    settings.BOOKBINDER_SOURCES = [other, source]
    code, out, err = export("tiny-book")
    assert (code, out) == (0, "") and "Nothing to export" in err
    Page.objects.update(index=4)
    code, out, err = export("tiny-book", source)
    assert (code, out) == (1, "") and "index and numbers and cities" in err
    change(source, "cities.rst", "Yes, ``it`` is.", "Yes.")
    code, out, err = export("tiny-book", source)
    assert (code, out) == (1, "") and "sync first, then export" in err


def test_a_choice_cannot_get_another_text_and_one_must_be_right(source):
    assert sync(source, "--noinput")[0] == 0
    reply_to("capital", "Turku", answer="Oslo")
    Feedback.objects.filter(question__label="primes").update(points=0)
    code, out, err = export("tiny-book", source)
    assert (code, out) == (1, "")
    assert "the text of a choice is part of the page" in err and "no choice would be right" in err


def test_a_patch_is_taken_in_a_folder_of_a_repository(source):
    assert sync(source, "--noinput")[0] == 0
    retitle("cities", "Towns")
    _code, patch, _err = export("tiny-book", source)
    subprocess.run(["git", "init", "-q", source.parent], check=True)
    subprocess.run(["git", "apply", "-"], cwd=source, input=patch.encode(), check=True)
    assert (source / "cities.rst").read_text().startswith("Towns\n=====\n")


def test_a_browsers_line_ends_are_exported_once(source, tmp_path):
    assert sync(source, "--noinput")[0] == 0
    reply_to("why", "because", "One  \r\n\ttwo\r\n\r\nthree\r\n", answer="since\r\nwhen")
    add("why", "so", "One\r\ntwo")
    _code, patch, _err = export("tiny-book", source)
    new = applied(patch, source, tmp_path / "applied")
    text = "One\\\n          two\n\n      three\n"
    assert f":format: markdown\n\n      {text}" in (new / "numbers.rst").read_text()
    assert sync(new, "--noinput")[0] == 0
    assert export("tiny-book", new)[:2] == (0, "")


def test_typed_quotes_in_a_myst_title_are_no_edit_for_ever(tmp_path):
    source = builds.copy_book("myst", tmp_path / "source")
    assert sync(source, "--noinput")[0] == 0
    retitle("cities", "Don't -- ...")
    _code, patch, _err = export("tiny-book", source)
    new = applied(patch, source, tmp_path / "applied")
    assert sync(new, "--noinput")[0] == 0
    assert Page.objects.get(url="cities").title == "Don't -- ..."
    assert export("tiny-book", new)[:2] == (0, "")


def test_a_symbolic_link_and_another_encoding_are_left_alone(source):
    (source / "cities.rst").rename(source / "towns.inc")
    (source / "cities.rst").symlink_to("towns.inc")
    assert sync(source, "--noinput")[0] == 0
    retitle("cities", "Towns")
    code, out, err = export("tiny-book", source)
    assert (code, out) == (1, "") and "symbolic link" in err
