"""A book's table of contents as a tree, with what a student has done on each page."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from books.models import Page
from grading.progress import Done

DEEPEST = 8  # pages further down stand beside each other
FEW = 40  # pages; the tree of a longer book is folded, except for where the student stopped


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


def tree(
    pages: Iterable[Page],
    readable: Container[int],
    done: Mapping[int, Done],
    last_read: int | None,
) -> list[Part]:
    """Return the parts of a book, from its pages in order and their levels.

    The first page stands beside the pages that are below it. `readable` and `last_read` are primary
    keys of pages, as are the keys of `done`.
    """
    pages = list(pages)
    is_short = len(pages) <= FEW
    top: list[Part] = []
    above: list[tuple[int, list[Part]]] = []  # the pages on the way down: their levels and parts
    for number, page in enumerate(pages):
        entry = Entry(
            page, page.pk in readable, page.pk == last_read, done.get(page.pk, Done(0, 0))
        )
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
