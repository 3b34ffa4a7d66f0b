"""The base of our directives, and which directives are not ours."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from docutils.parsers.rst import directives as registered
from sphinx.util.docutils import SphinxDirective

from bookbinder.sphinx import checks
from bookbinder.sphinx.collector import note_mistake


def others(name: str) -> Any:
    """Return what another extension has registered as the directive `name`; None if nothing."""
    found = registered._directives.get(name)  # type: ignore[attr-defined]
    is_ours = isinstance(found, type) and issubclass(found, CheckedDirective)
    return None if is_ours else found


def replies_in(content: Iterable[str], prefix: str) -> list[str]:
    """Return the names in a directive's content under which our replies are written.

    These are `choice` and `feedback` alone, in our domain, or after `prefix`, in reStructuredText
    or MyST, in alphabetical order. Another extension may have the names.
    """
    name = rf"((?:bookbinder:|{re.escape(prefix)})?(?:choice|feedback))"
    marks = rf"^\s*(?:\.\. +{name} ?::|[`~:]{{3,}}\s*\{{{name}\}})"
    found = re.findall(marks, "\n".join(content), re.MULTILINE)
    return sorted({rst or myst for rst, myst in found})


class _AnyOption(dict[str, Callable[[str | None], str]]):
    """Accepts every option, so that an unknown one is reported as a mistake, with its line."""

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Callable[[str | None], str]:
        return lambda value: "" if value is None else str(value).strip()

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


class CheckedDirective(SphinxDirective):
    """A directive that checks its options and its argument itself."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = _AnyOption()  # type: ignore[assignment]
    known_options: ClassVar[tuple[str, ...]] = ()

    @property
    def argument(self) -> str:
        return self.arguments[0].strip() if self.arguments else ""

    def mistake(self, what: str) -> None:
        """Note a mistake at the line of this directive."""
        source, line = self.get_source_info()
        note_mistake(self.env, source, line, f"{self.name}: {what}")

    def check_options(self) -> bool:
        """Note each option that this directive does not know; return whether there is none."""
        unknown = [name for name in self.options if name not in self.known_options]
        for name in unknown:
            known = ", ".join(self.known_options) or "none"
            self.mistake(f"unknown option {name!r} (known: {known})")
        return not unknown

    def points(self, default: Decimal) -> Decimal:
        """Return the option `points`, or `default` if it is missing or not valid.

        A value that is not valid is noted as a mistake.
        """
        text = self.options.get("points")
        if text is None:
            return default
        try:
            points = Decimal(text)
        except InvalidOperation:
            points = Decimal("NaN")
        if not points.is_finite() or not 0 <= points <= checks.MAX_POINTS:
            self.mistake(f"points must be a number from 0 to {checks.MAX_POINTS}, not {text!r}")
            return default
        if points != points.quantize(Decimal("0.01")):
            self.mistake(f"points have at most two decimals, not {text!r}")
            return default
        return points
