"""What the directives found, kept in Sphinx's environment for each document.

This way, parallel builds (`-j`) and incremental ones give the same result as a clean build: Sphinx
reads some documents in other processes, and others not at all.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector


@dataclass(frozen=True, order=True)
class Mistake:
    """Something in the sources that the author has to correct."""

    source: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Item:
    """A feedback or a choice. `html` is set for Markdown only: other replies are rendered last."""

    key: str | None
    answer: str
    text: str
    markup: str
    line: int
    points: Decimal
    html: str | None = None


@dataclass(frozen=True)
class FoundQuestion:
    """A question in a document; `was` is its former name, if the author gives one."""

    label: str
    grader: str
    points: Decimal
    options: dict[str, Any]
    prompt: str
    line: int
    items: tuple[Item, ...]
    was: str | None = None


@dataclass
class Found:
    """What the directives found in one document."""

    page_id: str | None = None
    fingerprint: str = ""
    questions: list[FoundQuestion] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    has_maths: bool = False
    # Files that feedback shows or links to: published name -> path in the source folder.
    feedback_files: dict[str, str] = field(default_factory=dict)


def all_found(env: BuildEnvironment) -> dict[str, Found]:
    """Return what was found in each document, by docname: a dictionary of the environment."""
    if not hasattr(env, "bookbinder_found"):
        env.bookbinder_found = {}  # type: ignore[attr-defined]
    return env.bookbinder_found  # type: ignore[attr-defined]


def found_in(env: BuildEnvironment, docname: str) -> Found:
    """Return what was found in a document, after adding an empty entry if there was none."""
    return all_found(env).setdefault(docname, Found())


def note_mistake(env: BuildEnvironment, source: str | None, line: int | None, what: str) -> None:
    """Note a mistake in the document that is being read; all are reported together."""
    docname = env.docname
    path = relative_source(env, source, docname)
    found_in(env, docname).mistakes.append(Mistake(path, line or 1, what))


def relative_source(env: BuildEnvironment, source: str | None, docname: str) -> str:
    """Return the path of a source file within the source folder, with `/` as separator.

    Return the document's own path if `source` is not the name of a file, and an absolute path for
    a file outside the source folder.
    """
    # Included files are named relative to the working directory. docutils also uses names such
    # as "file.py:docstring of x" and "<string>".
    path = Path(source or "").resolve()
    if not path.is_file():
        path = Path(env.doc2path(docname))
    try:
        return path.relative_to(env.srcdir).as_posix()
    except ValueError:
        return path.as_posix()


class FoundCollector(EnvironmentCollector):
    """Keeps `all_found` up to date while Sphinx reads, merges and removes documents."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        all_found(env).pop(docname, None)

    def merge_other(
        self, app: Sphinx, env: BuildEnvironment, docnames: Set[str], other: BuildEnvironment
    ) -> None:
        theirs = all_found(other)
        all_found(env).update({name: theirs[name] for name in docnames if name in theirs})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Do nothing: directives note what they find, and `replies.cut_out` does the rest."""


def mistakes(env: BuildEnvironment) -> Iterator[Mistake]:
    """Yield the mistakes noted in all documents."""
    for found in all_found(env).values():
        yield from found.mistakes
