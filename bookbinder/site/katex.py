"""KaTeX, which typesets formulas on the site, from the package `sphinxcontrib-katex`."""

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

NAME = "katex.min.js"


class KatexFinder(BaseFinder):
    """Finds `katex/katex.min.js` in the installed package, and nothing else of it."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec("sphinxcontrib.katex")
        assert spec is not None and spec.origin is not None, "requirements.txt names the package"
        self.storage = FileSystemStorage(location=Path(spec.origin).parent)
        self.storage.prefix = "katex"  # type: ignore[attr-defined]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = self.storage.path(NAME) if path == f"katex/{NAME}" else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        return [(NAME, self.storage)]
