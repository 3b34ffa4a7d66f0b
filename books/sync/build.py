"""Runs sphinx-build as a child process, without the server's secrets."""

import os
import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

TIME_LIMIT = 30 * 60  # seconds
MESSAGE_LENGTH = 3_000  # characters of output, where no cause is found in it

# What a build may know of the server: nothing that is a secret.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "SOURCE_DATE_EPOCH", "TZ")
# What Sphinx prints last of its own call stack, after the exception's name.
_CAUSE = re.compile(
    r"^ +(?:\w+\.)*\w*(?:Error|Exception|Exit)\w*: (.*?)\n\n", re.DOTALL | re.MULTILINE
)
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_NO_THEME = re.compile(r"no theme named '([^']+)' found")
_DISTRIBUTIONS = {
    "sphinx_rtd_theme": "sphinx-rtd-theme",
    "myst_parser": "myst-parser",
    "sphinx_design": "sphinx-design",
    "IPython": "ipython",
    "yaml": "PyYAML",
    "PIL": "pillow",
}


class BuildError(Exception):
    """The build failed; the text says why and what to do."""


def is_source(folder: Path) -> bool:
    return (folder / "conf.py").is_file()


def build(source: Path, scratch: Path) -> tuple[Path, str]:
    """Build a Sphinx source folder afresh; return its HTML folder, under `scratch`, and warnings.

    Never an incremental build: Sphinx does not write a page again whose neighbour was renamed.
    Raises BuildError.
    """
    output = scratch / "html"
    python = settings.BOOKBINDER_SPHINX_PYTHON or sys.executable
    command = [python, "-m", "sphinx", "-q", "-b", "html", "-d", scratch / "doctrees"]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"PYTHONPATH": str(settings.BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, source, output],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        minutes = TIME_LIMIT // 60
        raise BuildError(
            f"{source}: the build took over {minutes} minutes and was ended."
        ) from None
    except OSError as error:
        raise BuildError(f"{python}: {error}. Look at BOOKBINDER_SPHINX_PYTHON.") from None
    if done.returncode:
        raise BuildError(
            f"{source}: the build failed.\n{explain(done.stdout + done.stderr, python)}"
        )
    return output, done.stderr.strip()


def explain(output: str, python: str) -> str:
    """Return what a person needs of a failed build's output, and how to mend it."""
    causes = _CAUSE.findall(output + "\n\n")
    text = causes[-1] if causes else output[-MESSAGE_LENGTH:]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        # Of an author's own code that failed, what it raised.
        lines = [lines[0], lines[-1]]
    text = "\n".join(lines)
    lacks = _NO_MODULE.search(text) or _NO_THEME.search(text)
    if lacks is None:
        return text
    module = lacks[1].partition(".")[0]
    name = _DISTRIBUTIONS.get(module, module.replace("_", "-"))
    return f"{text}\nInstall what it lacks:  {python} -m pip install {name}"
