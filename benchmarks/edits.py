"""Edits pages and follows each word, so that the correct place of each passage is known.

Before an edit, each word of a page is replaced by a tag with its number. The old page, the edited
page, and the positions of the words in their canonical texts are derived from the tags.
"""

import random
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lxml import etree

from annotations.anchoring import canonical_text

TAG = re.compile("\ue000(\\d+)\ue001")
WORD = re.compile(r"\w+")
SPACE = re.compile(r"\s+")


class Word(NamedTuple):
    """A word of the pages; `is_new` if an edit has written it."""

    text: str
    origin: int | None  # the number of the old word that it is or replaces; None if inserted
    is_new: bool


class Spot(NamedTuple):
    """Where a word is in the canonical text of a page, in code points."""

    docname: str
    start: int
    end: int
    word: Word


class Book:
    """Pages that are edited. The tag of a word has its index in `words`."""

    def __init__(self, pages: dict[str, str], seed: int) -> None:
        self.random = random.Random(seed)
        self.words: list[Word] = []
        parser = etree.HTMLParser(encoding="utf-8")
        self.pages = {
            docname: etree.fromstring(html.encode(), parser) for docname, html in pages.items()
        }
        for page in self.pages.values():
            _rewrite(page, lambda text: WORD.sub(lambda m: self.tag(m[0], len(self.words)), text))
        self.vocabulary = [word.text for word in self.words if word.text.isalpha()]

    def tag(self, text: str, origin: int | None, *, is_new: bool = False) -> str:
        """Add a word, and return its tag."""
        self.words.append(Word(text, origin, is_new))
        return f"\ue000{len(self.words) - 1}\ue001"

    def html(self) -> dict[str, str]:
        """Return the HTML of the pages as they are now, by docname."""
        return {
            docname: TAG.sub(lambda m: self.words[int(m[1])].text, _serialized(page))
            for docname, page in self.pages.items()
        }

    def spots(self) -> list[Spot]:
        """Return where all words are in the canonical texts of the pages as they are now."""
        return [spot for docname in self.pages for spot in self.spots_of(docname)]

    def spots_of(self, docname: str) -> Iterator[Spot]:
        text = canonical_text(_serialized(self.pages[docname]))
        shrunk = 0
        for found in TAG.finditer(text):
            word = self.words[int(found[1])]
            start = found.start() - shrunk
            shrunk += len(found[0]) - len(word.text)
            yield Spot(docname, start, start + len(word.text), word)

    def change_words(self, share: float) -> None:
        """Change a share of the words: replace half, delete a quarter, insert after a quarter."""
        for page in self.pages.values():
            _rewrite(page, lambda text: TAG.sub(lambda m: self._changed(m, share), text))

    def _changed(self, found: re.Match[str], share: float) -> str:
        if self.random.random() >= share:
            return found[0]
        kind, other = self.random.randrange(4), self.random.choice(self.vocabulary)
        if kind < 2:
            return self.tag(other, self.words[int(found[1])].origin, is_new=True)
        return "" if kind == 2 else f"{found[0]} {self.tag(other, None, is_new=True)}"

    def move_sections(self, count: int) -> None:
        """Move `count` random sections of each page to other positions on the page."""
        for page in self.pages.values():
            for _ in range(count):
                moving = self.random.choice(page.findall(".//section"))
                inside = set(moving.iter("section"))
                others = [one for one in page.findall(".//section") if one not in inside]
                if others:
                    self.random.choice(others).addprevious(_cut(moving))

    def drop_paragraphs(self, share: float) -> None:
        """Delete about this share of the paragraphs."""
        for page in self.pages.values():
            for paragraph in page.findall(".//p"):
                if self.random.random() < share:
                    _cut(paragraph)

    def move_paragraphs(self, count: int) -> None:
        """Move `count` random paragraphs of each page to random positions on the next page."""
        pages = list(self.pages.values())
        for page, following in zip(pages, [*pages[1:], pages[0]], strict=True):
            for paragraph in self.random.sample(page.findall(".//p"), count):
                self.random.choice(following.findall(".//p")).addprevious(_cut(paragraph))

    def rewrap(self) -> None:
        """Replace each run of white space by a space or a line break."""
        for page in self.pages.values():
            _rewrite(page, lambda text: SPACE.sub(lambda _: self.random.choice("\n "), text))


def _serialized(page: etree._Element) -> str:
    return etree.tostring(page, encoding="unicode", method="html")


def _rewrite(page: etree._Element, change: Callable[[str], str]) -> None:
    for element in page.iter(etree.Element):
        element.text = element.text and change(element.text)
        element.tail = element.tail and change(element.tail)


def _cut(element: etree._Element) -> etree._Element:
    """Remove an element from its page, without its tail, and return it."""
    tail, before, parent = element.tail or "", element.getprevious(), element.getparent()
    element.tail = None
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
    return element
