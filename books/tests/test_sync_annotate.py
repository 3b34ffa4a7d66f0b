import pytest

from books.sync import annotate
from books.sync.annotate import AnnotateError, with_page_id


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
    ],
)
def test_myst_gets_a_line_of_front_matter(before, after):
    assert with_page_id(before, "x", ".md") == after


def test_other_kinds_of_files_are_refused():
    with pytest.raises(AnnotateError, match=r"can be written into \.rst"):
        with_page_id(b"", "x", ".ipynb")


def test_a_file_keeps_its_mode_and_nothing_is_left_beside_it(tmp_path):
    page = tmp_path / "a.rst"
    page.write_bytes(b"T\n=\n")
    page.chmod(0o640)
    annotate.write(tmp_path, "a.rst", "x")
    assert page.read_bytes().startswith(b".. page-id:: x")
    assert page.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"a.rst", "data"}


def test_a_file_outside_the_source_folder_is_not_touched(tmp_path):
    outside = tmp_path / "outside.rst"
    outside.write_bytes(b"T\n=\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/link.rst").symlink_to(outside)
    for source in ("../outside.rst", "link.rst"):
        with pytest.raises(AnnotateError, match="leads out"):
            annotate.write(tmp_path / "src", source, "x")
    assert outside.read_bytes() == b"T\n=\n"
