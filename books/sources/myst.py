"""Edits of MyST Markdown, given and returned as lines. Everything else stays unchanged."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from books.sources.directive import (
    NOT_THERE,
    Change,
    Directive,
    Lines,
    NotWrittenError,
    check_title,
    is_title,
)

_FENCE = re.compile(r"([ \t]*)(`{3,}(?=[^`]*$)|~{3,}|:{3,})(.*)$")
_RUN = re.compile(r"[ \t]*(([`~:])\2{2,})")
_NAMED = re.compile(r"\{([^\s}]+)\}(.*)$")
_COLON_OPTION = re.compile(r"\s*:([\w-]+):(?:\s|$)")
_YAML_OPTION = re.compile(r"([\w-]+)\s*:(?:\s|$)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_MARKUP = re.compile(r"[\\`*\[<~${^]|_(?![^\W_])|(?<![^\W_])_|&(?=#?\w+;)|#(?=#*$)")
_INDEX = re.compile(r"""["']?gradebook-index["']?\s*:""")


def read(lines: Lines, at: int) -> Directive:
    """Return the directive whose fence opens in `lines[at]`, split as MyST splits it.

    Raise NotWrittenError if there is none, or if it cannot be split.
    """
    close = _around(lines, at)[-1][1]
    fence = _FENCE.match(lines[at])
    named = _NAMED.match(fence[3].strip()) if fence else None
    if not fence or not named or close == len(lines):
        raise NotWrittenError(NOT_THERE)
    indent = fence[1]
    own = [_dedented(line, indent) for line in lines[at + 1 : close]]
    rules, first, last = _options_in(own)
    options: dict[str, tuple[str, ...]] = {}
    name = ""
    for number in range(first, last):
        match = (_YAML_OPTION if rules else _COLON_OPTION).match(own[number])
        name = match[1] if match else name
        options[name] = (*options.get(name, ()), lines[at + 1 + number])
    body = last + 1 if rules else last
    return Directive(
        name=named[1],
        marker=lines[at][: lines[at].index("}") + 1],
        indent=indent,
        argument=named[2].strip(),
        text="\n".join(own[body:]).strip("\n"),
        head=(lines[at],),
        rules=tuple(lines[at + 1 + number] for number in rules),
        options=options,
        body=tuple(lines[at + 1 + body : close]),
        tail=(lines[close],),
    )


def changed(lines: Lines, at: int, change: Change) -> Lines:
    """Return the lines with the directive at `at` changed, or raise NotWrittenError."""
    old = read(lines, at)
    return _put(lines, at, len(old.lines()), old.changed(change), _around(lines, at)[:-1])


def added(lines: Lines, at: int, change: Change) -> Lines:
    """Return the lines with new feedback at the end of the question at `at`.

    Raise NotWrittenError if it cannot be added.
    """
    question = read(lines, at)
    close = at + len(question.lines()) - 1
    if lines[close - 1].strip():
        lines = [*lines[:close], "", *lines[close:]]
        close += 1
    fence = question.indent + question.marker.strip()[0] * 3
    name = question.beside("feedback")
    new = Directive(name, f"{fence}{{{name}}}", question.indent, tail=(fence,))
    return _put(lines, close, 0, new.changed(change), _around(lines, at))


def with_title(lines: Lines, old: str, new: str) -> Lines:
    """Return the lines with the title `old` changed, or raise NotWrittenError."""
    check_title(new)
    start = _front_matter(lines)
    for at, end in _headings(lines, start + 1 if start else 0):
        marks = _HEADING.match(lines[at])
        text = marks[2] if marks else lines[at]
        if not is_title(text, old):
            break
        # With its new text, an underlined heading might be something else, such as a list.
        level = marks[1] if marks else "#" * (1 + lines[at + 1].strip().startswith("-"))
        return [*lines[:at], level + " " + _MARKUP.sub(r"\\\g<0>", new), *lines[end:]]
    raise NotWrittenError(f"its title {old!r} is not found")


def with_index(lines: Lines, index: str) -> Lines:
    """Return the lines with the page's gradebook index set in their front matter."""
    line = f"gradebook-index: {index}"
    end = _front_matter(lines)
    if not end:
        return ["---", line, "---", *lines]
    at = next((n for n in range(1, end) if _INDEX.match(lines[n])), end)
    return [*lines[:at], line, *lines[at + 1 if at < end else at :]]


def has_index(lines: Lines) -> bool:
    """Return whether the front matter sets the page's gradebook index."""
    return any(_INDEX.match(line) for line in lines[: _front_matter(lines)])


def _dedented(line: str, indent: str) -> str:
    depth = len(line) - len(line.lstrip(" \t"))
    return line[min(len(indent), depth) :].rstrip("\r")


def _options_in(own: Lines) -> tuple[tuple[int, ...], int, int]:
    """Return the indexes of the lines around the options, of the first option, and of their end."""
    if own and own[0].startswith("---"):
        end = next((n for n in range(1, len(own)) if own[n].startswith("---")), None)
        if end is None or own[end].strip("- "):
            raise NotWrittenError("its options do not end with a line of ---")
        return (0, end), 1, end
    options = (n for n, line in enumerate(own) if not _is_colon_option(line))
    return (), 0, next(options, len(own))


def _is_colon_option(line: str) -> bool:
    return line.lstrip().startswith(":") and not line.lstrip().startswith(":::")


def _closing(lines: Lines, at: int, end: int, fence: str) -> int:
    """Return the index of the line that closes a fence, or `end` if none does."""
    for number in range(at + 1, end):
        text = lines[number].strip()
        if text.startswith(fence) and not text.strip(fence[0]):
            return number
    return end


def _around(lines: Lines, at: int) -> list[tuple[int, int]]:
    """Return the lines where the fences around `at` open and close, outermost first.

    The last is the fence that opens at `at`. Raise NotWrittenError if there is none.
    """
    found = []
    number, end = 0, len(lines)
    while number <= at and number < end:
        fence = _FENCE.match(lines[number])
        close = _closing(lines, number, end, fence[2]) if fence else number
        if not fence or close < at:
            number = close + 1
            continue
        found.append((number, close))
        if number == at:
            return found
        number, end = number + 1, close
    raise NotWrittenError(NOT_THERE)


def _longest(char: str, lines: Iterable[str]) -> int:
    """Return the length of the longest run of `char` that begins a line; 2 if none has three."""
    runs = (run[1] for line in lines if (run := _RUN.match(line)))
    return max((len(run) for run in runs if run[0] == char), default=2)


def _with_fence(line: str, fence: str) -> str:
    return _RUN.sub(lambda run: run[0].replace(run[1], fence), line, count=1)


def _fenced(directive: Directive) -> Directive:
    """Return the directive with a fence that its argument and its text do not close."""
    run = _RUN.match(directive.marker)
    old = run[1] if run else ""
    char = "~" if old[0] == "`" in directive.argument else old[0]
    fence = char * max(len(old), _longest(char, directive.body) + 1)
    if fence == old:
        return directive
    head = tuple(_with_fence(line, fence) for line in directive.head)
    tail = tuple(_with_fence(line, fence) for line in directive.tail)
    return replace(directive, marker=_with_fence(directive.marker, fence), head=head, tail=tail)


def _put(
    lines: Lines, at: int, length: int, meant: Directive, around: list[tuple[int, int]]
) -> Lines:
    """Return the lines with a directive in place of `length` lines at `at`.

    Fences around it are lengthened if necessary. Raise NotWrittenError if it would not be parsed as
    intended.
    """
    new = _fenced(meant)
    inside = new.lines()
    result = [*lines[:at], *inside, *lines[at + length :]]
    shift = len(inside) - length
    for first, close in reversed(around):
        fence = result[first].strip()
        fence = fence[: len(fence) - len(fence.lstrip(fence[0]))]
        longer = fence[0] * (_longest(fence[0], inside) + 1)
        if len(longer) > len(fence) and close < len(lines):
            for number in (first, close + shift):
                result[number] = _with_fence(result[number], longer)
            inside.append(result[first])
    if read(result, at) != new:
        raise NotWrittenError("MyST cannot express this text there")
    return result


def _front_matter(lines: Lines) -> int:
    """Return the index of the line that ends the front matter, or 0 if there is none."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    return next((n for n in range(1, len(lines)) if lines[n].rstrip() == "---"), 0)


def _headings(lines: Lines, start: int) -> Iterator[tuple[int, int]]:
    """Yield the first line of each heading outside of fences, and the line after it."""
    at = start
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence:
            at = _closing(lines, at, len(lines), fence[2])
        elif _HEADING.match(lines[at]):
            yield at, at + 1
        elif lines[at].strip() and any(map(_UNDERLINE.match, lines[at + 1 : at + 2])):
            yield at, at + 2
        at += 1
