"""What RST and MyST share: a directive in pieces, and texts as sources can hold them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bookbinder.sphinx import markdown

Lines = list[str]

NOT_THERE = "it does not stand there: the text may be included, generated or in a comment"

_HARD_BREAK = re.compile(r"(?<=\S) {2,}\n(?= *\S)")
_ROLE = re.compile(r":[\w:.+-]+:(?=`)|\{[\w:.+-]+\}(?=`)")


class NotWrittenError(Exception):
    """An edit that has to be made by hand; the text says why."""


@dataclass(frozen=True)
class Change:
    """What becomes of a directive: None leaves argument and body, and takes an option away."""

    argument: str | None = None
    options: Mapping[str, str | None] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True)
class Directive:
    """A directive in pieces that keep their lines: put together they are what they were."""

    name: str
    marker: str  # what stands before the argument, with its indentation
    indent: str = field(compare=False)  # of what stands inside
    argument: str = ""
    text: str = ""
    head: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()  # what encloses the options: MyST's `---`, or nothing
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    body: tuple[str, ...] = ()  # with the empty lines before and after the text
    tail: tuple[str, ...] = ()  # MyST's closing fence

    def lines(self) -> Lines:
        options = [line for lines in self.options.values() for line in lines]
        return [*self.head, *self.rules[:1], *options, *self.rules[1:], *self.body, *self.tail]

    def changed(self, change: Change) -> "Directive":
        new = replace(self, options=self._options(change))
        if change.argument is not None:
            first, *more = change.argument.split("\n")
            head = (f"{self.marker} {first}", *(self.indent + line for line in more))
            new = replace(new, argument=change.argument, head=head)
        if change.body is not None:
            body = [self.indent + line if line else "" for line in change.body.split("\n")]
            new = replace(new, text=change.body, body=("", *body) if change.body else ())
        return new

    def _options(self, change: Change) -> dict[str, tuple[str, ...]]:
        options = {**self.options}
        for name, value in change.options.items():
            key = f"{name}:" if self.rules else f":{name}:"
            options[name] = (f"{self.indent}{key} {value}".rstrip(),)
            if value is None:
                del options[name]
        return options


def tidy(text: str) -> str:
    """Return a reply as any source can hold it, looking as it did.

    Neither RST nor YAML keeps a CR, a tab or the spaces at the end of a line; two of these break
    the line in Markdown, where a backslash does so too.
    """
    text = "\n".join(line.expandtabs(4) for line in text.splitlines())
    plain, broken = _stripped(text), _stripped(_HARD_BREAK.sub(r"\\\n", text))
    # Not where the spaces stand in code.
    is_alike = plain != broken and markdown.render(broken) == markdown.render(text)
    return broken if is_alike else plain


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def tidy_answer(answer: str) -> str:
    return "\n".join(line.expandtabs().rstrip() for line in answer.strip().splitlines())


def is_title(line: str, shown: str) -> bool:
    """Whether a line of a source, with its markup, can be the title that is shown."""
    return _letters(_ROLE.sub("", line)) == _letters(shown)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def check_title(title: str) -> None:
    if not title or len(title.splitlines()) > 1 or title != title.strip():
        raise NotWrittenError("a title is one line of text")
