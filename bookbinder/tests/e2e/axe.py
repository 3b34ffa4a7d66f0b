"""axe-core, from its package, on a page of the browser."""

from pathlib import Path
from typing import Any

import axe_core_python
from playwright.sync_api import Page

SCRIPT = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]


def faults(page: Page, within: str = "html") -> list[str]:
    """Return what axe finds wrong on the page as it is now, in the elements of a selector.

    In the dark scheme, only the colours are looked at: each test that uses it also runs in the
    light one, whose elements are the same.
    """
    page.evaluate(SCRIPT)
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    run = "([within, rules]) => axe.run(within, {runOnly: rules})"
    found: Any = page.evaluate(run, [within, OF_COLOURS if is_dark else RULES])
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
