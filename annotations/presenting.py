"""How a note is shown to people: its Markdown as safe HTML, its passage, and what has changed."""

import functools
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import nh3

from annotations import audiences, moderation
from annotations.anchoring.text import FORMULA
from annotations.models import Annotation

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
# No headings, which would stand among the page's own, and no images, which call other sites.
_TAGS = {"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr"}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}


@functools.lru_cache(maxsize=1024)
def changes(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of "=", "-" or "+" and the words that stayed, went or came, in order."""
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    found: list[tuple[str, str]] = []
    # Space joins no passages: without it as a seed a long one takes a quarter of the time.
    matcher = SequenceMatcher(str.isspace, before, after, autojunk=False)
    for kind, i, j, k, n in matcher.get_opcodes():
        if kind == "equal":
            found.append(("=", "".join(before[i:j])))
            continue
        if j > i:
            found.append(("-", "".join(before[i:j])))
        if n > k:
            found.append(("+", "".join(after[k:n])))
    return tuple(found)


def readable(text: str) -> str:
    """Return a passage as people read it, where a formula has no words."""
    return text.replace(FORMULA, "[…]")


@functools.cache
def _renderer() -> "MarkdownIt":
    # Imported here, since most commands and requests render no note.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")


@functools.lru_cache(maxsize=1024)
def render(text: str) -> str:
    """Return safe HTML for a note's Markdown. Raw HTML in it is shown as text."""
    html = _renderer().render(text)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    ).strip()


def prepare(row: Any) -> Any:
    """Give a row its safe HTML, and its words as people read them."""
    row.html = render(row.body)
    row.passage = readable(row.quote)
    if row.state == Annotation.State.CHANGED:
        row.changes = changes(row.orig_quote, row.quote)
    return row


def prepare_for(row: Any, user: Any) -> Any:
    """And the writer's name, and what may be done with it, as `user` may see them."""
    row.name = audiences.name_of(row, user)
    offered = moderation.offered(row, user)
    row.may_edit, row.may_delete = "edit" in offered, "delete" in offered
    row.acts = [moderation.ACTS[name] for name in offered if name in moderation.ACTS]
    return prepare(row)
