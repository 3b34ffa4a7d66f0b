"""Writes the edits that were made in the admin as a patch against a project's sources."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from books.editing import unwritten
from books.editing.unwritten import Edit
from books.errors import BooksError
from books.sources import build, files, page_ids, patch
from books.sources.directive import NotWrittenError
from books.sync import pipeline
from books.sync.planning.make_plan import make_plan


class ExportError(BooksError):
    """The edits cannot be exported; the message says why and what to do."""


@dataclass(frozen=True)
class Refused:
    """An edit that has to be made by hand, and why."""

    edit: Edit
    why: str


@dataclass(frozen=True)
class Export:
    """A patch as a unified diff, the edits that it contains, and those that it does not."""

    patch: str
    written: tuple[Edit, ...]
    refused: tuple[Refused, ...]


def build_of(project: str, folders: Iterable[Path], scratch: Path) -> tuple[pipeline.Build, Path]:
    """Build source folders until one is the project's; return its build and the folder.

    Raises ExportError if none is, and BuildError or ManifestError if a build fails.
    """
    for number, folder in enumerate(folders):
        if build.is_source(folder):
            candidate = pipeline.read(folder, scratch / str(number))
            if candidate.manifest.project == project:
                return candidate, folder
    raise ExportError(
        f"No source folder of the project {project} is known. Name it with --source FOLDER: the "
        "folder of its conf.py."
    )


def export(book_build: pipeline.Build, root: Path, url: str | None) -> Export:
    """Return the edits of a project, or of its book with `url`, as a patch against `root`.

    Raises ExportError if the sources have no such book or have changed since the last sync, and
    PlanError or EditsError if the build or the edits are inconsistent.
    """
    if url is not None and url not in (book.url for book in book_build.manifest.books):
        raise ExportError(f"The sources have no book {url} any more.")
    snapshot = pipeline.take_snapshot([book_build])
    plan = make_plan([book_build.manifest], snapshot, page_ids.random_ids())
    # Files are not compared: they may differ in every build, for example by a date on each page.
    if not all(part.is_empty for part in plan.parts):
        raise ExportError("The sources have changed since the last sync: sync first, then export.")
    edits = unwritten.find(
        book_build.manifest, snapshot, url, lambda source: _has_index(root, source)
    )
    return write(root, list(edits))


def _has_index(root: Path, source: str) -> bool:
    try:
        return unwritten.language_of(source).has_index(files.read(root, source).lines)
    except NotWrittenError:
        return False


def write(root: Path, found: Sequence[Edit]) -> Export:
    """Return the edits as a patch against the source folder `root`."""
    patches: list[str] = []
    written: list[Edit] = []
    refused = [Refused(edit, edit.refused) for edit in found if edit.refused]
    # Each file is edited from its end, so that the lines above keep their numbers. The sort is
    # stable, so edits of the same line keep their order.
    possible = (edit for edit in found if not edit.refused)
    ordered = sorted(possible, key=lambda edit: (edit.source, [-line for line in edit.line]))
    for source, group in itertools.groupby(ordered, key=lambda edit: edit.source):
        of_file = list(group)
        try:
            old = new = files.read(root, source)
        except NotWrittenError as error:
            refused += [Refused(edit, str(error)) for edit in of_file]
            continue
        for edit in of_file:
            try:
                lines = edit.write(new.lines)
                if lines != new.lines:
                    written.append(edit)
                    new = new.with_lines(lines)
            except NotWrittenError as error:
                refused.append(Refused(edit, str(error)))
        patches.append(patch.unified_diff(old, new))
    return Export("".join(patches), tuple(written), tuple(refused))
