"""An author's laptop: `pip install` of a checkout brings the extension alone."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from bookbinder.sphinx import manifest
from bookbinder.tests.support import builds

pytestmark = pytest.mark.sphinx


@pytest.fixture(scope="module")
def laptop(tmp_path_factory) -> Path:
    """The Python of an environment that has nothing but the installed checkout."""
    folder = tmp_path_factory.mktemp("laptop")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env/bin/python"
    checkout = folder / "checkout"
    names = subprocess.check_output(
        [
            "git",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "bookbinder",
            "*.toml",
            "README.md",
            "LICENSE",
        ],
        cwd=builds.ROOT,
        text=True,
    )
    for name in names.splitlines():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(builds.ROOT / name, checkout / name)
    pip: list[str | Path] = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    # The server's versions, since another Sphinx would bring other files.
    pins: list[str | Path] = ["-c", builds.ROOT / "requirements.txt"]
    subprocess.run([*pip, *pins, f"{checkout}[myst]"], check=True)
    return python


def test_it_builds_a_book_as_the_server_does(laptop, built, tmp_path):
    command = [laptop, "-m", "sphinx", "-q", "-b", "html", builds.BOOKS / "rst", tmp_path / "out"]
    subprocess.run(command, check=True, cwd=tmp_path)
    name = manifest.FILE_NAME
    assert (tmp_path / "out" / name).read_bytes() == (built / name).read_bytes()


def test_it_brings_no_django_and_no_app(laptop, tmp_path):
    code = "import importlib.util as u, sys; sys.exit(any(map(u.find_spec, sys.argv[1:])))"
    names = ["django", "books", "grading", "accounts", "annotations", "billing"]
    assert subprocess.run([laptop, "-c", code, *names], cwd=tmp_path).returncode == 0
    assert sys.executable != str(laptop)
