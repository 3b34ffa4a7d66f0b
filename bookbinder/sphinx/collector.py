"""What the directives found, kept in Sphinx's environment document by document.

So that `-j` and incremental builds give what a clean build gives: Sphinx reads some documents
in other processes, and others not at all.
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
    """Something in the text that the author has to mend."""

    source: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Item:
    """A feedback or a choice; `html` is known at once for Markdown, and rendered last otherwise."""

    key: str | None
    answer: str
    text: str
    markup: str
    line: int
    points: Decimal
    html: str | None = None


@dataclass(frozen=True)
class FoundQuestion:
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
    """What one document holds."""

    page_id: str | None = None
    fingerprint: str = ""
    questions: list[FoundQuestion] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    has_maths: bool = False
    # Files that feedback shows or links: published name -> path in the source folder.
    feedback_files: dict[str, str] = field(default_factory=dict)


def all_found(env: BuildEnvironment) -> dict[str, Found]:
    if not hasattr(env, "bookbinder_found"):
        env.bookbinder_found = {}  # type: ignore[attr-defined]
    return env.bookbinder_found  # type: ignore[attr-defined]


def found_in(env: BuildEnvironment, docname: str) -> Found:
    return all_found(env).setdefault(docname, Found())


def note_mistake(env: BuildEnvironment, source: str | None, line: int | None, what: str) -> None:
    """Keep a mistake in the document that is being read; all are told together."""
    docname = env.docname
    path = relative_source(env, source, docname)
    found_in(env, docname).mistakes.append(Mistake(path, line or 1, what))


def relative_source(env: BuildEnvironment, source: str | None, docname: str) -> str:
    """Return the path of a source file within the source folder, with `/`."""
    # Included files are named from the working directory; docutils also writes
    # "file.py:docstring of x" for some sources, and "<string>" for others.
    path = Path(source or "").resolve()
    if not path.is_file():
        path = Path(env.doc2path(docname))
    try:
        return path.relative_to(env.srcdir).as_posix()
    except ValueError:
        return path.as_posix()


class FoundCollector(EnvironmentCollector):
    """Keeps `all_found` right while Sphinx reads, merges and forgets documents."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        all_found(env).pop(docname, None)

    def merge_other(
        self, app: Sphinx, env: BuildEnvironment, docnames: Set[str], other: BuildEnvironment
    ) -> None:
        theirs = all_found(other)
        all_found(env).update({name: theirs[name] for name in docnames if name in theirs})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """The directives note as they run, and `answers.cut_out` does the rest."""


def mistakes(env: BuildEnvironment) -> Iterator[Mistake]:
    for found in all_found(env).values():
        yield from found.mistakes
