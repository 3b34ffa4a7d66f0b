"""The manifest `bookbinder.json`, which describes the books, pages, questions and files of a build.

The Sphinx extension writes it and the server reads it, both with the schema in this module. The
format is a contract (version 1): keys may be added, but none may change its meaning.

The parts are named tuples, filled with the values of a JSON object in order: a large book has
thousands of them, and every sync reads them all.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bookbinder.sphinx import shapes
from bookbinder.sphinx.checks import Fault, Shape, is_host, is_publishable

FILE_NAME = "bookbinder.json"
FORMAT = "bookbinder"
VERSION = 1

_Row = TypeVar("_Row")


class ManifestError(Exception):
    """The manifest cannot be used; `errors` lists all faults with their paths."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


class Feedback(NamedTuple):
    """An expected answer, or a choice. `feedback` is the HTML of the reply, `text` its source."""

    key: str | None
    answer: str
    feedback: str
    text: str
    markup: str
    line: int
    points: Decimal


class Question(NamedTuple):
    """A question. `line` is where its source begins, `fingerprint` a hash of what it asks."""

    label: str
    grader: str
    points_possible: Decimal
    prompt: str
    options: dict[str, Any]
    fingerprint: str
    line: int
    feedback: tuple[Feedback, ...]
    # Its former name: a label, or the former url of the page, `#` and a label.
    was: str | None = None


class Page(NamedTuple):
    """A page. `url` is its docname within its book, `index` its gradebook position, if any."""

    docname: str
    url: str
    title: str
    source: str
    page_id: str | None
    index: int | None  # type: ignore[assignment]
    access: str
    sha256: str
    fingerprint: str
    questions: tuple[Question, ...] = ()
    # Its former url, if the author gives one.
    was: str | None = None
    # In the table of contents: the number of pages above it, and the caption of its toctree.
    level: int = 0
    caption: str = ""


class Book(NamedTuple):
    """A book. Pages outside of books are in one with an empty `url`."""

    url: str
    title: str
    pages: tuple[Page, ...] = ()
    # For the bookshelf: a sentence or two, who wrote it, and the path of a picture in `files`.
    description: str = ""
    author: str = ""
    cover: str | None = None


class File(NamedTuple):
    """A file other than a page.

    Readers of any page in `docnames` may open it; without docnames, readers of any page of the
    project that is not public may; and everybody may if it is `public`.
    """

    sha256: str
    docnames: tuple[str, ...] = ()
    public: bool = False


class Manifest(NamedTuple):
    """The manifest of a project. `files` are those other than pages, by path."""

    project: str
    books: tuple[Book, ...]
    files: dict[str, File]
    # Where scripts may come from: the author's list, and MathJax's, for pages that load it.
    script_hosts: tuple[str, ...] = ()
    mathjax: tuple[str, ...] = ()

    def pages(self) -> Iterator[Page]:
        for book in self.books:
            yield from book.pages


class _Reader:
    """Turns parsed JSON into a Manifest, and notes all faults that it finds."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def keep(self, raw: Any, shape: Shape, where: tuple[Any, ...]) -> list[Any] | None:
        """Return the values of `raw`, or None if it has faults, which are noted."""
        values = shape.values(raw)
        if values is None:
            self.faults += shape.faults(raw, where)
        return values

    def unique(self, values: Iterable[Any], what: str, where: tuple[Any, ...]) -> None:
        """Note values, other than None, that occur more than once."""
        given = [value for value in values if value is not None]
        if len(set(given)) == len(given):
            return
        for value, count in Counter(given).items():
            if count > 1:
                self.faults.append((where, f"{what} {value!r} occurs {count} times"))

    def optional(
        self, raw: dict[str, Any], names: shapes.OptionalKeys, where: tuple[Any, ...]
    ) -> list[Any]:
        """Return the values of keys that may be missing, or their defaults; note faults."""
        values = []
        for name, (default, check, what) in names.items():
            value = raw.get(name, default)
            if not check(value):
                self.faults.append(((*where, name), f"must be {what}"))
            values.append(value)
        return values

    def feedback(self, raw: Any, where: tuple[Any, ...]) -> Feedback | None:
        values = self.keep(raw, shapes.FEEDBACK, where)
        if values is None:
            return None
        values[-1] = Decimal(values[-1])
        return Feedback._make(values)

    def question(self, raw: Any, where: tuple[Any, ...]) -> Question | None:
        values = self.keep(raw, shapes.QUESTION, where)
        if values is None:
            return None
        values[2] = Decimal(values[2])
        values[-1] = self.each(self.feedback, values[-1], (*where, "feedback"))
        self.unique([item.key for item in values[-1]], "the key", where)
        return Question._make(values + self.optional(raw, shapes.OPTIONAL_OF_QUESTION, where))

    def page(self, raw: Any, where: tuple[Any, ...]) -> Page | None:
        values = self.keep(raw, shapes.PAGE, where)
        if values is None:
            return None
        values[-1] = self.each(self.question, values[-1], (*where, "questions"))
        self.unique([question.label for question in values[-1]], "the label", where)
        return Page._make(values + self.optional(raw, shapes.OPTIONAL_OF_PAGE, where))

    def book(self, raw: Any, where: tuple[Any, ...]) -> Book | None:
        values = self.keep(raw, shapes.BOOK, where)
        if values is None:
            return None
        values[-1] = self.each(self.page, values[-1], (*where, "pages"))
        self.unique([page.url for page in values[-1]], "the url", where)
        return Book._make(values + self.optional(raw, shapes.OPTIONAL_OF_BOOK, where))

    def each(
        self,
        read: Callable[[Any, tuple[Any, ...]], _Row | None],
        raws: list[Any],
        where: tuple[Any, ...],
    ) -> tuple[_Row, ...]:
        rows = [read(raw, (*where, number)) for number, raw in enumerate(raws)]
        return tuple([row for row in rows if row is not None])

    def files(self, raw: dict[str, Any]) -> dict[str, File]:
        files = {}
        for path, entry in raw.items():
            if not is_publishable(path):
                self.faults.append((("files", path), "is not a path that may be published"))
            values = self.keep(entry, shapes.FILE, ("files", path))
            if values is not None:
                public = entry.get("public", False) is True
                files[path] = File(values[0], tuple(values[1]), public)
        return files

    def hosts(self, raw: dict[str, Any], key: str) -> tuple[str, ...]:
        """Return the addresses at an optional key, which become part of a header."""
        values = raw.get(key, [])
        if isinstance(values, list) and len(values) <= 100 and all(map(is_host, values)):
            return tuple(values)
        self.faults.append(((key,), "must be at most 100 addresses that begin with https://"))
        return ()

    def manifest(self, raw: Any) -> Manifest | None:
        values = self.keep(raw, shapes.MANIFEST, ())
        if values is None:
            return None
        project, books, files = values
        manifest = Manifest(
            project,
            self.each(self.book, books, ("books",)),
            self.files(files),
            self.hosts(raw, "script_hosts"),
            self.hosts(raw, "mathjax"),
        )
        self.unique([book.url for book in manifest.books], "the book url", ("books",))
        self.unique([page.docname for page in manifest.pages()], "the docname", ("books",))
        self.unique([page.page_id for page in manifest.pages()], "the page id", ("books",))
        return manifest


def parse(raw: Any, source: str = FILE_NAME) -> Manifest:
    """Return the manifest in parsed JSON. Raise ManifestError with all faults found."""
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ManifestError([f"{source}: not a Book Binder manifest. Build the book again."])
    version = raw.get("version")
    if type(version) is not int or version > VERSION:
        raise ManifestError(
            [
                f"{source}: written in format version {version}, and this Book Binder reads "
                f"{VERSION}. Upgrade the server, or build with its version of the extension."
            ]
        )
    reader = _Reader()
    manifest = reader.manifest(raw)
    if reader.faults or manifest is None:
        raise ManifestError(f"{source}: {_path_of(where)} {what}" for where, what in reader.faults)
    return manifest


def read(folder: Path) -> Manifest:
    """Return the manifest in a build's output folder. Raise ManifestError if it is not usable."""
    path = folder / FILE_NAME
    try:
        data = path.read_bytes()
    except OSError:
        raise ManifestError(
            [
                f"{folder}: has no {FILE_NAME}. Give a Sphinx source folder, or the HTML output "
                'of a successful build with extensions = ["bookbinder.sphinx"] in conf.py.'
            ]
        ) from None
    if data.startswith(b"\x80"):
        raise ManifestError(
            [f"{path}: is a pickle. It is refused, since loading one runs the code in it."]
        )
    try:
        # Decimals, since the float 0.1 is not exactly what the author wrote.
        raw = json.loads(data, parse_float=Decimal, parse_constant=_refuse)
        if b"\\ud" in data.lower():
            # Half of a surrogate pair cannot be encoded, so no database would accept it.
            json.dumps(raw, ensure_ascii=False, default=str).encode()
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ManifestError([f"{path}: is not JSON ({error}). Build the book again."]) from None
    return parse(raw, str(path))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def dumps(manifest: Manifest) -> bytes:
    """Return the manifest as JSON in UTF-8: the same bytes for equal manifests.

    Raise ManifestError if the server would refuse them.
    """
    raw = {"format": FORMAT, "version": VERSION, **_plain(manifest)}
    raw["files"] = dict(sorted(raw["files"].items()))
    text = json.dumps(raw, ensure_ascii=False, separators=(",", ":"), default=_number)
    parse(json.loads(text, parse_float=Decimal))
    return text.encode() + b"\n"


def _plain(value: Any) -> Any:
    """Return a value with named tuples as dictionaries, which lack optional keys without value."""
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        if names is None:
            return [_plain(part) for part in value]
        fields = zip(names, value, strict=True)
        return {name: _plain(part) for name, part in fields if name not in shapes.OPTIONAL or part}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _path_of(where: tuple[Any, ...]) -> str:
    """Return a path in the manifest in the form `books[0].pages[2].title`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return text.lstrip(".") or "the manifest"
