"""A note's Markdown as safe HTML, rendered once, when it is written, and stored with the note."""

import functools
from typing import TYPE_CHECKING, Any

import nh3

from annotations.models import Annotation
from bookbinder.sphinx.markdown import MATH, with_formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# The version of this renderer: increase it with every change to what `render` returns, so that
# notes that an earlier version rendered are rendered again.
RENDERER = 3

# A search for the end of a link at each of 10,000 brackets takes a tenth of a second, and one for
# the end of a formula at each of 3,000 dollar signs more than half a second.
_MOST_BRACKETS = 1_000
_MOST_DOLLARS = 400

# No headings, which would mix with those of the page, and no images, which call other sites.
_TAGS = {"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr"}
_FORMULAS = {"span": {MATH}, "div": {MATH}}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}


@functools.cache
def _renderer(*disabled: str) -> "MarkdownIt":
    # Imported here, since most commands and requests render no note.
    from markdown_it import MarkdownIt

    renderer = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return with_formulas(renderer).disable(disabled)


def render(text: str) -> str:
    """Return safe HTML for a note's Markdown. Raw HTML in it is shown as text.

    So are links in a text with more than 1,000 opening brackets, and formulas in one with more than
    400 dollar signs.
    """
    disabled = ["image"]
    if text.count("[") > _MOST_BRACKETS:
        disabled.append("link")
    if text.count("$") > _MOST_DOLLARS:
        disabled += ("math_inline", "math_block")
    html = _renderer(*disabled).render(text)
    return nh3.clean(
        html,
        tags=_TAGS | _FORMULAS.keys(),
        attributes=_ATTRIBUTES,
        allowed_classes=_FORMULAS,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    ).strip()


def body_fields(text: str) -> dict[str, Any]:
    """Return the fields of a note for its text: what was written, and the HTML made of it."""
    return {"body": text, "html": render(text), "renderer": RENDERER}


def html_of(note: Annotation) -> str:
    """Return a note's HTML, rendered again and stored if an earlier version rendered it."""
    if note.renderer != RENDERER:
        note.html, note.renderer = render(note.body), RENDERER
        # Not if the text has been changed meanwhile: then its new HTML is stored with it.
        unchanged = Annotation.objects.filter(pk=note.pk, updated_at=note.updated_at)
        unchanged.update(html=note.html, renderer=RENDERER)
    return note.html
