"""Files in `_static`: how questions look on the author's own machine, and Sphinx' own scripts."""

import re
import shutil
from pathlib import Path

LOCAL_SCRIPT = "bookbinder-local.js"
_OWN = Path(__file__).parent / "static"
# How Sphinx makes a function of the rule of the book's language, and where the rule is.
_MADE = re.compile(r'new Function\(\s*"n",\s*`return \(\$\{catalog\.plural_expr\}\)`,?\s*\)')
_RULE = re.compile(r'"plural_expr": "([n0-9 ()?:%=!<>&|]+)"')
# What the extracts of Sphinx' search leave out.
_LEFT_OUT = "for (const removalQuery of ["
_BUTTONS = '".bookbinder-actions", ".bookbinder-answer", '


def copy(outdir: Path) -> None:
    """Copy the script and the stylesheet for the author's own machine."""
    (outdir / "_static").mkdir(parents=True, exist_ok=True)
    for path in _OWN.iterdir():
        shutil.copyfile(path, outdir / "_static" / path.name)


def write_plural_rule(outdir: Path) -> None:
    """Write the plural rule of a language into Sphinx' script as what it computes.

    Sphinx makes a function of a text, which a course site refuses to browsers.
    """
    doctools, translations = outdir / "_static/doctools.js", outdir / "_static/translations.js"
    if not (doctools.is_file() and translations.is_file()):
        return  # English needs no rule
    rule = _RULE.search(translations.read_text(encoding="utf-8"))
    if rule:
        text = doctools.read_text(encoding="utf-8")
        # A number, since some rules are conditions.
        new = _MADE.sub(lambda _made: f"(n) => Number({rule[1]})", text)
        doctools.write_text(new, encoding="utf-8")


def keep_buttons_out_of_search(outdir: Path) -> None:
    """Have Sphinx' search leave the buttons of questions out of its extracts."""
    search = outdir / "_static/searchtools.js"
    if search.is_file():
        text = search.read_text(encoding="utf-8")
        search.write_text(text.replace(_LEFT_OUT, _LEFT_OUT + _BUTTONS), encoding="utf-8")
