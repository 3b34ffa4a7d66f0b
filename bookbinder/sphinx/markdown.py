"""Markdown to safe HTML: one renderer for the author's build and for the admin's editor.

Both sides must give the same HTML for the same text, or every sync would find a difference.
"""

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import nh3

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# What would make a link, a style or an id of an author's formula: MathJax takes any address.
_ACTIVE = re.compile(r"\\(?:href|url|style|class|cssId|unicode|require)(?![A-Za-z])")
MATH = "math"  # the class in which MathJax looks for formulas


def _formula(tex: str, options: dict[str, Any]) -> str:
    """Return TeX between the marks that Sphinx' own formulas stand between."""
    begin, end = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    tex = _ACTIVE.sub(r"\\text", tex)
    return f"{begin}{escape(tex, quote=False)}{end}"


@cache
def _renderer() -> "MarkdownIt":
    # Not loaded for a build without Markdown, of which it would take a twentieth.
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    return (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        # Two prices in a sentence are no formula.
        .use(
            dollarmath_plugin,
            allow_labels=False,
            allow_space=False,
            allow_digits=False,
            renderer=_formula,
        )
    )


def render(text: str) -> str:
    """Return sanitised HTML for `text`: CommonMark with tables and `$TeX$`.

    Raw HTML in it is shown as text.
    """
    classes = {"span": {MATH}, "div": {MATH}}
    return nh3.clean(_renderer().render(text), allowed_classes=classes).strip()


def has_math(html: str) -> bool:
    """Whether a rendered text shows a formula."""
    return f'class="{MATH}"' in html
