"""What the bookshelf shows of a book, from `conf.py`."""

import posixpath
from collections.abc import Container

from sphinx.config import Config


def description(config: Config) -> str:
    """Return the description of the book: the author's own, or else the theme's."""
    text = config.bookbinder_description or config.html_theme_options.get("description", "")
    return " ".join(str(text).split())[:2_000]


def author(config: Config) -> str:
    """Return who wrote the book; empty where `conf.py` does not say."""
    is_given = config.author != config.values["author"].default
    return " ".join(str(config.author).split())[:500] if is_given else ""


def cover(config: Config, files: Container[str]) -> str | None:
    """Return the path of the theme's logo, if it is a file that the build has published."""
    path = f"_static/{posixpath.basename(config.html_logo or '')}"
    return path if path in files else None
