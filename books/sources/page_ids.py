"""Writes page ids into the sources of pages: RST, MyST, and source code with text in comments.

Everything in a file except the page id stays the same, byte for byte.
"""

import codecs
import os
import re
import secrets
import stat
import string
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from books.errors import BooksError

ID_ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 10
RST = (".rst", ".txt", ".rest")
MYST = (".md", ".markdown")

_C_LIKE = ("//", "/* */")
# By extension, how a comment begins (and ends). There are several if a language has two kinds, or
# if several languages share the extension. The one that the file uses most is taken, or the first.
COMMENTS = {
    **dict.fromkeys((".py", ".pyx", ".sh", ".bash", ".zsh", ".rb", ".r", ".jl"), ("#",)),
    **dict.fromkeys((".yaml", ".yml", ".toml"), ("#",)),
    **dict.fromkeys((".c", ".h", ".cc", ".hh", ".cpp", ".hpp", ".cxx", ".hxx", ".ino"), _C_LIKE),
    **dict.fromkeys((".java", ".cs", ".kt", ".scala", ".swift", ".rs", ".go", ".d"), _C_LIKE),
    **dict.fromkeys((".js", ".mjs", ".jsx", ".ts", ".tsx", ".scss", ".sv"), _C_LIKE),
    **dict.fromkeys((".tex", ".sty", ".erl"), ("%",)),
    **dict.fromkeys((".hs", ".lua", ".vhd", ".vhdl", ".adb", ".ads"), ("--",)),
    **dict.fromkeys((".el", ".lisp", ".scm", ".clj"), (";",)),
    **dict.fromkeys((".html", ".htm", ".xml"), ("<!-- -->",)),
    ".css": ("/* */",),
    ".sql": ("--", "/* */"),
    ".f90": ("!",),
    ".ml": ("(* *)",),
    ".v": (*_C_LIKE, "(* *)"),  # Verilog, Coq
    ".m": ("%", "//", "/* */", "(* *)"),  # MATLAB, Objective-C, Mathematica
    # Each assembler has its own kind.
    **dict.fromkeys((".s", ".asm"), (";", "#", "@", "//", "/* */")),
}

# Latin-1 maps each byte to one character, so a file in any encoding that extends ASCII can be
# edited and comes out unchanged. Longer marks come first, since one begins with another.
_ENCODINGS = (
    (codecs.BOM_UTF8, "latin-1"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "latin-1"),
)

# `.`, `^` and `$` do not treat \r alone as the end of a line, and \r\n must not count as two.
_NEWLINE = r"(?:\r\n?+|\n)"
_REST = r"[^\r\n]*"
_START = r"(?:\A|(?<=[\r\n]))"
_END = r"(?=[\r\n]|\Z)"
_DIRECTIVE = rf"\.\. +(?:bookbinder:)?page-id::(?P<gap>[ \t]*)(?P<id>{_REST}?)[ \t]*{_END}"
_RST_DIRECTIVE = re.compile(_START + _DIRECTIVE)
_RST_FIELD = re.compile(rf"{_START}:page-id:(?P<gap>[ \t]*)(?P<id>{_REST}?)[ \t]*{_END}")
_MYST_FIELD = re.compile(
    rf"{_START}page-id:(?P<gap>[ \t]*)(?P<id>[^\r\n#]*?)[ \t]*(?:(?<=[ \t])#{_REST})?{_END}"
)
# A field list at the very top. Text that begins with a role, such as :ref:`x`, is none.
_DOCINFO = re.compile(
    rf"(?:[ \t]*{_NEWLINE})*"
    rf"(?::[^:\r\n]+:(?:[ \t]{_REST})?{_NEWLINE}(?:[ \t]+[^ \t\r\n]{_REST}{_NEWLINE})*)+"
)
_FRONT_MATTER = re.compile(rf"---[ \t]*{_NEWLINE}(?:{_REST}{_NEWLINE})*?(?=---[ \t]*{_END})")
_TEXT_IN_BLOCK = re.compile(rf"{_START}([ \t]*(?:\*[ \t]*)?)[^\s*]")
_EMPTY_LINE_LAST = re.compile(rf"(?:\A|{_NEWLINE})[ \t]*{_NEWLINE}\Z")

# The attributes of `os.stat_result` that tell whether a file has been changed or replaced.
_VERSION = ("st_dev", "st_ino", "st_mtime_ns", "st_size")


_TEMPORARY = re.compile(r"\.bookbinder-[0-9a-f]{16}\.tmp")


class AnnotateError(BooksError):
    """A page id cannot be written into a source file; the message says why."""


def with_page_id(data: bytes, page_id: str, suffix: str) -> bytes:
    """Return the bytes of a source file with a page id; everything else stays byte for byte.

    An id that the file already has is replaced. Otherwise RST gets the directive after the page's
    metadata, MyST gets a line of front matter, and source code gets a comment at its end.
    Raise AnnotateError for other kinds of files, and if the encoding cannot be determined.
    """
    by_hand = f"Add this line by hand, in the syntax of its language: .. page-id:: {page_id}"
    if suffix not in (*RST, *MYST, *COMMENTS):
        known = ", ".join((*RST, *MYST, *sorted(COMMENTS)))
        raise AnnotateError(f"page ids can be written into {known} files. {by_hand}")
    mark, encoding = next(known for known in _ENCODINGS if data.startswith(known[0]))
    try:
        text = data.removeprefix(mark).decode(encoding)
    except UnicodeDecodeError:
        raise AnnotateError(f"is not the {encoding} of its byte-order mark. {by_hand}") from None
    if "\0" in text:
        raise AnnotateError(f"has NUL bytes: UTF-16 without a byte-order mark? {by_hand}")
    text = _replaced(text, page_id, suffix) or _added(text, page_id, suffix)
    return mark + text.encode(encoding)


def _replaced(text: str, page_id: str, suffix: str) -> str | None:
    position = _position(text, suffix)
    if position is None:
        return None
    start, end, has_gap = position
    return f"{text[:start]}{'' if has_gap else ' '}{page_id}{text[end:]}"


def _position(text: str, suffix: str) -> tuple[int, int, bool] | None:
    """Return the start and end of the page id that the file has, or None if it has none.

    The third value is whether white space separates it from its colon.
    """
    if suffix in MYST:
        front = _FRONT_MATTER.match(text)
        found = front and _MYST_FIELD.search(text, 0, front.end())
    elif suffix in RST:
        docinfo = _DOCINFO.match(text)
        field = docinfo and _RST_FIELD.search(text, 0, docinfo.end())
        found = field or _RST_DIRECTIVE.search(text)
    else:
        found = next(filter(None, (_in_comment(text, how) for how in COMMENTS[suffix])), None)
    return (*found.span("id"), bool(found["gap"])) if found else None


def _in_comment(text: str, how: str) -> re.Match[str] | None:
    """Return the match of the directive in a comment that has its lines to itself, or None.

    A directive that is indented more than the comment's text is an example and does not count.
    """
    opening, _, closing = how.partition(" ")
    left, right = re.escape(opening), re.escape(closing)
    if not closing:
        return re.search(rf"{_START}[ \t]*{left}[ \t]?{_DIRECTIVE}", text)
    # Without the lookahead, a comment that is never closed would run into the next one.
    block = rf"{_START}[ \t]*{left}((?:(?!{left}|{right})[\s\S])*+){right}[ \t]*{_END}"
    # Replace the opening mark by spaces, so that the first line is indented like the others.
    seen = re.sub(rf"{_START}[ \t]*{left}", lambda found: " " * len(found[0]), text)
    for comment in re.finditer(block, text):
        lines = comment.start(), comment.end(1)
        depths = _TEXT_IN_BLOCK.finditer(seen, *lines)
        depth = min((len(line[1]) for line in depths), default=0)
        found = re.compile(rf"{_START}[ \t*]{{{depth}}}{_DIRECTIVE}").search(seen, *lines)
        if found:
            return found
    return None


def _added(text: str, page_id: str, suffix: str) -> str:
    if suffix in MYST:
        return _in_front_matter(text, page_id)
    if suffix in RST:
        return _after_docinfo(text, page_id)
    return _with_last_comment(text, page_id, COMMENTS[suffix])


def _newline_of(text: str) -> str:
    """Return the end of line to use for what follows `text`."""
    found = re.findall(_NEWLINE, text)
    return found[-1] if found else "\n"


def _in_front_matter(text: str, page_id: str) -> str:
    front = _FRONT_MATTER.match(text)
    if front:
        newline = _newline_of(front[0])
        return f"{front[0]}page-id: {page_id}{newline}{text[front.end() :]}"
    first = re.search(_NEWLINE, text)
    newline = first[0] if first else "\n"
    return f"---{newline}page-id: {page_id}{newline}---{newline}{text}"


def _after_docinfo(text: str, page_id: str) -> str:
    docinfo = _DOCINFO.match(text)
    if not docinfo:
        first = re.search(_NEWLINE, text)
        newline = first[0] if first else "\n"
        return f".. page-id:: {page_id}{newline}{newline}{text}"
    rest, newline = text[docinfo.end() :], _newline_of(docinfo[0])
    gap = "" if rest.startswith(newline) else newline
    return f"{docinfo[0]}{newline}.. page-id:: {page_id}{newline}{gap}{rest}"


def _with_last_comment(text: str, page_id: str, hows: tuple[str, ...]) -> str:
    """Return source code with the page id in a comment at its end, after an empty line."""
    newline = _newline_of(text)
    before = "" if not text or text.endswith(("\r", "\n")) else newline
    if text and not _EMPTY_LINE_LAST.search(text + before):
        before += newline
    opening, _, closing = _most_used(text, hows).partition(" ")
    return f"{text}{before}{opening} .. page-id:: {page_id} {closing}".rstrip(" ") + newline


def _most_used(text: str, hows: tuple[str, ...]) -> str:
    """Return the kind of comment that begins the most lines.

    Comments with a blank after the mark decide, since only they contain text; all comments
    decide in case of a tie.
    """

    def count(how: str) -> tuple[int, int]:
        begins = rf"{_START}[ \t]*{re.escape(how.partition(' ')[0])}"
        return len(re.findall(rf"{begins}(?=[ \t\r\n]|\Z)", text)), len(re.findall(begins, text))

    return max(hows, key=count)


def write(root: Path, source: str, page_id: str) -> None:
    """Write a page id into a file inside `root`, through a temporary file and a rename.

    Raise AnnotateError if that fails. The file is then unchanged, and nothing is left beside it.
    """
    try:
        top, path = root.resolve(strict=True), (root / source).resolve(strict=True)
        if top not in path.parents:
            raise AnnotateError("leads out of the source folder")
        with _opened(top, path.parent) as folder:
            before, data = _read(folder, path.name)
            changed = with_page_id(data, page_id, Path(source).suffix.lower())
            if changed == data:  # otherwise each sync would report it as written
                raise AnnotateError("has its page id where the build does not see it. Move it")
            _replace(folder, path.name, before, changed)
    except OSError as error:
        raise AnnotateError(f"{source}: {error.strerror}") from error
    except (RuntimeError, ValueError) as error:  # a loop of links; a NUL in the name
        raise AnnotateError(f"{source}: {error}") from error
    except AnnotateError as error:
        raise AnnotateError(f"{source}: {error}") from None


@contextmanager
def _opened(top: Path, folder: Path) -> Iterator[int]:
    """Open a folder step by step, so that one that has become a link since the check is refused."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    current = os.open(top, flags)
    try:
        for name in folder.relative_to(top).parts:
            deeper = os.open(name, flags, dir_fd=current)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


def _read(folder: int, name: str) -> tuple[os.stat_result, bytes]:
    # Without O_NONBLOCK, opening a named pipe would block for ever.
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        os.close(file)
        raise AnnotateError("is not a regular file")
    with os.fdopen(file, "rb") as opened:
        return found, opened.read()


def check_folder(root: Path, source: str) -> None:
    """Raise AnnotateError if the folder of a file inside `root` is not writable."""
    folder = (root / source).parent
    if not os.access(folder, os.W_OK, effective_ids=True):
        raise AnnotateError(f"{source}: its folder cannot be written to")


def _clean(folder: int) -> None:
    """Remove the temporary files that a killed sync left beside the sources."""
    for name in os.listdir(folder):
        if _TEMPORARY.fullmatch(name):
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)


def _replace(folder: int, name: str, before: os.stat_result, data: bytes) -> None:
    _clean(folder)
    temporary = f".bookbinder-{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        file = os.open(temporary, flags, 0o600, dir_fd=folder)
    except OSError as error:
        raise AnnotateError(f"its folder cannot be written to: {error.strerror}") from error
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(data)
            opened.flush()
            with suppress(OSError):  # not every user may change the owner
                os.fchown(file, before.st_uid, before.st_gid)
            os.fchmod(file, stat.S_IMODE(before.st_mode))
            os.fsync(file)
        now = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if any(getattr(now, key) != getattr(before, key) for key in _VERSION):
            raise AnnotateError("was changed meanwhile. Sync once more")
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise


def random_ids() -> Iterator[str]:
    """Yield random page ids for ever."""
    while True:
        yield "".join(secrets.choice(ID_ALPHABET) for _i in range(ID_LENGTH))
