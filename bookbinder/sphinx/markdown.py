"""Renders Markdown as safe HTML, both for builds and for the editor in the admin.

Both must produce the same HTML for the same text, or every sync would find a difference.
"""

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import nh3

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# TeX commands that add a link, a style or an id to a formula: MathJax accepts any address.
_ACTIVE = re.compile(r"\\(?:href|url|style|class|cssId|unicode|require)(?![A-Za-z])")
MATH = "math"  # the class of elements in which MathJax looks for formulas


def _formula(tex: str, options: dict[str, Any]) -> str:
    """Return TeX as HTML, between the delimiters that Sphinx uses for its own formulas."""
    begin, end = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    tex = _ACTIVE.sub(r"\\text", tex)
    return f"{begin}{escape(tex, quote=False)}{end}"


@cache
def _renderer() -> "MarkdownIt":
    # Imported here, since it would take 5% of the time of a build without Markdown.
    from markdown_it import MarkdownIt

    return with_formulas(MarkdownIt("commonmark", {"html": False}).enable("table"))


def with_formulas(renderer: "MarkdownIt") -> "MarkdownIt":
    """Make a renderer take `$TeX$` and `$$TeX$$` as formulas, in elements of the class `MATH`."""
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    # Two prices in a sentence must not become a formula.
    return renderer.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        renderer=_formula,
    )


def render(text: str) -> str:
    """Return sanitised HTML for `text`, which is CommonMark with tables and `$TeX$`.

    Raw HTML in `text` is shown as text.
    """
    classes = {"span": {MATH}, "div": {MATH}}
    return nh3.clean(_renderer().render(text), allowed_classes=classes).strip()


def has_math(html: str) -> bool:
    """Return whether a rendered text contains a formula."""
    return f'class="{MATH}"' in html


def addresses(text: str) -> list[str]:
    """Return the addresses of the links and pictures in a text, in order."""
    found = []
    for token in _renderer().parse(text):
        for inner in token.children or ():
            address = inner.attrGet("href") or inner.attrGet("src")
            if address:
                found.append(str(address))
    return found
