"""Finds published files that show the source of a question, and its answers with it.

`sphinx.ext.viewcode` publishes whole modules, sphinx-gallery offers its examples for download, and
`literalinclude` and `html_extra_path` take any file. A question may stand in each of these, so
what is to be published is searched, whoever put it there.
"""

import html
import io
import mmap
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bookbinder.sphinx.collector import FoundQuestion
from bookbinder.sphinx.expected_answers import ANYTHING_ELSE
from bookbinder.sphinx.manifest import FILE_NAME

# A question's directive, in reStructuredText or MyST, maybe coloured by Pygments.
_MAYBE = re.compile(rb"question\s*(?:::|}|<|&)")
_HEAD = re.compile(r"question\s*(?:::|\})\s*([A-Za-z0-9_][A-Za-z0-9_.:-]*)")
_ANSWER = re.compile(r"feedback\s*(?:::|\})\s*")
_TAG = re.compile(r"<[^<>]*>")
# In notebooks and other JSON.
_ESCAPED = re.compile(r"\\[nrt]")
_ZIP = b"PK\x03\x04"
_TARS = (".tar", ".tgz", ".tbz2", ".txz")
_UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Copy:
    """A published file that shows the source of a question; `label` is None for a manifest."""

    path: str
    label: str | None = None


def find(outdir: Path, paths: Iterable[str], questions: Iterable[FoundQuestion]) -> list[Copy]:
    """Return what the files at `paths` under `outdir` show of the sources of `questions`."""
    secrets: dict[str, list[FoundQuestion]] = {}
    for question in questions:
        secrets.setdefault(question.label, []).append(question)
    found = []
    for path in paths if secrets else ():
        labels = sorted(set(_labels_in(outdir / path, secrets)), key=str)
        found += [Copy(path, label) for label in labels]
    return found


def _labels_in(path: Path, secrets: dict[str, list[FoundQuestion]]) -> Iterator[str | None]:
    with path.open("rb") as file:
        if not path.stat().st_size:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if _MAYBE.search(data):
                yield from _shown(bytes(data), secrets)
            if data[:4] == _ZIP or path.suffix in _TARS or ".tar." in path.name:
                yield from _packed(bytes(data), secrets)


def _packed(data: bytes, secrets: dict[str, list[FoundQuestion]]) -> Iterator[str | None]:
    """Look into an archive; one that cannot be read shows nothing."""
    try:
        for name, content in _members(data):
            if name.rpartition("/")[2] == FILE_NAME:
                yield None
            elif _MAYBE.search(content):
                yield from _shown(content, secrets)
    except _UNREADABLE:
        return


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data[:4] == _ZIP:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield member.name, file.read()


def _shown(data: bytes, secrets: dict[str, list[FoundQuestion]]) -> Iterator[str]:
    """Yield the label of each question that a file tells the answers of."""
    text = data.decode(errors="replace")
    # As it is, and as a page shows it: "<" and ">" of a text that is no HTML enclose no tag.
    for shown in (_plain(text), _plain(html.unescape(_TAG.sub("", text)))):
        yield from _labels_told(shown, secrets)


def _labels_told(text: str, secrets: dict[str, list[FoundQuestion]]) -> Iterator[str]:
    """Yield the label of each question whose directive stands in a text with an answer to it."""
    heads = list(_HEAD.finditer(text))
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        body = text[head.end() : end]
        if any(_tells(body, question) for question in secrets.get(head[1], ())):
            yield head[1]


def _tells(body: str, question: FoundQuestion) -> bool:
    """Whether the source in `body` says what is right: a mark, or an answer that is foreseen."""
    if "correct:" in body:  # also as YAML, which MyST takes
        return True
    answers = tuple(_plain(item.answer) for item in question.items if item.answer != ANYTHING_ELSE)
    return any(body.startswith(answers, start.end()) for start in _ANSWER.finditer(body))


def _plain(text: str) -> str:
    """Return a text as it can be compared, however a file that holds it escapes and folds it."""
    return " ".join(_ESCAPED.sub(" ", text).replace("\\", "").replace("#", " ").split())
