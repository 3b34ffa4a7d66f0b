"""A build that would publish the source of a question is refused, whichever way the source came."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import builds

pytestmark = pytest.mark.sphinx
ADDING = """.. question:: adding

   What is 2 + 2?

   .. feedback:: four < "five"
      :points: 1

      Right.
"""
CITY = """.. question:: city

   Which?

   .. choice:: Turku

      No.

   .. choice:: Helsinki
      :correct:

      Yes.
"""


def indented(text: str, before: str = "    ") -> str:
    return "".join(f"{before}{line}".rstrip() + "\n" for line in text.splitlines())


def refused(source: Path, output: Path) -> str:
    done = builds.run(source, output)
    assert done.returncode != 0
    assert not (output / m.FILE_NAME).exists()
    return done.stderr


@pytest.fixture
def book(tmp_path):
    """Return a function that writes a book whose module has questions in its docstring."""

    def write(conf: str, index: str, **pages: str) -> Path:
        source = tmp_path / "source"
        head = f'import sys\nsys.path.insert(0, r"{source}/code")\n{builds.HEAD}{conf}\n'
        builds.write_book(source, head, index=f"Book\n====\n\n{index}\n", **pages)
        (source / "code").mkdir()
        docstring = f'"""Module.\n\n{ADDING}\n{CITY}\n"""\n'.replace('"five"', "'five'")
        (source / "code/lesson.py").write_text(docstring)
        return source

    return write


AUTODOC = 'extensions += ["sphinx.ext.autodoc"]\nexclude_patterns = ["code"]\n'


def test_viewcode_shows_docstrings(book, tmp_path):
    source = book(
        f'{AUTODOC}extensions += ["sphinx.ext.viewcode"]', ".. automodule:: lesson\n   :members:"
    )
    with (source / "code/lesson.py").open("a") as file:
        file.write("def f():\n    'F.'\n")
    errors = refused(source, tmp_path / "out")
    assert "_modules/lesson.html: shows the source of question adding (index.rst:3)" in errors
    assert "_modules/lesson.html: shows the source of question city" in errors
    assert "Remove what copies them" in errors and "Traceback (most" not in errors


def test_without_what_copies_it_the_same_book_builds(book, tmp_path):
    found = builds.build(book(AUTODOC, ".. automodule:: lesson"), tmp_path / "out")
    assert [question.label for page in found.pages() for question in page.questions] == [
        "adding",
        "city",
    ]


@pytest.mark.parametrize(
    "shown",
    [
        ":download:`lesson <code/lesson.py>`",
        ".. literalinclude:: code/lesson.py\n   :language: rst",
        ".. literalinclude:: code/lesson.py\n   :language: python",
    ],
)
def test_a_page_or_download_that_copies_a_module_is_refused(book, tmp_path, shown):
    errors = refused(book(AUTODOC, f".. automodule:: lesson\n\n{shown}"), tmp_path / "out")
    assert "shows the source of question adding" in errors


def test_whatever_else_is_published_is_searched(book, tmp_path):
    """Archives, notebooks and plain copies, from wherever an extension or the author laid them."""
    source = book(
        'html_extra_path = ["extra"]\nexclude_patterns = ["code", "extra"]', f"{ADDING}\n{CITY}"
    )
    extra = source / "extra"
    extra.mkdir()
    (extra / "all.md").write_text(
        "````{question} city\n\n```{choice} Helsinki\n---\ncorrect: true\n---\n```\n````\n"
    )
    (extra / "notebook.ipynb").write_text(
        '{"source": ["# .. question:: adding\\n", "#    .. feedback:: four < \\"five\\"\\n"]}'
    )
    (extra / "public.txt").write_text(".. question:: adding\n\n   .. feedback:: another answer\n")
    with zipfile.ZipFile(extra / "book.zip", "w") as archive:
        archive.writestr("src/lesson.py", indented(CITY, "# "))
        archive.writestr("out/key.json", '{"format":"bookbinder","version":1}')
    with tarfile.open(extra / "book.tar.gz", "w:gz") as archive:
        (tmp_path / "lesson.rst").write_text(ADDING)
        archive.add(tmp_path / "lesson.rst", "lesson.rst")
    (extra / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    errors = refused(source, tmp_path / "out")
    for line in (
        "all.md: shows the source of question city (index.rst:13)",
        "book.tar.gz: shows the source of question adding (index.rst:4)",
        "book.zip: shows the source of question city",
        "book.zip: shows the whole answer key (bookbinder.json)",
        "notebook.ipynb: shows the source of question adding",
    ):
        assert line in errors
    assert "public.txt" not in errors and "broken.zip" not in errors


def test_a_build_in_a_build_is_left_out(book, tmp_path):
    """As when somebody builds into a folder of the output, or publishes old editions."""
    source, output = book("", ADDING), tmp_path / "out"
    builds.build(source, output / "v2")
    found = builds.build(source, output)
    assert (output / "v2" / m.FILE_NAME).is_file()
    assert not [path for path in found.files if path.startswith("v2/")]


SHOUTED = """.. Question:: city

   Which?

   .. Choice:: Turku
      :Points: 1

   .. CHOICE:: Helsinki
"""
LONG = "Anything else is wrong, as one sees from the map."


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("shouted.txt", SHOUTED.encode()),
        ("shouted.utf16", SHOUTED.encode("utf-16")),
        ("excerpt.txt", b".. feedback:: *\n\n   Anything else is wrong,\n   as one sees from the map.\n"),
        ("relabelled.txt", b".. question:: older\n\n   .. feedback:: zw\xc3\xb6lf\n\n      Right.\n"),
        ("escaped.ipynb", b'{"source": [".. question:: adding\\n", "   .. feedback:: zw\\u00f6lf\\n"]}'),
        ("packed.rst.gz", gzip.compress(b".. question:: adding\n\n   .. feedback:: zw\xc3\xb6lf\n", mtime=0)),
        ("key.json", b'{"format":"bookbinder","version":1}'),
    ],
)  # fmt: skip
def test_a_source_is_known_however_it_is_written(book, tmp_path, name, data):
    adding = f".. question:: adding\n\n   How many?\n\n   .. feedback:: zwölf\n      :points: 1\n\n      Right.\n\n   .. feedback:: *\n\n      {LONG}\n"
    city = SHOUTED.replace("Shouted", "City")
    source = book(
        'html_extra_path = ["extra"]\nexclude_patterns = ["code", "extra"]', f"{adding}\n{city}"
    )
    (source / "extra").mkdir()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("broken", b"x" * 100)
        archive.writestr(name, data)
    broken = inner.getvalue().replace(b"broken", b"BROKEN", 1)
    with zipfile.ZipFile(source / "extra/outer.zip", "w") as archive:
        archive.writestr("inner.zip", broken)
    (source / "extra" / name).write_bytes(data)
    errors = refused(source, tmp_path / "out")
    assert f"  {name}: shows " in errors and "  outer.zip: shows " in errors


@pytest.mark.parametrize(
    "text",
    [
        ".. code-block:: rst\n\n   .. question:: adding\n\n      .. choice:: One\n         :correct:\n",
        ".. code-block:: rst\n\n   .. question:: adding\n\nOnly one of these is correct: A or B.\n",
        ".. code-block:: rst\n\n   .. question:: adding\n\n      .. feedback:: fourteen\n",
        ".. code-block:: rst\n\n   .. feedback:: *\n\n      Another reply to anything else.\n",
    ],
)
def test_a_page_may_tell_how_questions_are_written(book, tmp_path, text):
    question = ".. question:: adding\n\n   What?\n\n   .. feedback:: four\n      :points: 1\n\n      Right.\n\n   .. feedback:: #\n"
    source = book("", f".. toctree::\n\n   how\n\n{question}", how=f"How\n===\n\n{text}")
    assert builds.build(source, tmp_path / "out").books


def test_a_module_page_of_an_earlier_build_is_not_published(book, tmp_path):
    """As when viewcode was taken away, as the message says, or the module is no longer there."""
    viewcode = f'{AUTODOC}extensions += ["sphinx.ext.viewcode"]'
    source = book(viewcode, ".. automodule:: lesson\n   :members:")
    with (source / "code/lesson.py").open("a") as file:
        file.write("def f():\n    'F.'\n")
    refused(source, tmp_path / "out")
    assert (tmp_path / "out/_modules/lesson.html").is_file()
    (source / "conf.py").write_text((source / "conf.py").read_text().replace(viewcode, AUTODOC))
    files = builds.build(source, tmp_path / "out").files
    assert not [path for path in files if path.startswith("_modules")]


def test_viewcode_itself_is_as_after_a_clean_build(book, tmp_path):
    source = book(
        f'{AUTODOC}extensions += ["sphinx.ext.viewcode"]', ".. automodule:: other\n   :members:"
    )
    (source / "code/other.py").write_text('"""Other."""\n\ndef f():\n    "F."\n')
    clean = builds.build(source, tmp_path / "out").files
    assert "_modules/other.html" in clean
    assert builds.build(source, tmp_path / "out").files.keys() == clean.keys()
    with (source / "index.rst").open("a") as file:
        file.write("\nMore.\n")
    assert builds.build(source, tmp_path / "out").files.keys() == clean.keys()


def test_a_picture_that_left_the_static_folder_is_gone(book, tmp_path):
    """Else it would look like a file of the theme, which is for anybody."""
    question = ".. question:: q\n\n   What?\n\n   .. feedback:: a\n      :points: 1\n\n      .. image:: own/{}.png\n"
    source = book('html_static_path = ["own"]', question.format("four"))
    (source / "own").mkdir()
    (source / "own/four.png").write_bytes(b"\x89PNG\r\n\x1a\n4")
    builds.build(source, tmp_path / "out")
    (source / "own/four.png").rename(source / "own/five.png")
    with (source / "own/five.png").open("ab") as file:
        file.write(b"5")
    (source / "index.rst").write_text(f"Book\n====\n\n{question.format('five')}")
    files = builds.build(source, tmp_path / "out").files
    assert "_static/four.png" not in files and "_static/basic.css" in files


@pytest.mark.parametrize("reply", ["![x](_static/four.png)", '<img src="_static/four.png">'])
def test_a_reply_shows_no_picture_that_others_can_open(book, tmp_path, reply):
    body = f".. raw:: html\n\n         {reply}" if reply.startswith("<") else reply
    option = "" if reply.startswith("<") else "      :format: markdown\n"
    question = f".. question:: q\n\n   What?\n\n   .. feedback:: a\n      :points: 1\n{option}\n      {body}\n"
    source = book('html_static_path = ["own"]', question)
    (source / "own").mkdir()
    (source / "own/four.png").write_bytes(b"\x89PNG\r\n\x1a\n4")
    assert "feedback of q: shows _static/four.png, which others can open" in refused(
        source, tmp_path / "out"
    )


def test_static_files_beside_the_source_folder_are_the_authors_too(book, tmp_path):
    source = book('html_static_path = ["../shared"]', "Text.")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/data.csv").write_text("1,2")
    files = builds.build(source, tmp_path / "out").files
    assert not files["_static/data.csv"].public and files["_static/basic.css"].public


def test_what_a_reply_shows_lies_nowhere_else(book, tmp_path):
    """A picture of a reply in a static folder could be had under its own name."""
    picture = "\n\n      .. image:: own/four.png\n"
    source = book('html_static_path = ["own"]', f"{ADDING}{picture}\n.. image:: own/five.png\n")
    (source / "own").mkdir()
    for name, data in (("four", b"4"), ("five", b"5"), ("six", b"6")):
        (source / f"own/{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    files = builds.build(source, tmp_path / "out").files
    assert "_static/four.png" not in files and "_static/five.png" in files
    assert "_static/six.png" in files
    assert len([path for path in files if path.startswith("_feedback/")]) == 1
