"""Converts replies to Markdown that renders to the same reply, so that authors can edit them."""

import re
from typing import Any

from markdownify import ATX, MarkdownConverter

_TEX_ENDS = re.compile(r"\A\\[(\[]|\\[)\]]\Z")
_BLANK_LINES = re.compile(r"\n{3,}")


class _Converter(MarkdownConverter):
    """Converts Sphinx's HTML, with formulas between TeX delimiters and code in a `div`."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        # An unescaped dollar sign would begin a formula.
        escaped = str(super().escape(text, parent_tags))  # type: ignore[misc]
        return escaped.replace("$", r"\$")

    def convert_span(self, el: Any, text: str, parent_tags: set[str]) -> str:
        return f"${_tex(el)}$" if _is_math(el) else text

    def convert_div(self, el: Any, text: str, parent_tags: set[str]) -> str:
        if _is_math(el):
            return f"\n\n$$\n{_tex(el)}\n$$\n\n"
        return str(super().convert_div(el, text, parent_tags))  # type: ignore[misc]

    def convert_pre(self, el: Any, text: str, parent_tags: set[str]) -> str:
        code = el.get_text().rstrip("\n")
        fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
        return f"\n\n{fence}\n{code}\n{fence}\n\n"


def _is_math(el: Any) -> bool:
    return "math" in (el.get("class") or ())


def _tex(el: Any) -> str:
    return _TEX_ENDS.sub("", el.get_text().strip()).strip()


def from_html(html: str) -> str:
    """Return Markdown for the HTML of a reply that a build has rendered."""
    text = _Converter(heading_style=ATX, bullets="-", escape_misc=True).convert(html)
    return _BLANK_LINES.sub("\n\n", text).strip()
