"""Splits source files into lines, joins them byte for byte, and edits `conf.py`."""

import ast
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from books.sources.directive import Lines, NotWrittenError, check_title

_BOM = "\ufeff"


@dataclass(frozen=True)
class SourceFile:
    """A source file as lines without ends; the last is empty if the file ends with a line end."""

    path: str
    bom: str
    newline: str
    lines: Lines

    @property
    def text(self) -> str:
        return self.bom + self.newline.join(self.lines)

    def with_lines(self, lines: Lines) -> "SourceFile":
        return replace(self, lines=lines)


def read(root: Path, path: str) -> SourceFile:
    """Return the file at `path` in `root`. Raise NotWrittenError if no patch could change it."""
    file = root.resolve() / path
    # `git apply` refuses a whole patch if one of its paths goes through a symbolic link.
    if file.resolve() != file:
        raise NotWrittenError("it is a symbolic link, or leads out of the source folder")
    try:
        text = file.read_bytes().decode()
    except OSError as error:
        raise NotWrittenError(f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise NotWrittenError("the file is not in UTF-8") from None
    bom = _BOM if text.startswith(_BOM) else ""
    # In a file that mixes both, the lines keep their carriage returns.
    newline = "\r\n" if 0 < text.count("\n") == text.count("\r\n") else "\n"
    return SourceFile(path, bom, newline, text.removeprefix(_BOM).split(newline))


def with_project(lines: Lines, old: str, new: str, slug: str) -> Lines:
    """Return the lines of a `conf.py` with a new name for the project, and its slug unchanged.

    Raise NotWrittenError if the name is not set once, as the constant `old`.
    """
    check_title(new)
    found = _assigned(lines, "project")
    if found is None or found.value.value != old:
        raise NotWrittenError(f'none of its lines is project = "{old}"')
    value = found.value
    first, last = value.lineno - 1, (value.end_lineno or value.lineno) - 1
    # `ast` counts columns in bytes of UTF-8.
    before = lines[first].encode()[: value.col_offset].decode()
    after = lines[last].encode()[value.end_col_offset :].decode()
    named = f"{before}{json.dumps(new, ensure_ascii=False)}{after}"
    # Otherwise the slug would change with the name, and it would be another project.
    has_slug = any("bookbinder_project" in line for line in lines)
    own = [] if has_slug else [f'bookbinder_project = "{slug}"']
    result = [*lines[:first], named, *lines[last + 1 : found.end], *own, *lines[found.end :]]
    now = _assigned(result, "project")
    if now is None or now.value.value != new:
        raise NotWrittenError("its project is set in a way that is not understood")
    return result


class _Assigned(NamedTuple):
    value: ast.Constant
    end: int  # the index of the line after the statement


def _assigned(lines: Lines, name: str) -> _Assigned | None:
    """Return the constant assigned to `name`, or None if there is not exactly one assignment."""
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]
    if len(found) != 1 or found[0].col_offset or not isinstance(found[0].value, ast.Constant):
        return None
    return _Assigned(found[0].value, found[0].end_lineno or found[0].lineno)
