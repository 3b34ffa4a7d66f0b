"""Writes page ids into the sources of RST and MyST pages: bytes in, bytes out."""

import re
import tempfile
from pathlib import Path

_BOM = b"\xef\xbb\xbf"
_RST = (".rst", ".txt", ".rest")
_MYST = (".md", ".markdown")
# A field list at the very top. A colon and a backtick begin a role, thus a paragraph.
_DOCINFO = re.compile(rb"(?:[ \t]*\r?\n)*(?::[^:\r\n]+:(?:[ \t].*)?\r?\n(?:[ \t]+\S.*\r?\n)*)+")
_FRONT_MATTER = re.compile(rb"---[ \t]*\r?\n(?:.*\r?\n)*?(?=---[ \t]*(?:\r?\n|\Z))")


class AnnotateError(Exception):
    """The source file cannot take a page id."""


def with_page_id(data: bytes, page_id: str, suffix: str) -> bytes:
    """Return a source file's bytes with its page id added; all else stays byte for byte.

    RST gets the directive after the page's metadata, MyST a line of front matter.
    Raises AnnotateError for other kinds of files.
    """
    bom, text = (_BOM, data[3:]) if data.startswith(_BOM) else (b"", data)
    newline = b"\r\n" if b"\r\n" in text else b"\n"
    if suffix in _MYST:
        return bom + _in_front_matter(text, page_id.encode(), newline)
    if suffix in _RST:
        return bom + _after_docinfo(text, page_id.encode(), newline)
    raise AnnotateError(f"page ids can be written into {', '.join(_RST + _MYST)} files")


def _in_front_matter(text: bytes, page_id: bytes, newline: bytes) -> bytes:
    line = b"page-id: " + page_id + newline
    match = _FRONT_MATTER.match(text)
    if match:
        return match[0] + line + text[match.end() :]
    return b"---" + newline + line + b"---" + newline + text


def _after_docinfo(text: bytes, page_id: bytes, newline: bytes) -> bytes:
    directive = b".. page-id:: " + page_id + newline + newline
    match = _DOCINFO.match(text)
    if not match:
        return directive + text
    rest = text[match.end() :]
    gap = b"" if rest.startswith(newline) else newline
    return match[0] + newline + directive.removesuffix(newline) + gap + rest


def write(root: Path, source: str, page_id: str) -> None:
    """Add a page id to a file inside `root`, through a temporary file and a rename.

    Raises AnnotateError.
    """
    path = root / source
    if not path.resolve().is_relative_to(root.resolve()) or path.is_symlink():
        raise AnnotateError(f"{source}: leads out of the source folder")
    try:
        data = with_page_id(path.read_bytes(), page_id, path.suffix.lower())
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        written = Path(file.name)
        written.chmod(path.stat().st_mode & 0o7777)
        written.replace(path)
    except OSError as error:
        raise AnnotateError(f"{source}: {error.strerror}") from error
    except AnnotateError as error:
        raise AnnotateError(f"{source}: {error}") from None
