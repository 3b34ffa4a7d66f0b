"""The canonical text of a page: the same string as in the browser (static/annotations/text.js).

It is the text of the page's body in document order, without the skipped elements. Each formula is
one character, and each run of white space is one space, with none at the beginning or end.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from lxml import etree

# How themes mark the author's text. The first of these that a page has is its body.
BODIES = (
    ("div", "class", "body"),
    (None, "itemprop", "articleBody"),
    ("article", "class", "bd-article"),
    (None, "role", "main"),
    ("main", None, None),
    ("article", None, None),
    ("body", None, None),
)
SKIPPED_TAGS = frozenset(("script", "style", "noscript", "template", "button"))
FORMULA = "\ufffc"  # OBJECT REPLACEMENT CHARACTER
# As \s in JavaScript. Python's lacks U+FEFF, and includes U+001C to U+001F and U+0085.
SPACE = re.compile(
    "[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+",
)
# Elements that start and end a block.
BLOCKS = frozenset(
    re.split(
        r"\s+",
        "address article aside blockquote body caption dd details dialog div dl dt fieldset"
        " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main nav ol p"
        " pre section summary table tbody td tfoot th thead tr ul",
    )
)


class PageText(NamedTuple):
    """A canonical text, and where in it each block's own text starts and ends."""

    text: str
    blocks: tuple[tuple[int, int], ...]


def canonical_text(html: str) -> str:
    """Return the canonical text of a page's HTML, in which the offsets of notes count."""
    return read(html).text


def read(html: str) -> PageText:
    """Return the canonical text of a page's HTML, with its blocks."""
    body = _body(html)
    parts: list[str] = []
    cuts = [0]
    length, ends_in_space = 0, True
    for piece in () if body is None else _pieces(body):
        if piece is None:
            cuts.append(length)
            continue
        words = SPACE.sub(" ", piece)
        if ends_in_space and words.startswith(" "):
            words = words[1:]
        if words:
            parts.append(words)
            length += len(words)
            ends_in_space = words.endswith(" ")
    text = "".join(parts).removesuffix(" ")
    return PageText(text, tuple(_trimmed(text, [*cuts, len(text)])))


def _body(html: str) -> etree._Element | None:
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    # Browsers drop NUL, and never see the lone surrogates that `encode` replaces.
    data = html.replace("\0", "").encode("utf-8", "replace")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:  # the page is empty
        return None
    return None if root is None else next(_bodies(root), root)


def _bodies(root: etree._Element) -> Iterator[etree._Element]:
    for tag, name, word in BODIES:
        for element in root.iter(tag or etree.Element):
            value = name and element.get(name)
            if name is None or value == word or (name == "class" and word in _classes(element)):
                yield element


def _classes(element: etree._Element) -> list[str]:
    return (element.get("class") or "").split()


def _pieces(body: etree._Element) -> Iterator[str | None]:
    """Yield the texts in order, and None at each edge of a block."""
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        is_block = element.tag in BLOCKS
        if is_block:
            yield None
        if event == "end":
            if element is not body and element.tail:
                yield element.tail
        elif _is_skipped(element):
            walk.skip_subtree()
        elif "math" in _classes(element):
            walk.skip_subtree()
            yield FORMULA
        elif element.text:
            # HTML drops a line break right after <pre>.
            yield element.text.removeprefix("\n") if element.tag == "pre" else element.text


def _is_skipped(element: etree._Element) -> bool:
    if element.tag in SKIPPED_TAGS or element.get("data-annot-skip") is not None:
        return True
    classes = _classes(element)
    return "headerlink" in classes or (element.tag == "form" and "bookbinder-question" in classes)


def _trimmed(text: str, cuts: list[int]) -> Iterator[tuple[int, int]]:
    for start, end in pairwise(cuts):
        own = text[start:end]
        start += len(own) - len(own.lstrip(" "))
        end = start + len(own.strip(" "))
        if start < end:
            yield start, end
