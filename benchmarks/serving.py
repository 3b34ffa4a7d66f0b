"""The site as an operator serves it, for benchmarks that need a real server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError

from django.conf import settings
from django.core.management import call_command


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Serve the site by gunicorn with these options, and yield its URL. E-mails go nowhere."""
    call_command("collectstatic", interactive=False, verbosity=0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        site = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "bookbinder.wsgi", "-b", site, *options]
    server = subprocess.Popen(
        [*command, "--log-level", "error"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"EMAIL_URL": "dummymail://"},
    )
    try:
        wait_for(f"http://{site}/healthz")
        yield f"http://{site}"
    finally:
        server.terminate()
        server.wait()


def wait_for(address: str) -> None:
    """Wait until the server responds. Raises RuntimeError after about 30 seconds."""
    for _try in range(300):
        try:
            urllib.request.urlopen(address).close()
            return
        except URLError:
            time.sleep(0.1)
    raise RuntimeError("The server did not start.")
