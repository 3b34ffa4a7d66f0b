"""Which side of a clash of names a book uses: our directives, or those of another extension.

This reads the sources as text, before Sphinx parses them, since a directive must be registered by
then. An included file is not read: `names` looks at what reaches the other extension.
"""

import re
from collections.abc import Iterable
from typing import Any

from bookbinder.sphinx.checked_directive import others, replies_in

# Options that our directives have. If the other extension has one too, it shows nothing.
_OPTIONS = ("grader", "correct", "points")


def ours_alone(texts: Iterable[str], prefix: str) -> frozenset[str]:
    """Return the names that another extension has too and that `texts` use for ours only.

    A question is ours if it has a choice or feedback whose name nobody else has, or an option that
    the other extension does not know; a choice or feedback is ours if it is in such a question.
    """
    text = "\n".join(texts)
    name = f"{prefix}question"
    blocks = _contents_of(name, text)
    questions = [block for block in blocks if others(name) is None or _is_ours(block, prefix)]
    found = set()
    if others(name) is not None:
        if questions and len(questions) == len(blocks):
            found.add(name)
        else:
            questions = []
    inside = "\n".join([*questions, *_contents_of("bookbinder:question", text)])
    for reply in (f"{prefix}choice", f"{prefix}feedback"):
        count = len(_contents_of(reply, inside))
        if count and others(reply) is not None and count == len(_contents_of(reply, text)):
            found.add(reply)
    return frozenset(found)


def _is_ours(block: str, prefix: str) -> bool:
    replies = replies_in(block.split("\n"), prefix)
    if not all(map(others, replies)):
        return True
    known = set().union(*(_options_of(others(name)) for name in [f"{prefix}question", *replies]))
    options = "|".join(set(_OPTIONS) - known)
    return bool(options and re.search(rf"^\s*:?({options}):", block, re.MULTILINE))


def _options_of(directive: Any) -> Iterable[str]:
    return getattr(directive, "option_spec", None) or ()


def _contents_of(name: str, text: str) -> list[str]:
    """Return the content of each directive `name` in a text, in reStructuredText or MyST."""
    lines = text.split("\n")
    found = []
    for number, line in enumerate(lines, 1):
        if match := re.match(rf"(\s*)\.\. +{re.escape(name)} ?::", line):
            end = _end_of_indented(lines, number, len(match[1]))
        elif match := re.match(rf"\s*(([`~:])\2{{2,}})\s*\{{{re.escape(name)}\}}", line):
            end = _end_of_fenced(lines, number, match[1])
        else:
            continue
        found.append("\n".join(lines[number:end]))
    return found


def _end_of_indented(lines: list[str], start: int, indent: int) -> int:
    for number in range(start, len(lines)):
        stripped = lines[number].lstrip()
        if stripped and len(lines[number]) - len(stripped) <= indent:
            return number
    return len(lines)


def _end_of_fenced(lines: list[str], start: int, fence: str) -> int:
    for number in range(start, len(lines)):
        line = lines[number].strip()
        if len(line) >= len(fence) and line == fence[0] * len(line):
            return number
    return len(lines)
