"""What of the data folder is for the server's own user alone."""

import stat
from importlib import import_module
from pathlib import Path

from books import data_folder

migration = import_module("books.migrations.0004_private_manifests")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_folder_is_made_or_made_private(data_dir):
    assert mode(data_folder.private("editions")) == 0o700
    (data_dir / "archives").mkdir(mode=0o755)
    assert mode(data_folder.private("archives")) == 0o700


def test_manifests_of_older_releases_are_hidden_and_come_back(data_dir):
    release = data_dir / "releases/tiny/r1"
    (release / "html").mkdir(parents=True)
    (release / "bookbinder.json").write_text("the key")
    (data_dir / "releases/tiny/r0/html").mkdir(parents=True)
    migration.hide(None, None)
    hidden = release / "private/bookbinder.json"
    assert hidden.read_text() == "the key" and not (release / "bookbinder.json").exists()
    assert (mode(hidden), mode(hidden.parent)) == (0o600, 0o700)
    migration.hide(None, None)
    migration.show(None, None)
    assert (release / "bookbinder.json").read_text() == "the key"
