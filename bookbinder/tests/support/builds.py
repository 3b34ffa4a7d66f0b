"""Runs the real `sphinx-build` for tests."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from bookbinder.sphinx import manifest

OURS = ("accounts", "books", "grading", "annotations", "billing")
ROOT = Path(__file__).resolve().parents[3]
BOOKS = Path(__file__).parent / "books"
HEAD = 'project = "Tiny Book"\nextensions = ["bookbinder.sphinx"]\n'


def copy_book(name: str, target: Path) -> Path:
    shutil.copytree(BOOKS / name, target)
    return target


def write_book(folder: Path, conf: str = HEAD, **pages: str) -> Path:
    """Write a Sphinx project; the argument `a__b` is the text of the document a/b."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conf.py").write_text(conf, encoding="utf-8")
    for name, text in pages.items():
        path = folder / f"{name.replace('__', '/')}.rst"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def run(
    source: Path, output: Path, *options: str, quiet: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run `sphinx-build` for HTML, whether it succeeds or not."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        *(["-q"] if quiet else []),
        "-b",
        "html",
        *options,
        source,
        output,
    ]
    return subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def build(source: Path, output: Path, *options: str) -> manifest.Manifest:
    """Build a source folder, which must succeed, and return the manifest."""
    done = run(source, output, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return manifest.read(output)


def mistakes(source: Path, output: Path) -> list[str]:
    """Run a build, which must fail, and return the mistakes that it reports."""
    done = run(source, output)
    assert done.returncode != 0
    assert not (output / manifest.FILE_NAME).exists()
    lines = (done.stdout + done.stderr).splitlines()
    head = max(n for n, line in enumerate(lines) if "for Book Binder:" in line)
    found = []
    for line in lines[head + 1 :]:
        if not line.strip():
            break
        found.append(line.strip())
    return found


def zipped(folder: Path, top: str = "") -> bytes:
    """Return a zip file of a folder; `top` is put before each path."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, top + path.relative_to(folder).as_posix())
    return data.getvalue()
