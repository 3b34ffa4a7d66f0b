"""Finds published files that show the source of a question, and its answers with it.

`sphinx.ext.viewcode` publishes whole modules, sphinx-gallery offers its examples for download, and
`literalinclude` and `html_extra_path` take any file. A question may stand in each of these, so
what is to be published is searched, whoever put it there.

A file is taken apart at its directives. A feedback or choice of the book is shown by one that has
its answer or text, under a question of the same label or with the same reply in it.
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

# A directive of ours, in reStructuredText or MyST, maybe coloured by Pygments.
_MAYBE = re.compile(rb"(?:question|feedback|choice)\s*(?:::|}|<|&)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"\b(question|feedback|choice)\s*(?:::|\})\s*", re.IGNORECASE)
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
# As an option of RST, or as YAML, which MyST takes.
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
DEPTH = 3  # archives in archives
LARGEST = 50_000_000  # bytes of a packed file that are searched
DISTINCT = 20  # characters of a reply that no other text has by chance


@dataclass(frozen=True)
class Copy:
    """A published file that shows the source of a question; `label` is None for a manifest."""

    path: str
    label: str | None = None


@dataclass(frozen=True)
class _Secret:
    """A feedback or choice, as texts that can be compared."""

    label: str
    is_choice: bool
    argument: str
    reply: str

    def is_shown(self, argument: str, body: str, label: str | None) -> bool:
        """Whether a directive with this argument and body, under a question, is this item."""
        has_reply = bool(self.reply) and self.reply in body
        if has_reply and len(self.reply) >= DISTINCT:
            return True
        is_own = label == self.label
        # What a choice's roles show is known, and not how they were written.
        is_role = self.is_choice and is_own and _ROLE.search(argument) is not None
        if argument != self.argument and not is_role:
            return False
        if self.is_choice:
            return has_reply or (is_own and _WORTH.search(body) is not None)
        # What matches anything is the same everywhere: its reply must be too.
        return has_reply or (is_own and argument != _plain(ANYTHING_ELSE))


def find(outdir: Path, paths: Iterable[str], questions: Iterable[FoundQuestion]) -> list[Copy]:
    """Return what the files at `paths` under `outdir` show of the sources of `questions`."""
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
    """Look into an archive, and into archives in it; what cannot be read shows nothing."""
    for content in _members(file) if depth else ():
        if _MANIFEST.match(content):
            yield None
        elif _MAYBE.search(content) or content.startswith(_UTF16):
            yield from _shown(content, secrets)
        yield from _packed(io.BytesIO(content), secrets, depth - 1)


def _members(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what the files in an archive hold, one by one; nothing where `file` is none."""
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
        if head.startswith(_GZIP):  # one file, packed alone
            with gzip.GzipFile(fileobj=file) as packed:
                yield packed.read(LARGEST)


def _shown(data: bytes, secrets: list[_Secret]) -> Iterator[str]:
    """Yield the label of each question that a file tells the answers of."""
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8"
    text = data.decode(encoding, errors="replace")
    # As it is, as JSON means it, and as a page shows it: "<" and ">" of a text that is no HTML
    # enclose no tag.
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
    """Return a text as it can be compared, however a file that holds it escapes and folds it."""
    text = _MARKUP.sub("", _JSON_SPACE.sub(" ", text))
    return " ".join(text.replace("#", " ").casefold().split())
