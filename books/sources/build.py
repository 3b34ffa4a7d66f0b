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

from books.progress_bars import Each, silently

TIME_LIMIT = 30 * 60  # seconds
MESSAGE_LENGTH = 3_000  # characters of output, where no cause is found in it

# What a build may know of the server: nothing that is a secret.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "SOURCE_DATE_EPOCH", "TZ")
# What Sphinx prints last of its own call stack, after the exception's name.
_CAUSE = re.compile(
    r"^ +(?:\w+\.)*\w*(?:Error|Exception|Exit)\w*: (.*?)\n\n", re.DOTALL | re.MULTILINE
)
_PERCENT = re.compile(r"(reading|writing) \w+\.\.\. .*?\[ *(\d+)%")
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


def build(source: Path, scratch: Path, each: Each = silently) -> tuple[Path, str]:
    """Build a Sphinx source folder afresh; return its HTML folder, under `scratch`, and warnings.

    Never an incremental build: Sphinx does not write a page again whose neighbour was renamed.
    Raises BuildError.
    """
    output = scratch / "html"
    python = settings.BOOKBINDER_SPHINX_PYTHON or sys.executable
    command = [python, "-m", "sphinx", "-b", "html", "-d", scratch / "doctrees"]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"PYTHONPATH": str(settings.BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONUNBUFFERED"] = "1"  # else how far it is would be known at its end
    try:
        process = subprocess.Popen(
            [*command, source, output],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # so that what it starts ends with it
        )
    except OSError as error:
        raise BuildError(f"{python}: {error}. Look at BOOKBINDER_SPHINX_PYTHON.") from None
    said, warnings = _watch(process, source, each)
    if process.returncode:
        raise BuildError(f"{source}: the build failed.\n{explain(said + warnings, python)}")
    return output, warnings.strip()


def _watch(process: subprocess.Popen[str], source: Path, each: Each) -> tuple[str, str]:
    """Read what the build says until it ends, and show how far it is.

    Raises BuildError where it takes too long.
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
        raise BuildError(f"{source}: the build took over {minutes} minutes and was ended.")
    return "".join(said), "".join(warnings)


def _end(process: subprocess.Popen[str]) -> None:
    """End a build with all that it has started: those hold its output open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_the_rest(process: subprocess.Popen[str]) -> None:
    process.wait()
    _end(process)


def _percents(lines: Iterable[str], said: list[str]) -> Iterator[int]:
    """Yield once a percent of reading and of writing: 200 in all, at most."""
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
