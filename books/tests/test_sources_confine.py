"""A build runs its author's code: what it cannot read, and what it cannot use up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bookbinder.tests.support import builds
from books.sources import build, confine

pytestmark = [pytest.mark.sphinx, pytest.mark.builds]
# A conf.py that reads the process that has started it.
PEEK = """
import os
found = []
for name in ("environ", "mem"):
    try:
        with open(f"/proc/{os.getppid()}/{name}", "rb") as file:
            found.append(b"the secret" in file.read() if name == "environ" else "open")
    except OSError as error:
        found.append(type(error).__name__)
raise Exception(f"peeked: {found}")
"""
# A server, without its database.
SERVER = """
import sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(BASE_DIR=Path.cwd(), BOOKBINDER_SPHINX_PYTHON="")
django.setup()
from books.sources import build
source, scratch, is_hidden = sys.argv[1:]
if is_hidden == "False":
    build.confine.hide_this_process = bool
try:
    build.build(Path(source), Path(scratch))
except build.BuildError as error:
    print(error)
"""
# Root may read every process by a capability, which this gives up (PR_CAPBSET_DROP in prctl(2)).
WITHOUT_CAPABILITIES = """
import ctypes, os, sys
for number in range(64):
    ctypes.CDLL(None).prctl(24, number, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can hide a process")
@pytest.mark.parametrize("is_hidden", [True, False])
def test_a_conf_py_cannot_read_the_process_that_started_it(tmp_path, is_hidden):
    source = builds.write_book(tmp_path / "source", PEEK, index="T")
    start = [sys.executable, "-c", WITHOUT_CAPABILITIES]
    done = subprocess.run(
        [*start, "-c", SERVER, source, tmp_path / "scratch", str(is_hidden)],
        cwd=builds.ROOT,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": "the secret", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    seen = ["PermissionError", "PermissionError"] if is_hidden else [True, "open"]
    assert f"peeked: {seen}" in done.stdout, done


@pytest.mark.parametrize(
    ("limit", "most", "work", "why"),
    [
        ("MEMORY", 1 << 30, "x = bytearray(2 << 30)", "MemoryError"),
        ("FILE_SIZE", 5 << 20, "open('big', 'wb').write(b'x' * (9 << 20))", "File too large"),
    ],
)
def test_a_build_cannot_use_up_memory_or_disk(tmp_path, monkeypatch, limit, most, work, why):
    monkeypatch.setattr(confine, limit, most)
    # The limits are set just after it has started.
    conf = f"import time\ntime.sleep(0.5)\n{work}\n"
    source = builds.write_book(tmp_path / "source", conf, index="T")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(build.BuildError, match=why):
        build.build(source, tmp_path / "out")
    assert sum(path.stat().st_size for path in tmp_path.rglob("big")) <= most


def test_a_build_has_limits_of_time_memory_and_file_size(monkeypatch):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        confine.limit_resources(child.pid, 1800)
        limits = Path(f"/proc/{child.pid}/limits").read_text()
    finally:
        child.kill()
        child.wait()
    for name, value in (("cpu time", 1800), ("file size", 1 << 30), ("address space", 4 << 30)):
        line = next(line for line in limits.splitlines() if f"Max {name}" in line)
        assert line.split()[-3:-1] == [str(value)] * 2, line
