"""axe-core, from its package, on a page of the browser."""

from pathlib import Path
from typing import Any

import axe_core_python
from playwright.sync_api import Page

SCRIPT = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page, within: str = "html") -> list[str]:
    """Return what axe finds wrong on the page as it is now, in the elements of a selector."""
    page.evaluate(SCRIPT)
    run = "([within, rules]) => axe.run(within, {runOnly: rules})"
    found: Any = page.evaluate(run, [within, RULES])
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
