"""Real texts for pages, available everywhere: the documentation that comes with Python."""

import ast
import html
import re
import sysconfig
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from pydoc_data.topics import topics

from docutils.core import publish_parts

LONG = 80  # characters; a shorter paragraph may be in two topics by chance
SETTINGS = {"report_level": 5, "file_insertion_enabled": False, "raw_enabled": False}


@cache
def manual(size: int) -> dict[str, str]:
    """Return Python's reference manual as pages of about this many characters of HTML."""
    return _pages("manual", [_topic(text) for text in _told_once()], size)


@cache
def library(size: int) -> dict[str, str]:
    """Return the docstrings of Python's standard library as pages of about this size."""
    root = Path(sysconfig.get_paths()["stdlib"])
    sources = sorted([*root.glob("*.py"), *root.glob("[a-z]*/*.py")])
    kept = [path for path in sources if not {"test", "site-packages"} & set(path.parts)]
    return _pages("library", [part for path in kept for part in _docstrings(path)], size)


def _told_once() -> Iterator[str]:
    """Yield the topics of pydoc, parts of one manual, that do not repeat parts of a larger one."""
    known: set[str] = set()
    for text in sorted(topics.values(), key=len, reverse=True):
        paragraphs = {one for one in text.split("\n\n") if len(one) > LONG}
        if not paragraphs & known:
            yield text
        known |= paragraphs


def _topic(text: str) -> str:
    body = publish_parts(text, writer="html5", settings_overrides=SETTINGS)["html_body"]
    body = re.sub(r"</?main[^>]*>", "", body)
    return body if "<section" in body else f"<section>{body}</section>"


def _docstrings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            name = getattr(node, "name", path.stem)
            if text := ast.get_docstring(node):
                yield f"<section><h2>{name}</h2>{''.join(_paragraphs(text))}</section>"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        tag = "pre" if paragraph.startswith((" ", ">>>")) else "p"
        yield f"<{tag}>{html.escape(paragraph)}</{tag}>\n"


def _pages(name: str, sections: list[str], size: int) -> dict[str, str]:
    ends, total = [], 0
    for section in sections:
        total += len(section)
        ends.append(total // size)
    groups = groupby(zip(ends, sections, strict=True), key=lambda pair: pair[0])
    return {
        f"{name}/{number}": "<html><body><main>\n{}\n</main></body></html>".format(
            "\n".join(section for _, section in group)
        )
        for number, group in groups
    }
