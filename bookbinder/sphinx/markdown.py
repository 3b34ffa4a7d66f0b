"""Markdown to safe HTML: one renderer for the author's build and for the admin's editor.

Both sides must give the same HTML for the same text, or every sync would find a difference.
"""

import nh3
from markdown_it import MarkdownIt

_renderer = MarkdownIt("commonmark", {"html": False}).enable("table")


def render(text: str) -> str:
    """Return sanitised HTML for `text`, CommonMark with tables; raw HTML in it is shown as text."""
    return nh3.clean(_renderer.render(text)).strip()
