"""Runs sphinx-build as a child process, without the server's secrets."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread, Timer

from django.conf import settings
from django.utils.translation import gettext as _

from books.errors import BooksError
from books.progress_bars import Each, silently
from books.sources import confine

TIME_LIMIT = 30 * 60  # seconds
MESSAGE_LENGTH = 3_000  # characters of output that are shown if no cause is found in it

# The environment variables that a build gets from the server. None of them is a secret.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "SOURCE_DATE_EPOCH", "TZ")
# The message of the exception that Sphinx prints at the end of its traceback.
_CAUSE = re.compile(
    r"^ +(?:\w+\.)*\w*(?:Error|Exception|Exit)\w*: (.*?)\n\n", re.DOTALL | re.MULTILINE
)
# What the extension prints before it ends a build because of a mistake of the author's.
_STOPPED = re.compile(r"^Book Binder stopped the build\.\n\n(.*?)\n\n", re.DOTALL | re.MULTILINE)
_PERCENT = re.compile(r"(reading|writing) \w+\.\.\. .*?\[ *(\d+)%")
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_NO_THEME = re.compile(r"no theme named '([^']+)' found")
# Names on PyPI of modules and themes that builds often lack.
_DISTRIBUTIONS = {
    "sphinx_rtd_theme": "sphinx-rtd-theme",
    "myst_parser": "myst-parser",
    "sphinx_design": "sphinx-design",
    "IPython": "ipython",
    "yaml": "PyYAML",
    "PIL": "pillow",
}


class BuildError(BooksError):
    """The build failed; the message says why and what to do."""


def is_source(folder: Path) -> bool:
    """Return whether `folder` is the source folder of a Sphinx project."""
    return (folder / "conf.py").is_file()


def build(source: Path, scratch: Path, each: Each = silently) -> tuple[Path, str]:
    """Build a Sphinx source folder; return the HTML folder, inside `scratch`, and the warnings.

    The build is never incremental: Sphinx does not rewrite a page after a neighbour was renamed.
    Raise BuildError if it fails.
    """
    output = scratch / "html"
    python = settings.BOOKBINDER_SPHINX_PYTHON or sys.executable
    command = [python, "-m", "sphinx", "-b", "html", "-d", scratch / "doctrees"]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"PYTHONPATH": str(settings.BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONUNBUFFERED"] = "1"  # otherwise progress is known only at the end
    confine.hide_this_process()
    try:
        process = subprocess.Popen(
            [*command, source, output],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # so that its child processes can be ended with it
        )
    except OSError as error:
        raise BuildError(f"{python}: {error}. Check BOOKBINDER_SPHINX_PYTHON.") from None
    with suppress(ProcessLookupError):  # it has ended already
        confine.limit_resources(process.pid, TIME_LIMIT)
    said, warnings = _watch(process, source, each)
    if process.returncode:
        raise BuildError(f"{source}: the build failed.\n{explain(said + warnings, python)}")
    return output, warnings.strip()


def _watch(process: subprocess.Popen[str], source: Path, each: Each) -> tuple[str, str]:
    """Read the output of a build until it ends, and show its progress.

    Return its standard output, without the lines that show progress, and its warnings. Raise
    BuildError if it takes longer than `TIME_LIMIT`.
    """
    said: list[str] = []
    warnings: list[str] = []
    assert process.stdout is not None and process.stderr is not None
    reader = Thread(target=warnings.extend, args=(process.stderr,), daemon=True)
    reader.start()
    late = Event()

    def end_late() -> None:
        late.set()
        _end(process)

    timer = Timer(TIME_LIMIT, end_late)
    timer.start()
    Thread(target=_end_the_rest, args=(process,), daemon=True).start()
    try:
        for _percent in each(_percents(process.stdout, said), _("building the book"), 200):
            pass
        process.wait()
    finally:
        timer.cancel()
        _end(process)
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()
    if late.is_set():
        minutes = TIME_LIMIT // 60
        raise BuildError(f"{source}: the build took over {minutes} minutes and was stopped.")
    return "".join(said), "".join(warnings)


def _end(process: subprocess.Popen[str]) -> None:
    """Kill a build and all processes that it has started, which would keep its output open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_the_rest(process: subprocess.Popen[str]) -> None:
    process.wait()
    _end(process)


def _percents(lines: Iterable[str], said: list[str]) -> Iterator[int]:
    """Yield once for each percent of reading and of writing, at most 200 times.

    Append the lines that do not show progress to `said`.
    """
    done = 0
    for line in lines:
        match = _PERCENT.search(line)
        if match is None:
            said.append(line)
            continue
        now = int(match[2]) + (100 if match[1] == "writing" else 0)
        while done < now:
            done += 1
            yield done


def explain(output: str, python: str) -> str:
    """Return the part of a failed build's output that tells the cause, and how to fix it.

    `python` is the interpreter into which a missing package has to be installed.
    """
    causes = _STOPPED.findall(output + "\n\n") or _CAUSE.findall(output + "\n\n")
    text = causes[-1] if causes else output[-MESSAGE_LENGTH:]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        # The author's own code failed: keep only what it raised.
        lines = [lines[0], lines[-1]]
    text = "\n".join(lines)
    lacks = _NO_MODULE.search(text) or _NO_THEME.search(text)
    if lacks is None:
        return text
    module = lacks[1].partition(".")[0]
    name = _DISTRIBUTIONS.get(module, module.replace("_", "-"))
    return f"{text}\nInstall what is missing:  {python} -m pip install {name}"
