"""The patch that brings an edit into a source file, as git and patch take it."""

import difflib

from books.sources.directive import Lines
from books.sources.files import SourceFile


def unified_diff(old: SourceFile, new: SourceFile) -> str:
    """Return a unified diff as `git apply` and `patch -p1` take it.

    Without git's own first line, since git would then look for the path from the top of its
    repository, and not from the source folder.
    """
    # As git does: a tab ends a path that has a space in it.
    end = "\t" if " " in old.path else ""
    before, after = (one.text.split("\n") for one in (old, new))
    lines = difflib.unified_diff(
        _ended(before), _ended(after), f"a/{old.path}{end}", f"b/{old.path}{end}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _ended(lines: Lines) -> Lines:
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended
