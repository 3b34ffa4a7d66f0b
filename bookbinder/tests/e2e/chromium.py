"""The browser of the tests: the system's, else from Debian's packages, else Playwright's own."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure() -> None:
    """Install a browser where there is none."""
    if find():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "-q", "update"], check=True)
        packages = ["apt-get", "-q", "install", "-y", "--no-install-recommends", "chromium"]
        subprocess.run(packages, check=True)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
