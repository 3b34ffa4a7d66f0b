"""A book of source code, whose text stands in the comments: page ids go into those."""

import pytest

from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import answered, change, sync
from books.models import Book, Page

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]

# What CodeChat does, in small: a comment alone on its line is text, all else is code.
CONF = """
from sphinx.parsers import RSTParser


def to_rst(text, marker):
    code = []
    for line in [*text.splitlines(), marker]:
        if line == marker or line.startswith(marker + " "):
            if any(line.strip() for line in code):
                yield from ["", ".. code-block:: text", ""]
                yield from ["   " + line for line in "\\n".join(code).strip("\\n").split("\\n")]
            if code:
                yield ""
            code = []
            yield line[len(marker) + 1 :]
        else:
            code.append(line)


class CommentParser(RSTParser):
    supported = ("comments",)

    def parse(self, inputstring, document):
        marker = "//" if document["source"].endswith(".c") else "#"
        super().parse("\\n".join(to_rst(str(inputstring), marker)), document)


def setup(app):
    app.add_source_parser(CommentParser)


project = "Code"
extensions = ["bookbinder.sphinx"]
exclude_patterns = ["conf.py"]
source_suffix = {".rst": "restructuredtext", ".py": "comments", ".c": "comments"}
"""
INDEX = ".. page-id:: theindex\n\nCode\n====\n\n.. toctree::\n\n   adding\n   sums\n"
PYTHON = b"""\
#!/usr/bin/env python
# Adding
# ======
# This adds:
def add(a, b):
    return a + b


# .. question:: sum
#    :grader: number
#
#    What is ``add(1, 2)``?
#
#    .. feedback:: 3
#       :points: 1
#
#       Yes.
print(add(1, 2))"""
C = "\ufeff// Sums\r\n// ====\r\n// Wörter\r\nint sum = 3;  // not text\r\n".encode()


@pytest.fixture
def code(tmp_path):
    source = builds.write_book(tmp_path / "code", conf=CONF, index=INDEX)
    (source / "adding.py").write_bytes(PYTHON)
    (source / "sums.c").write_bytes(C)
    return source


def test_page_ids_are_written_once_and_pages_keep_their_rows(code):
    status, out, err = sync(code, "--noinput", "--back-annotate")
    assert (status, err) == (0, "")
    assert "Page ids written into 2 source files" in out
    adding, sums = (Page.objects.get(url=url) for url in ("adding", "sums"))
    added = f"# .. page-id:: {adding.source_id}\n".encode()
    assert (code / "adding.py").read_bytes() == PYTHON + b"\n\n" + added
    added = f"// .. page-id:: {sums.source_id}\r\n".encode()
    assert (code / "sums.c").read_bytes() == C + b"\r\n" + added

    status, out, err = sync(code, "--noinput", "--back-annotate")
    assert (status, err, "Nothing to do" in out, "Page ids" in out) == (0, "", True, False)
    assert sync(code, "--dry-run")[0] == 0

    answer = answered("sum", string="3")
    (code / "adding.py").rename(code / "plus.py")
    change(code, "index.rst", "adding", "plus")
    change(code, "plus.py", "Adding\n# ======", "Plus\n# ====")
    change(code, "plus.py", "This adds:", "Another text.")
    status, out, err = sync(code, "--noinput", "--back-annotate")
    assert (status, err) == (0, "")
    assert "same page (by page id): adding -> plus" in out
    answer.refresh_from_db()
    assert (answer.question.page.pk, answer.question.page.url) == (adding.pk, "plus")


def test_an_id_that_the_build_does_not_read_gives_way(code):
    # This book's parser takes an indented comment for code.
    (code / "sums.c").write_bytes(C + b"  // .. page-id:: unread\r\n")
    assert sync(code, "--noinput", "--back-annotate")[0] == 0
    new = Page.objects.get(url="sums").source_id
    assert (code / "sums.c").read_bytes() == C + f"  // .. page-id:: {new}\r\n".encode()
    status, out, err = sync(code, "--noinput", "--back-annotate")
    assert (status, "Page ids written into 0 source files" in out) == (0, True)
    assert "sums.c: has its page id where the build does not see it" in err


def test_a_link_that_leads_out_is_told_and_the_rest_written(code, tmp_path):
    outside = tmp_path / "outside.c"
    outside.write_bytes(C)
    (code / "sums.c").unlink()
    (code / "sums.c").symlink_to(outside)
    status, out, err = sync(code, "--noinput", "--back-annotate")
    assert status == 0
    assert "sums.c: leads out of the source folder" in err
    assert "Page ids written into 1 source files" in out
    assert outside.read_bytes() == C
    assert Book.objects.get().pages.count() == 3
