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
# No headings, which would mix with those of the page, and no images, which call other sites.
_TAGS = {"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr"}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}


@functools.lru_cache(maxsize=1024)
def changes(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Return the differences between two texts, as pairs of a sign and a piece of text, in order.

    The sign is "=" for text in both, "-" for removed text and "+" for added text.
    """
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    found: list[tuple[str, str]] = []
    # White space is junk and starts no match, so that long passages take a quarter of the time.
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
    """Return a passage for people to read, with "[…]" in place of each formula."""
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
    """Add `html`, `passage` and, for a changed passage, `changes` to a note; return the note."""
    row.html = render(row.body)
    row.passage = readable(row.quote)
    if row.state == Annotation.State.CHANGED:
        row.changes = changes(row.orig_quote, row.quote)
    return row


def prepare_for(row: Any, user: Any) -> Any:
    """Prepare a note, and add the writer's name and the acts that `user` may see.

    `row` comes from a queryset `with_rights_of` the user.
    """
    row.name = audiences.name_of(row, user)
    offered = moderation.offered(row, user)
    row.may_edit, row.may_delete = "edit" in offered, "delete" in offered
    row.acts = [moderation.ACTS[name] for name in offered if name in moderation.ACTS]
    return prepare(row)
