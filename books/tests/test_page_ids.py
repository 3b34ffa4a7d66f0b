import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from books.sources import page_ids
from books.sources.page_ids import COMMENTS, MYST, RST, AnnotateError, with_page_id

ASKED_FOR = [".py", ".c", ".h", ".cpp", ".js", ".css", ".sh", ".s", ".asm", ".java", ".m", ".v"]
ASKED_FOR += [".rs", ".go", ".sql", ".html", ".tex"]
GUIDE = Path(__file__).resolve().parents[2] / "docs/authors/pages.rst"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"T\n=\n", b".. page-id:: x\n\nT\n=\n"),
        (b"", b".. page-id:: x\n\n"),
        (b".. _here:\n\nT\n=\n", b".. page-id:: x\n\n.. _here:\n\nT\n=\n"),
        (b":orphan:\n\nT\n=\n", b":orphan:\n\n.. page-id:: x\n\nT\n=\n"),
        (b"\n:a: b\n:c:\n   d\n\nT\n=\n", b"\n:a: b\n:c:\n   d\n\n.. page-id:: x\n\nT\n=\n"),
        (b":doc:`a` is a paragraph.\n", b".. page-id:: x\n\n:doc:`a` is a paragraph.\n"),
        (b"T\r\n=\r\n\r\nx", b".. page-id:: x\r\n\r\nT\r\n=\r\n\r\nx"),
        (b"\xef\xbb\xbfT\n=\n", b"\xef\xbb\xbf.. page-id:: x\n\nT\n=\n"),
        (b"T\xe9\n==\n", b".. page-id:: x\n\nT\xe9\n==\n"),
        (b"T\r=\r", b".. page-id:: x\r\rT\r=\r"),
        (b":a: b\r\rT\r=\r", b":a: b\r\r.. page-id:: x\r\rT\r=\r"),
        # What stands there gives way.
        (b".. page-id:: old\n\nT\n=\n", b".. page-id:: x\n\nT\n=\n"),
        (b"T\n=\n\n..  page-id::   old \r\n", b"T\n=\n\n..  page-id::   x \r\n"),
        (b"T\n=\n\n.. page-id::", b"T\n=\n\n.. page-id:: x"),
        (b":a: b\n:page-id: old\n\nT\n=\n", b":a: b\n:page-id: x\n\nT\n=\n"),
        # An example of it does not.
        (b"T::\n\n  .. page-id:: a\n", b".. page-id:: x\n\nT::\n\n  .. page-id:: a\n"),
    ],
)
def test_rst_gets_the_directive_after_its_metadata(before, after):
    assert with_page_id(before, "x", ".rst") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"# T\n", b"---\npage-id: x\n---\n# T\n"),
        (b"---\na: b\n---\n# T\n", b"---\na: b\npage-id: x\n---\n# T\n"),
        (b"---\r\na: b\r\n---\r\n# T", b"---\r\na: b\r\npage-id: x\r\n---\r\n# T"),
        (b"---\n---\n# T\n", b"---\npage-id: x\n---\n# T\n"),
        (b"---\ra: b\r---\r# T\r", b"---\ra: b\rpage-id: x\r---\r# T\r"),
        (b"---\npage-id: 'old' # a\na: b\n---\n", b"---\npage-id: x # a\na: b\n---\n"),
        (b"---\na: b\n---\npage-id: a\n", b"---\na: b\npage-id: x\n---\npage-id: a\n"),
    ],
)
def test_myst_gets_a_line_of_front_matter(before, after):
    assert with_page_id(before, "x", ".md") == after


@pytest.mark.parametrize("suffix", ASKED_FOR)
def test_source_code_gets_a_comment_of_its_own_at_its_end(suffix):
    opening, _, closing = COMMENTS[suffix][0].partition(" ")
    title = f"{opening} T {closing}".rstrip() + "\n"
    line = f"{opening} .. page-id:: x {closing}".rstrip() + "\n"
    before = f"{title}\nsome code".encode()
    added = with_page_id(before, "x", suffix)
    assert added == before + b"\n\n" + line.encode()
    assert with_page_id(added, "x", suffix) == added
    assert with_page_id(added, "other", suffix) == added.replace(b":: x", b":: other")


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (b"", b"# .. page-id:: x\n"),
        (b"a", b"\n\n# .. page-id:: x\n"),
        (b"a\n", b"\n# .. page-id:: x\n"),
        (b"a\n\n", b"# .. page-id:: x\n"),
        (b"a\n \t\n", b"# .. page-id:: x\n"),
        (b"a\r\n", b"\r\n# .. page-id:: x\r\n"),
        (b"a\r\nb", b"\r\n\r\n# .. page-id:: x\r\n"),
        (b"a\r\n\r\n", b"# .. page-id:: x\r\n"),
        (b"a\rb", b"\r\r# .. page-id:: x\r"),
        (b"\xef\xbb\xbf# T\xc3\xa4\r\n", b"\r\n# .. page-id:: x\r\n"),
        (b"# T\xe9 \x85 \x0b\n", b"\n# .. page-id:: x\n"),
        # Examples, and code beside the comment.
        (b"# ::\n#\n#   .. page-id:: a\n", b"\n# .. page-id:: x\n"),
        (b"a # .. page-id:: a\n", b"\n# .. page-id:: x\n"),
    ],
)
def test_what_is_added_stands_by_itself_and_ends_as_lines_there_end(before, added):
    assert with_page_id(before, "x", ".py") == before + added


@pytest.mark.parametrize(
    ("suffix", "before", "after"),
    [
        (".py", b"# T\n\n  # .. page-id:: old\r\na\n", b"# T\n\n  # .. page-id:: x\r\na\n"),
        (".py", b"# .. page-id::\rb", b"# .. page-id:: x\rb"),
        (".c", b"/* T */\n// .. page-id:: old\na", b"/* T */\n// .. page-id:: x\na"),
        (".c", b"/* .. page-id:: old */\n// a", b"/* .. page-id:: x */\n// a"),
        (".c", b"a\n  /* T\n\n     .. page-id:: old\n  */", b"a\n  /* T\n\n     .. page-id:: x\n  */"),
        (".c", b"/*\n * T\n *\n * .. page-id:: old\n */\n", b"/*\n * T\n *\n * .. page-id:: x\n */\n"),
        (".css", b"/*\nT\n\n.. page-id:: old\n*/", b"/*\nT\n\n.. page-id:: x\n*/"),
        (".html", b"<!-- .. page-id:: old-->\n", b"<!-- .. page-id:: x-->\n"),
    ],
)  # fmt: skip
def test_an_id_in_a_comment_that_stands_alone_gives_way(suffix, before, after):
    assert with_page_id(before, "x", suffix) == after


@pytest.mark.parametrize(
    "before",
    [
        b"/*\nT::\n\n   .. page-id:: a\n*/\n\n",
        b"/* T::\n *\n *    .. page-id:: a\n */\n\n",
        b"a /* .. page-id:: a */\n\n",
        b"/* .. page-id:: a */ a\n\n",
        b"/* never ends\n\n",
    ],
)
def test_examples_in_block_comments_stay(before):
    after = with_page_id(before, "x", ".css")
    assert after == before + b"/* .. page-id:: x */\n"
    assert with_page_id(after, "y", ".css") == before + b"/* .. page-id:: y */\n"


@pytest.mark.parametrize(
    ("suffix", "before", "comment"),
    [
        (".m", "% T\na\n", "% .. page-id:: x"),
        (".m", "// T\n// =\n% a\n", "// .. page-id:: x"),
        (".m", "(* T *)\n", "(* .. page-id:: x *)"),
        (".m", "//T\n", "// .. page-id:: x"),
        (".s", "nop\n", "; .. page-id:: x"),
        (".s", "# T\n# =\n  ; a\n", "# .. page-id:: x"),
        (".s", "#include <a>\n#include <b>\n@ T\n", "@ .. page-id:: x"),
        (".asm", "  // T\n", "// .. page-id:: x"),
        (".v", "// T\n(* keep *)\n", "// .. page-id:: x"),
        (".c", "/* T\n   = */\nint a;\n", "/* .. page-id:: x */"),
        (".c", "/** a */\n/** b */\n// T\n", "// .. page-id:: x"),
    ],
)
def test_the_comment_is_of_the_kind_that_the_file_uses_most(suffix, before, comment):
    assert with_page_id(before.encode(), "x", suffix) == f"{before}\n{comment}\n".encode()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_are_kept_if_they_have_a_byte_order_mark(encoding):
    before = "\ufeff# Tä\U0001f600\u0a0d\r\n".encode(encoding)
    added = "\r\n# .. page-id:: x\r\n".encode(encoding)
    assert with_page_id(before, "x", ".py") == before + added
    with pytest.raises(AnnotateError, match="byte-order mark"):
        with_page_id("# T\n".encode(encoding), "x", ".py")


def test_what_is_not_in_the_encoding_of_its_mark_is_refused():
    with pytest.raises(AnnotateError, match=r"not the utf-16-le .* by hand"):
        with_page_id(b"\xff\xfea", "x", ".py")


def test_other_kinds_of_files_are_refused():
    with pytest.raises(AnnotateError, match=r"can be written into \.rst.* by hand.*:: x$"):
        with_page_id(b"", "x", ".ipynb")


LAYOUT = ["\n", "\r", "\r\n", " ", "\t", "a", ":", "\\", "---\n", ":a: b\n", ".. b::"]
MARKERS = " ".join(sum(COMMENTS.values(), ())).split()
IDS = [".. page-id:: old", "page-id: old\n", ":page-id: old\n", "page-id::"]
ADDED = re.compile(r"(---)?\s*(\S+ )?(\.\. )?page-id::? k3v9x2m7qd( \S+)?\s*(---\s*)?")


def files(pieces):
    """Source files with a mark or without, and some that are in no encoding at all."""
    texts = st.lists(st.sampled_from(pieces) | st.text(max_size=3), max_size=12).map("".join)
    texts = texts.map(lambda text: text.replace("\0", ""))
    return (
        texts.map(str.encode)
        | texts.map(lambda text: text.encode("utf-8-sig"))
        | texts.map(lambda text: text.encode("latin-1", "ignore"))
        | texts.map(lambda text: b"\xff\xfe" + text.encode("utf-16-le"))
    )


suffixes = st.sampled_from([*RST, *MYST, *COMMENTS])


@settings(derandomize=True, deadline=None)
@given(files([*LAYOUT, *MARKERS]), suffixes)
def test_without_what_was_added_a_file_is_as_it_was(data, suffix):
    after = with_page_id(data, "k3v9x2m7qd", suffix)
    encoding = "utf-16-le" if data.startswith(b"\xff\xfe") else "latin-1"
    more = len(after) - len(data)
    added = [
        after[place : place + more].decode(encoding)
        for place in range(len(data) + 1)
        if after[:place] + after[place + more :] == data and (encoding[0] == "l" or place % 2 == 0)
    ]
    assert any(ADDED.fullmatch(text) for text in added)
    if suffix in COMMENTS:
        assert after.startswith(data)


@settings(derandomize=True, deadline=None)
@given(files([*LAYOUT, *MARKERS, *IDS]), suffixes)
def test_a_page_id_is_replaced_and_not_doubled(data, suffix):
    once = with_page_id(data, "first", suffix)
    assert with_page_id(once, "first", suffix) == once
    assert with_page_id(once, "second", suffix) == with_page_id(data, "second", suffix)


def test_the_guide_names_the_files_that_can_take_a_page_id():
    section = GUIDE.read_text().partition("Which files can take it")[2].partition("\n---")[2]
    section = section.partition("\n---")[0]
    named = set(re.findall(r"``(\.\w+)``", section))
    assert named == {*RST, *MYST, *COMMENTS}


@pytest.mark.parametrize("name", ["a.rst", "a.PY"])
def test_a_file_keeps_its_mode_and_nothing_is_left_beside_it(tmp_path, name):
    page = tmp_path / name
    page.write_bytes(b"# T\n")
    page.chmod(0o640)
    page_ids.write(tmp_path, name, "x")
    assert b".. page-id:: x\n" in page.read_bytes()
    assert page.stat().st_mode & 0o7777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {name, "data"}


def test_a_file_outside_the_source_folder_is_not_touched(tmp_path):
    outside = tmp_path / "outside.rst"
    outside.write_bytes(b"T\n=\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/link.rst").symlink_to(outside)
    for source in ("../outside.rst", "link.rst"):
        with pytest.raises(AnnotateError, match="leads out"):
            page_ids.write(tmp_path / "src", source, "x")
    assert outside.read_bytes() == b"T\n=\n"


def refused(root: Path, source: str, match: str) -> None:
    """Nothing may have changed, and nothing may lie beside it."""
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(AnnotateError, match=match) as caught:
        page_ids.write(root, source, "x")
    assert str(caught.value).startswith(f"{source}: ")
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_linked_folder_leads_out_and_one_within_does_not(tmp_path):
    root, outside = tmp_path / "src", tmp_path / "outside"
    for folder in (root / "real", outside):
        folder.mkdir(parents=True)
        (folder / "a.py").write_text("# T\n")
    (root / "out").symlink_to(outside)
    (root / "within").symlink_to("real")
    refused(root, "out/a.py", "leads out")
    assert (outside / "a.py").read_text() == "# T\n"
    page_ids.write(root, "within/a.py", "x")
    assert (root / "real/a.py").read_text() == "# T\n\n# .. page-id:: x\n"
    assert (root / "within").is_symlink()


def test_a_folder_that_becomes_a_link_is_not_followed(tmp_path, monkeypatch):
    root, outside = tmp_path / "src", tmp_path / "outside"
    for folder in (root / "a", outside):
        folder.mkdir(parents=True)
        (folder / "a.py").write_text("# T\n")
    opened = page_ids._opened

    def swapped(top, folder):
        (root / "a").rename(root / "b")
        (root / "a").symlink_to(outside)
        return opened(top, folder)

    monkeypatch.setattr(page_ids, "_opened", swapped)
    with pytest.raises(AnnotateError):
        page_ids.write(root, "a/a.py", "x")
    assert (outside / "a.py").read_text() == "# T\n"


def test_the_source_folder_may_be_a_link_itself(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.py").write_text("# T\n")
    (tmp_path / "src").symlink_to("real")
    page_ids.write(tmp_path / "src", "a.py", "x")
    assert (tmp_path / "real/a.py").read_text().endswith("page-id:: x\n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("folder.py", "is not a regular file"),
        ("pipe.py", "is not a regular file"),
        ("gone.py", "No such file"),
        ("circle.py", "loop"),
        ("a\0.py", "null byte"),
        (".", "leads out"),
        ("..", "leads out"),
        ("/etc/passwd", "leads out"),
    ],
)
def test_what_is_no_file_of_the_folder_is_refused(tmp_path, source, message):
    root = tmp_path / "src"
    (root / "folder.py").mkdir(parents=True)
    os.mkfifo(root / "pipe.py")
    (root / "circle.py").symlink_to("circle.py")
    refused(root, source, message)


@contextmanager
def as_nobody():
    """To root every folder can be written."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_told(monkeypatch):
    # Not in tmp_path: others than its owner cannot even look into that.
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "a.py").write_text("# T\n")
        Path(name).chmod(0o555)
        with as_nobody():
            refused(Path(name), "a.py", "its folder cannot be written to: Permission denied")
        Path(name).chmod(0o755)


@pytest.mark.parametrize("call", ["fchmod", "fsync", "stat", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch, call, error):
    def fail(*args, **kwargs):
        if kwargs or call in ("fchmod", "fsync"):
            raise error
        return original(*args)

    root = tmp_path / "src"
    root.mkdir()
    (root / "a.py").write_text("# T\n")
    original = getattr(os, call)
    with monkeypatch.context() as patched:
        patched.setattr(page_ids.os, call, fail)
        with pytest.raises((AnnotateError, KeyboardInterrupt)):
            page_ids.write(root, "a.py", "x")
    assert [path.name for path in root.iterdir()] == ["a.py"]
    assert (root / "a.py").read_text() == "# T\n"


def test_a_file_that_was_changed_meanwhile_is_left_alone(tmp_path, monkeypatch):
    page = tmp_path / "a.py"
    page.write_text("# T\n")
    fsync = os.fsync

    def save(file):
        page.write_text("# The author's editor was quicker\n")
        fsync(file)

    monkeypatch.setattr(page_ids.os, "fsync", save)
    with pytest.raises(AnnotateError, match="changed meanwhile"):
        page_ids.write(tmp_path, "a.py", "x")
    assert page.read_text() == "# The author's editor was quicker\n"


def test_an_id_that_the_build_did_not_see_is_told(tmp_path):
    (tmp_path / "a.py").write_text("# T\n# .. page-id:: x\n")
    refused(tmp_path, "a.py", "does not see it")
