"""A book's table of contents as a tree, with what a student has done on each page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from accounts.access import Person
from books.models import Book, Page

DEEPEST = 8  # pages further down stand beside each other
FEW = 40  # pages; the tree of a longer book is folded, except for where the student stopped


@dataclass(frozen=True)
class Done:
    """How many of the questions of a page, or of several, are answered."""

    answered: int
    questions: int

    @property
    def is_all(self) -> bool:
        return 0 < self.questions == self.answered


@dataclass
class Entry:
    """A page in the tree, with the parts below it."""

    page: Page
    is_readable: bool
    is_last_read: bool
    done: Done
    below: list["Part"] = field(default_factory=list)


@dataclass
class Part:
    """Neighbours below a page that stand in toctrees with the same caption, which may be empty."""

    caption: str
    entries: list[Entry]
    is_short: bool  # the whole book is

    def _all(self) -> Iterator[Entry]:
        stack = self.entries[::-1]
        while stack:
            entry = stack.pop()
            yield entry
            stack += [entry for part in entry.below[::-1] for entry in part.entries[::-1]]

    @property
    def page_count(self) -> int:
        return sum(1 for _entry in self._all())

    @property
    def done(self) -> Done:
        """What is done on all its pages."""
        done = [entry.done for entry in self._all()]
        return Done(sum(one.answered for one in done), sum(one.questions for one in done))

    @property
    def is_open(self) -> bool:
        """Whether it is shown unfolded at first."""
        return self.is_short or any(entry.is_last_read for entry in self._all())


def of(
    book: Book,
    user: Person,
    done: Mapping[int, Done] = MappingProxyType({}),
    last_read: int | None = None,
) -> list[Part]:
    """Return the contents of a book for `user`.

    `last_read` is the primary key of a page, as are the keys of `done`.
    """
    pages = list(book.pages.with_rights(user).order_by("position", "pk"))
    for page in pages:
        page.book = book
    return tree(pages, done, last_read)


def tree(
    pages: Iterable[Any],
    done: Mapping[int, Done] = MappingProxyType({}),
    last_read: int | None = None,
) -> list[Part]:
    """Return the parts of a book, from its pages in order, with their levels and `is_readable`.

    The first page stands beside the pages that are below it.
    """
    pages = list(pages)
    is_short = len(pages) <= FEW
    top: list[Part] = []
    above: list[tuple[int, list[Part]]] = []  # the pages on the way down: their levels and parts
    for number, page in enumerate(pages):
        entry = Entry(page, page.is_readable, page.pk == last_read, done.get(page.pk, Done(0, 0)))
        level = min(page.level, DEEPEST)
        while above and above[-1][0] >= level:
            above.pop()
        parts = above[-1][1] if above else top
        if not parts or parts[-1].caption != page.caption:
            parts.append(Part(page.caption, [], is_short))
        parts[-1].entries.append(entry)
        if number > 0:
            above.append((level, entry.below))
    return top
