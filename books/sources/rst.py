"""Edits of reStructuredText, given and returned as lines. Everything else stays unchanged."""

import re
from collections.abc import Callable
from itertools import islice

from docutils.parsers.rst.states import Body
from docutils.utils import column_width

from books.sources.directive import (
    NOT_THERE,
    PREFIX,
    Change,
    Directive,
    Lines,
    NotWrittenError,
    check_title,
    is_title,
)

_MARKER = re.compile(rf"( *)\.\. +((?:{PREFIX})?[a-z-]+) ?::(?= |$)")
_FIELD = re.compile(Body.patterns["field_marker"])
_RULE = re.compile(r"([!-/:-@[-`{-~])\1*$")
# What may precede a page's metadata because it is not shown: comments, targets, the page id.
_BEFORE_METADATA = re.compile(
    r"[ \t]|\.\.($| ((bookbinder:)?page-id|meta|index|role|default-role)::"
    r"| \|| (?!\[|[\w.+:-]+ ?::))"
)
_METADATA = re.compile(rf"[ \t]|{Body.patterns['field_marker']}")
# To be escaped. This also prevents smart quotes, dashes and ellipses.
_MARKUP = re.compile(r"""[\\*`|"']|_(?![^\W_])|(?<=\\)[-.]|-(?=-)|\.(?= ?\.)""")
# Would begin a list, an option, a comment, metadata, a literal, a table or a rule.
_NO_TITLE = re.compile(rf"[-+•‣⁃/.:>=]|{_RULE.pattern}")
_INDEX = ":gradebook-index:"


def read(lines: Lines, at: int) -> Directive:
    """Return the directive whose marker is in `lines[at]`, split as docutils splits it.

    Raise NotWrittenError if there is none, or if it cannot be split.
    """
    marker = _MARKER.match(_plain(lines[at])) if 0 <= at < len(lines) else None
    if marker is None:
        raise NotWrittenError(NOT_THERE)
    block = _block(lines, at, len(marker[1]))
    depth = min((_depth(line) for line in block[1:] if line), default=len(marker[1]) + 3)
    own = [block[0][marker.end() :].strip(), *(line[depth:] for line in block[1:])]
    if _FIELD.match(own[0]):
        raise NotWrittenError("its options are on the line of its name")
    head = _end(own, 1, lambda line: bool(line) and not _FIELD.match(line))
    body = _end(own, head, bool)
    options: dict[str, tuple[str, ...]] = {}
    name = ""
    for number in range(head, body):
        if _FIELD.match(own[number]):
            name = own[number][1:].partition(":")[0]
        options[name] = (*options.get(name, ()), lines[at + number])
    return Directive(
        name=marker[2],
        marker=marker[0],
        indent=" " * depth,
        argument="\n".join(own[:head]).strip(),
        text="\n".join(own[body:]).strip("\n"),
        head=tuple(lines[at : at + head]),
        options=options,
        body=tuple(lines[at + body : at + len(block)]),
    )


def changed(lines: Lines, at: int, change: Change) -> Lines:
    """Return the lines with the directive at `at` changed, or raise NotWrittenError."""
    old = read(lines, at)
    return _put(lines, at, len(old.lines()), old.changed(change))


def added(lines: Lines, at: int, change: Change) -> Lines:
    """Return the lines with new feedback at the end of the question at `at`.

    Raise NotWrittenError if it cannot be added.
    """
    question = read(lines, at)
    end = at + len(question.lines())
    name = question.beside("feedback")
    new = Directive(name, f"{question.indent}.. {name}::", f"{question.indent}   ").changed(change)
    return _put([*lines[:end], "", *lines[end:]], end + 1, 0, new)


def with_title(lines: Lines, old: str, new: str) -> Lines:
    """Return the lines with the title `old` changed, or raise NotWrittenError."""
    check_title(new)
    at = next((n for n in range(len(lines) - 1) if _is_title_at(lines, n)), None)
    if at is None or not is_title(lines[at], old):
        raise NotWrittenError(f"its title {old!r} is not found")
    text = _MARKUP.sub(r"\\\g<0>", new)
    # Without a backslash, a title such as `- x` or `???` would be something else.
    text = f"\\{text}" if _NO_TITLE.match(text) else text
    if _RULE.match(text):
        raise NotWrittenError("RST cannot express this title")
    inset = lines[at][: _depth(lines[at])]
    width = column_width(text) + 2 * len(inset)
    result = [*lines]
    result[at] = inset + text
    result[at + 1] = lines[at + 1][0] * width
    if _is_overlined(lines, at):
        result[at - 1] = result[at + 1]
    return result


def with_index(lines: Lines, index: str) -> Lines:
    """Return the lines with the page's gradebook index set in its metadata."""
    line = f"{_INDEX} {index}"
    start = _metadata(lines)
    if start is None:
        return [line, "", *lines]
    end = _end(lines, start, lambda text: not text.strip() or bool(_METADATA.match(text)))
    while not lines[end - 1].strip():
        end -= 1
    at = next((n for n in range(start, end) if lines[n].startswith(_INDEX)), end)
    return [*lines[:at], line, *lines[at + 1 if at < end else at :]]


def has_index(lines: Lines) -> bool:
    """Return whether the page's metadata set its gradebook index."""
    return any(line.startswith(_INDEX) for line in lines)


def _plain(line: str) -> str:
    return line.expandtabs().rstrip()


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block(lines: Lines, at: int, depth: int) -> Lines:
    """Return the directive's lines, with tabs expanded; all but the first are indented more."""
    block = [_plain(lines[at])]
    for line in map(_plain, islice(lines, at + 1, None)):
        if line and _depth(line) <= depth:
            break
        block.append(line)
    while not block[-1]:
        block.pop()
    return block


def _end(lines: Lines, start: int, holds: Callable[[str], bool]) -> int:
    """Return the index of the first line, from `start` on, that does not satisfy `holds`."""
    return next((n for n in range(start, len(lines)) if not holds(lines[n])), len(lines))


def _put(lines: Lines, at: int, length: int, new: Directive) -> Lines:
    """Return the lines with a directive in place of `length` lines at `at`.

    Raise NotWrittenError if it would not be parsed as intended.
    """
    result = [*lines[:at], *new.lines(), *lines[at + length :]]
    if read(result, at) != new:
        raise NotWrittenError("RST cannot express this text there")
    return result


def _is_overlined(lines: Lines, at: int) -> bool:
    above, below = lines[at - 1 : at], lines[at + 1]
    return bool(above and _RULE.match(above[0].rstrip())) and above[0][0] == below[:1]


def _is_title_at(lines: Lines, at: int) -> bool:
    """Return whether the line at `at` is a section title, which the next line underlines."""
    text, under = lines[at].rstrip(), lines[at + 1].rstrip()
    if not text or not _RULE.match(under) or len(under) < min(column_width(text), 4):
        return False
    if _is_overlined(lines, at):
        return True
    before = lines[at - 1].strip() if at else ""
    is_first = not before or before.startswith("..")
    return is_first and not text.startswith(" ") and not _RULE.match(text)


def _metadata(lines: Lines) -> int | None:
    """Return the index of the line where the page's metadata begin, or None."""
    for at, line in enumerate(lines):
        if _FIELD.match(_plain(line)):
            return at
        if line.strip() and not _BEFORE_METADATA.match(line):
            return None
    return None
