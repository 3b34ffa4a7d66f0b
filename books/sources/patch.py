"""The patch that applies an edit to a source file, in the format of git and patch."""

import difflib

from books.sources.directive import Lines
from books.sources.files import SourceFile


def unified_diff(old: SourceFile, new: SourceFile) -> str:
    """Return a unified diff that `git apply` and `patch -p1` accept.

    It lacks git's own first line, with which git would look for the path from the top of its
    repository instead of from the source folder.
    """
    # Like git, end a path that contains a space with a tab.
    end = "\t" if " " in old.path else ""
    before, after = (file.text.split("\n") for file in (old, new))
    lines = difflib.unified_diff(
        _ended(before), _ended(after), f"a/{old.path}{end}", f"b/{old.path}{end}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _ended(lines: Lines) -> Lines:
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended
