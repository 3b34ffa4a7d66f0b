"""What students write, as HTML: less than an author may, and nothing from another site."""

import functools

import nh3
from markdown_it import MarkdownIt

_renderer = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")
# No headings, which would stand among the page's own, and no images, which call other sites.
_TAGS = {"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr"}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}


@functools.lru_cache(maxsize=1024)
def render(text: str) -> str:
    """Return safe HTML for a note's Markdown. Raw HTML in it is shown as text."""
    html = _renderer.render(text)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    ).strip()
