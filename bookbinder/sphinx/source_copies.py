"""Finds published files that show the source of a question, and the answers with it.

`sphinx.ext.viewcode` publishes whole modules, sphinx-gallery offers its examples for download, and
`literalinclude` and `html_extra_path` publish any file. Each of these may contain a question, so
everything that is to be published is searched, whatever put it there.

A file is split at its directives. One of them shows a feedback or choice of the book if it has the
same answer or text, and either the same reply or a question of the same label above it. A reply
that is long enough is proof by itself.
"""

import gzip
import html
import io
import lzma
import mmap
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bookbinder.sphinx import kinds
from bookbinder.sphinx.collector import FoundQuestion, Item
from bookbinder.sphinx.expected_answers import ANYTHING_ELSE

# One of our directives in reStructuredText or MyST, possibly highlighted by Pygments.
_MAYBE = re.compile(rb"(?:question|feedback|choice)\s*(?:::|}|<|&)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"\b(question|feedback|choice)\s*(?:::|\})\s*", re.IGNORECASE)
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
# Options that tell what a choice is worth, in RST syntax or in YAML, which MyST accepts.
_WORTH = re.compile(r":correct:|correct: ?true|:points:|\bpoints: ?[0-9.]", re.IGNORECASE)
_ROLE = re.compile(r":[\w:-]+:|\{[\w:-]+\}")
_TAG = re.compile(r"<[^<>]*>")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_JSON_SPACE = re.compile(r"\\[nrt]")
_MARKUP = re.compile(r"[\\*_`|]")
_MANIFEST = re.compile(rb'\A\s*\{\s*"format"\s*:\s*"bookbinder"')
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ZIP, _GZIP, _BZIP2, _XZ = b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
_UNREADABLE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile),
    *(OSError, EOFError, RuntimeError, ValueError, NotImplementedError),
)
DEPTH = 3  # levels of nested archives that are searched
LARGEST = 50_000_000  # bytes that are searched of each file in an archive
DISTINCT = 20  # characters; a reply of this length is in no other text by chance


@dataclass(frozen=True)
class Copy:
    """A published file that shows the source of a question; `label` is None for a manifest."""

    path: str
    label: str | None = None


@dataclass(frozen=True)
class _Secret:
    """A feedback or choice, as texts in the form that `_plain` returns."""

    label: str
    is_choice: bool
    argument: str
    reply: str

    def is_shown(self, argument: str, body: str, label: str | None) -> bool:
        """Return whether a directive with this argument and body shows this feedback or choice.

        `label` is that of the question above the directive, if there is one.
        """
        has_reply = bool(self.reply) and self.reply in body
        if has_reply and len(self.reply) >= DISTINCT:
            return True
        is_own = label == self.label
        # Of the roles in a choice, only the text that they show is known, not their source.
        is_role = self.is_choice and is_own and _ROLE.search(argument) is not None
        if argument != self.argument and not is_role:
            return False
        if self.is_choice:
            return has_reply or (is_own and _WORTH.search(body) is not None)
        # The answer `*` is the same in every question, so the reply has to match as well.
        return has_reply or (is_own and argument != _plain(ANYTHING_ELSE))


def find(outdir: Path, paths: Iterable[str], questions: Iterable[FoundQuestion]) -> list[Copy]:
    """Return the files at `paths`, under `outdir`, that show the source of one of `questions`."""
    secrets = [_secret(question, item) for question in questions for item in question.items]
    found = []
    for path in paths if secrets else ():
        labels = sorted(set(_labels_in(outdir / path, secrets)), key=str)
        found += [Copy(path, label) for label in labels]
    return found


def _secret(question: FoundQuestion, item: Item) -> _Secret:
    is_choice = kinds.of(question.grader).takes_choices
    return _Secret(question.label, is_choice, _plain(item.answer), _plain(item.text))


def _labels_in(path: Path, secrets: list[_Secret]) -> Iterator[str | None]:
    if not path.stat().st_size:
        return
    with path.open("rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            head = data[:200]
            if _MAYBE.search(data) or head.startswith(_UTF16):
                yield from _shown(bytes(data), secrets)
        if _MANIFEST.match(head):
            yield None
        file.seek(0)
        yield from _packed(file, secrets, DEPTH)


def _packed(file: IO[bytes], secrets: list[_Secret], depth: int) -> Iterator[str | None]:
    """Yield the labels shown in an archive, and in archives inside it that can be read."""
    for content in _members(file) if depth else ():
        if _MANIFEST.match(content):
            yield None
        elif _MAYBE.search(content) or content.startswith(_UTF16):
            yield from _shown(content, secrets)
        yield from _packed(io.BytesIO(content), secrets, depth - 1)


def _members(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of each file in an archive; nothing if `file` is not an archive."""
    head = file.read(512)
    file.seek(0)
    try:
        if head.startswith(_ZIP):
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    yield from _read(archive, name)
        elif head[257:262] == b"ustar" or head.startswith((_GZIP, _BZIP2, _XZ)):
            yield from _tarred(file, head)
    except _UNREADABLE:
        return


def _read(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    try:
        with archive.open(name) as member:
            yield member.read(LARGEST)
    except _UNREADABLE:
        return


def _tarred(file: IO[bytes], head: bytes) -> Iterator[bytes]:
    try:
        with tarfile.open(fileobj=file) as archive:
            for entry in archive:
                member = archive.extractfile(entry) if entry.isfile() else None
                if member is not None:
                    yield member.read(LARGEST)
    except tarfile.ReadError:
        file.seek(0)
        if head.startswith(_GZIP):  # a single compressed file
            with gzip.GzipFile(fileobj=file) as packed:
                yield packed.read(LARGEST)


def _shown(data: bytes, secrets: list[_Secret]) -> Iterator[str]:
    """Yield the label of each question whose answers are shown in a file's content."""
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8"
    text = data.decode(encoding, errors="replace")
    # The text itself, its meaning as JSON, and as a page shows it. The text itself is needed
    # too, since "<" and ">" do not enclose a tag if it is not HTML.
    variants = {text, _JSON_ESCAPE.sub(_character, text), html.unescape(_TAG.sub("", text))}
    for variant in variants:
        yield from _labels_told(variant, secrets)


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))


def _labels_told(text: str, secrets: list[_Secret]) -> Iterator[str]:
    heads = list(_DIRECTIVE.finditer(text))
    label = None
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        body = text[head.end() : end]
        directive = head[1].lower()
        if directive == "question":
            named = _LABEL.match(body)
            label = named[0] if named else None
            continue
        first = _plain(re.split(r"[\r\n]|\\n", body, maxsplit=1)[0])
        whole = _plain(body)
        for secret in secrets:
            is_same = secret.is_choice == (directive == "choice")
            if is_same and secret.is_shown(first, whole, label):
                yield secret.label


def _plain(text: str) -> str:
    """Return a text in a form for comparison, however a file escapes or wraps it."""
    text = _MARKUP.sub("", _JSON_SPACE.sub(" ", text))
    return " ".join(text.replace("#", " ").casefold().split())
