"""What a build starts ends with it: a sync does not wait for it, nor hold its lock."""

import time

import pytest

from bookbinder.tests.support.builds import HEAD, write_book
from bookbinder.tests.support.syncing import sync
from books.sources import build

pytestmark = [pytest.mark.sphinx, pytest.mark.builds, pytest.mark.django_db]
LEFT_BEHIND = HEAD + "import subprocess\nsubprocess.Popen(['sleep', '60'])\n"


def test_what_a_build_leaves_behind_is_ended(tmp_path):
    source = write_book(tmp_path / "book", LEFT_BEHIND, index="Tiny\n====\n")
    begin = time.monotonic()
    assert sync(source, "--dry-run")[0] == 4
    assert time.monotonic() - begin < 40


def test_a_build_over_its_time_is_ended_with_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "TIME_LIMIT", 2)
    source = write_book(
        tmp_path / "book", LEFT_BEHIND + "import time\ntime.sleep(60)\n", index="T\n=\n"
    )
    begin = time.monotonic()
    code, _out, err = sync(source, "--noinput")
    assert code == 1 and "was stopped" in err
    assert time.monotonic() - begin < 40
