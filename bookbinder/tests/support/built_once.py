"""Builds each source folder of the tests once: an equal folder gets a copy of that build.

The three test suites of `make test` share the builds, in the folder that BOOKBINDER_TEST_BUILDS
names. Tests of the build itself are marked `builds`, and always run Sphinx.
"""

import functools
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from bookbinder.tests.support.builds import ROOT
from books.progress_bars import Each, silently
from books.sources.build import build as build_with_sphinx

SOURCE = "<source>"  # stands for the path of the source folder in warnings


@functools.cache
def _folder() -> Path:
    return Path(os.environ.get("BOOKBINDER_TEST_BUILDS") or tempfile.mkdtemp(prefix="bookbinder-"))


def _digest(*folders: Path) -> str:
    """Return a hash of the names and the contents of all files in some folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            content = str(path.readlink()).encode() if path.is_symlink() else b""
            if path.is_file():
                content += path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


@functools.cache
def _extension() -> str:
    return _digest(ROOT / "bookbinder" / "sphinx")


def build(source: Path, scratch: Path, each: Each = silently) -> tuple[Path, str]:
    """Do what `books.sources.build.build` does, but copy the result if it is known."""
    python = settings.BOOKBINDER_SPHINX_PYTHON
    key = hashlib.sha256(f"{_extension()}{_digest(source)}{python}".encode()).hexdigest()
    kept, output = _folder() / key, scratch / "html"
    if kept.is_dir():
        shutil.copytree(kept / "html", output, symlinks=True)
        warnings = (kept / "warnings").read_text(encoding="utf-8")
        return output, warnings.replace(SOURCE, str(source))
    output, warnings = build_with_sphinx(source, scratch, each)
    partial = Path(tempfile.mkdtemp(dir=_folder()))
    shutil.copytree(output, partial / "html", symlinks=True)
    text = warnings.replace(str(source), SOURCE)
    (partial / "warnings").write_text(text, encoding="utf-8")
    with suppress(OSError):  # another suite was faster
        partial.rename(kept)
    return output, warnings
