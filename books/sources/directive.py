"""What RST and MyST have in common: the parts of a directive, and texts fit for a source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bookbinder.sphinx import markdown
from books.errors import BooksError

Lines = list[str]

NOT_THERE = "it is not there: the text may be included, generated or in a comment"

# What may stand before our names: our domain, or what `bookbinder_prefix` can be.
PREFIX = r"bookbinder:|[a-z][a-z0-9]*[-_]"
_HARD_BREAK = re.compile(r"(?<=\S) {2,}\n(?= *\S)")
_ROLE = re.compile(r":[\w:.+-]+:(?=`)|\{[\w:.+-]+\}(?=`)")


class NotWrittenError(BooksError):
    """An edit that has to be made by hand; the message says why."""


@dataclass(frozen=True)
class Change:
    """Changes to a directive.

    None leaves the argument or the body as it is, but removes an option.
    """

    argument: str | None = None
    options: Mapping[str, str | None] = field(default_factory=dict)
    body: str | None = None


@dataclass(frozen=True)
class Directive:
    """A directive split into parts, whose lines put together are the original ones."""

    name: str
    marker: str  # what precedes the argument, with its indentation
    indent: str = field(compare=False)  # of the content
    argument: str = ""
    text: str = ""
    head: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()  # lines that enclose the options: MyST's `---`, or none
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    body: tuple[str, ...] = ()  # including empty lines before and after the text
    tail: tuple[str, ...] = ()  # MyST's closing fence

    def is_a(self, name: str) -> bool:
        """Return whether it is our directive `name`, under this name or with a prefix."""
        return re.fullmatch(rf"(?:{PREFIX})?{name}", self.name) is not None

    def beside(self, name: str) -> str:
        """Return the name of our directive `name` with this one's prefix, if it has one."""
        found = re.match(PREFIX, self.name)
        return (found[0] if found else "") + name

    def lines(self) -> Lines:
        """Return all lines of the directive."""
        options = [line for lines in self.options.values() for line in lines]
        return [*self.head, *self.rules[:1], *options, *self.rules[1:], *self.body, *self.tail]

    def changed(self, change: Change) -> "Directive":
        """Return the directive with the changes made."""
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
    """Return a reply in Markdown as any source can contain it, with the same appearance.

    Neither RST nor YAML preserves carriage returns, tabs or trailing spaces. Two trailing spaces
    are a line break in Markdown, so they are replaced by a backslash, which is one as well.
    """
    text = "\n".join(line.expandtabs(4) for line in text.splitlines())
    plain, broken = _stripped(text), _stripped(_HARD_BREAK.sub(r"\\\n", text))
    # Not if the spaces are in code, where a backslash would be shown.
    is_alike = plain != broken and markdown.render(broken) == markdown.render(text)
    return broken if is_alike else plain


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def tidy_answer(answer: str) -> str:
    """Return an expected answer as any source can contain it, without tabs or trailing spaces."""
    return "\n".join(line.expandtabs().rstrip() for line in answer.strip().splitlines())


def is_title(line: str, shown: str) -> bool:
    """Return whether a line of a source, which may have markup, can be the title `shown`."""
    return _letters(_ROLE.sub("", line)) == _letters(shown)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def check_title(title: str) -> None:
    """Raise NotWrittenError unless a title is one line without spaces at its ends."""
    if not title or len(title.splitlines()) > 1 or title != title.strip():
        raise NotWrittenError("a title must be one line of text")
