"""Runs all checks (`make test`) or the quick ones (`make lint`), and shows how long each took."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from bookbinder.tests.e2e import chromium

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest"]
# Tests without a database run only on SQLite: builds of the extension, graders, anchoring. So do
# these, which use rows but are about files, headers, rights and the content of pages.
ONCE = (
    "accounts/tests/test_signing_up.py",
    "books/tests/test_export_edits.py",
    "books/tests/test_page_ids_in_builds.py",
    "books/tests/test_stored_csp.py",
    "bookbinder/tests/test_admin_lists.py",
    "bookbinder/tests/test_answer_key.py",
    "bookbinder/tests/test_nginx.py",
    "bookbinder/tests/test_roles.py",
)
ON_POSTGRES = [
    *("-m", "not browser", "--database"),
    *(f"--ignore={path}" for path in ONCE),
]
# PostgreSQL refuses more, so made-up requests find more there.
ON_SQLITE = ["-m", "not browser", "--ignore=bookbinder/tests/test_fuzz.py"]
APPS = ("accounts", "annotations", "billing", "books", "bookbinder", "grading")

# The three test suites come first, since they run at the same time.
STEPS: dict[str, list[str | Path]] = {
    "pytest on PostgreSQL": [
        sys.executable,
        "-m",
        "bookbinder.tests.run.postgres",
        *PYTEST,
        *ON_POSTGRES,
    ],
    "pytest in Chromium": [*PYTEST, "-m", "browser", "bookbinder/tests/e2e"],
    "pytest on SQLite": [*PYTEST, *ON_SQLITE],
    "mypy": [BIN / "mypy", "."],
    "ruff": [BIN / "ruff", "check", "."],
    "ruff format": [BIN / "ruff", "format", "--check", "."],
    "djade": [BIN / "djade", "--target-version", "5.2", "--check", "TEMPLATES"],
    "djlint": [BIN / "djlint", "--lint", "--quiet", "templates"],
    "oxlint": [BIN / "oxlint", "--deny-warnings", "SCRIPTS"],
    "oxfmt": [BIN / "oxfmt", "--check", "SCRIPTS", "STYLES"],
    "import-linter": [BIN / "lint-imports"],
    "bandit": [BIN / "bandit", "-q", "-ll", "-c", "pyproject.toml", "-r", *APPS],
    "dependency audit": [sys.executable, "-m", "bookbinder.tests.run.audit"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "deploy check": [sys.executable, "-m", "bookbinder.tests.run.deploy"],
}


# The quick checks: all of them together take seconds.
LINT = ("ruff", "ruff format", "djade", "djlint", "oxlint", "oxfmt", "import-linter", "migrations")
FILES = {
    "TEMPLATES": ("templates", "*.html"),
    "SCRIPTS": ("*/static", "*.js"),
    "STYLES": ("*/static", "*.css"),
}


def command_of(step: list[str | Path]) -> list[str | Path]:
    """Return the command of a step, with the words that are keys of `FILES` replaced by files."""
    command: list[str | Path] = []
    for word in step:
        folders, pattern = FILES.get(str(word), ("", ""))
        own = (folder for folder in ROOT.glob(folders or "-") if folder.parent.name != "var")
        found = [path for folder in own for path in folder.rglob(pattern)]
        command += sorted(found) if folders else [word]
    return command


def run(name: str) -> tuple[bool, float]:
    """Run a step, and print its whole output when it has ended.

    Return whether it succeeded, and how many seconds it took.
    """
    environment = {"SECRET_KEY": "checks", "DEBUG": "1"} | os.environ
    # Otherwise, hundreds of processes would each compile the whole project.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.monotonic()
    done = subprocess.run(
        command_of(STEPS[name]),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    print(f"--- {name}\n{done.stdout}", end="", flush=True)
    return done.returncode == 0, time.monotonic() - start


def main(*arguments: str) -> int:
    """Run all checks, or only the quick ones if "lint" is given; return the exit code."""
    names = LINT if "lint" in arguments else tuple(STEPS)
    if names != LINT:
        chromium.ensure()
        print("The output of each check is shown when it has ended; the last take some minutes.")
    # Each suite spends a third of its time waiting for browsers, builds and servers. They share
    # nothing but finished builds, so they can run at the same time.
    with TemporaryDirectory(prefix="bookbinder-builds-") as builds:
        os.environ["BOOKBINDER_TEST_BUILDS"] = builds
        with ThreadPoolExecutor(max_workers=3) as pool:
            results = dict(zip(names, pool.map(run, names), strict=True))
    print()
    for name, (is_good, seconds) in results.items():
        print(f"{'ok    ' if is_good else 'FAILED'} {seconds:6.1f} s  {name}")
    return 0 if all(is_good for is_good, _seconds in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
