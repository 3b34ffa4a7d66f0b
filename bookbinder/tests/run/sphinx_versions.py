"""Builds the tests' books with each supported Sphinx, docutils and MyST-parser: `make test-sphinx`.

Each combination has an environment of its own, on each Python from 3.11 on that this machine has. The
manifests must be equal, except for what other versions write into pages: hashes and HTML.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bookbinder.sphinx import manifest
from bookbinder.tests.support.builds import BOOKS, ROOT

ENVIRONMENTS = ROOT / ".venv" / "sphinx-versions"  # kept: installing takes longer than building
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


class Versions(NamedTuple):
    """What is installed together."""

    sphinx: str
    docutils: str
    myst: str


# The oldest and the newest of each. docs/authors/first-book.rst has the same table.
SUPPORTED = (
    Versions("7.4.7", "0.20.1", "3.0.1"),
    Versions("8.2.3", "0.21.2", "4.0.1"),
    Versions("9.0.4", "0.21.2", "5.2.0"),
    Versions("9.0.4", "0.22.4", "5.2.0"),
)


def pythons() -> Iterator[tuple[str, str]]:
    """Yield the version and the path of each Python on this machine that the extension supports."""
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    for folder in (Path.home() / ".pyenv/versions").glob("3.*/bin"):
        found.setdefault(folder.parent.name.rpartition(".")[0], str(folder / "python"))
    for name in PYTHONS:
        path = found.get(name) or shutil.which(f"python{name}")
        if path:
            yield name, path


def environment(python: str, name: str, versions: Versions) -> Path:
    """Return the path of a Python with these versions, after installing them if necessary."""
    folder = ENVIRONMENTS / "-".join((name, *versions))
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        subprocess.run(
            [
                folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check",
                f"sphinx=={versions.sphinx}", f"docutils=={versions.docutils}",
                f"myst-parser=={versions.myst}", *_requirements(),
            ],
            check=True,
        )  # fmt: skip
        (folder / "complete").touch()
    return folder / "bin/python"


def _requirements() -> list[str]:
    """Return what the extension needs, as `pip install` of a checkout would take it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return list(project["dependencies"])


def build(python: Path, book: Path, output: Path) -> manifest.Manifest:
    """Build a book, with warnings as errors, and return its manifest."""
    source = output / "source"
    shutil.copytree(book, source)
    done = subprocess.run(
        [python, "-m", "sphinx", "-q", "-W", "-b", "html", source, output / "html"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{book.name}: the build has failed\n{done.stderr}")
    return manifest.read(output / "html")


def content(read: manifest.Manifest) -> Any:
    """Return what must be equal in all versions: everything but hashes, HTML and theme files."""
    return [
        (
            page.docname, page.page_id, page.title, page.index, page.access, page.fingerprint,
            [
                (
                    question.label, question.grader, question.points_possible, question.prompt,
                    question.options, question.fingerprint, question.line,
                    [(item.key, item.answer, item.points, item.text, item.markup)
                     for item in question.feedback],
                )
                for question in page.questions
            ],
        )
        for page in read.pages()
    ]  # fmt: skip


def main() -> None:
    first: dict[str, Any] = {}
    failed = 0
    for name, python in pythons():
        for versions in SUPPORTED:
            told = f"Python {name}, Sphinx {versions.sphinx}, docutils {versions.docutils}, MyST-parser {versions.myst}"
            inside = environment(python, name, versions)
            for book in sorted(path for path in BOOKS.iterdir() if path.is_dir()):
                with tempfile.TemporaryDirectory() as folder:
                    found = content(build(inside, book, Path(folder)))
                is_equal = found == first.setdefault(book.name, found)
                failed += not is_equal
                print(f"{'ok     ' if is_equal else 'DIFFERS'} {told}: {book.name}", flush=True)
    if failed:
        raise SystemExit(f"{failed} manifests differ from the first of their book")


if __name__ == "__main__":
    main()
