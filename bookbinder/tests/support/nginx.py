"""nginx for tests: the system's or else Debian's, unpacked from its package."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bookbinder.tests.support.builds import ROOT

GUIDE = ROOT / "docs/operators/install.rst"
UNPACKED = Path(sys.prefix) / "nginx"


def find() -> str | None:
    """Return the path of the program, or None if there is none and it cannot be downloaded."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    program = UNPACKED / "usr/sbin/nginx"
    if found or program.is_file():
        return found or str(program)
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return None
    UNPACKED.mkdir(exist_ok=True)
    try:
        download = ["apt-get", "-q", "download", "nginx"]
        if subprocess.run(download, cwd=UNPACKED).returncode and os.geteuid() == 0:
            subprocess.run(["apt-get", "-q", "update"], check=True)
            subprocess.run(download, cwd=UNPACKED, check=True)
        (package,) = UNPACKED.glob("nginx_*.deb")
        subprocess.run(["dpkg", "-x", package, UNPACKED], check=True)
    except (subprocess.CalledProcessError, ValueError):
        shutil.rmtree(UNPACKED)
        return None
    return str(program) if _runs(program) else None


def _runs(program: Path) -> bool:
    """Return whether the machine has the libraries that the program is linked to."""
    return subprocess.run([program, "-v"], capture_output=True).returncode == 0


def sample(releases: Path, site: str) -> str:
    """Return the configuration in the guide, with this folder and the address `site` in it."""
    block = GUIDE.read_text().partition(".. code-block:: nginx\n\n")[2]
    lines = re.split(r"\n(?=\S)", block)[0].splitlines()
    text = "\n".join(line.removeprefix("   ") for line in lines)
    for old, new in (("/srv/bookbinder/var/releases", str(releases)), ("127.0.0.1:8000", site)):
        assert old in text
        text = text.replace(old, new)
    return text


def configuration(folder: Path, port: int, sample: str) -> str:
    """Return a complete configuration that contains `sample` and Debian's other settings."""
    temporary = "\n".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
        daemon off; pid {folder}/pid; error_log {folder}/error.log;
        events {{ }}
        http {{
            {temporary}
            access_log off; sendfile on; tcp_nopush on; gzip on;
            server {{ listen 127.0.0.1:{port}; {sample} }}
        }}
    """
