"""What `sphinx_sync` refuses: one clear message each, and nothing changed."""

import pickle
import shutil

import pytest

from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import change, sync
from books.models import Book

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]


BAD_CONFS = {
    'project = "x"\nextensions = ["bookbinder.sphinx", "no_such_extension"]\n': (
        "-m pip install no-such-extension"
    ),
    builds.HEAD + 'html_theme = "no_such_theme"\n': "-m pip install no-such-theme",
    'raise RuntimeError("conf is broken")\n': "conf is broken",
    'project = "x"\n': "has no bookbinder.json",
    builds.HEAD + 'bookbinder_project = "No Slug"\n': "bookbinder_project",
    builds.HEAD + 'bookbinder_layout = "sheets"\n': "bookbinder_layout",
}


@pytest.mark.parametrize("conf", BAD_CONFS)
def test_a_build_that_fails_says_what_to_do(tmp_path, conf):
    source = builds.write_book(tmp_path / "s", conf=conf, index="T\n=\n")
    code, _out, err = sync(source, "--noinput")
    assert code == 1
    assert BAD_CONFS[conf] in err
    assert "Traceback" not in err
    assert not Book.objects.exists()


def test_mistakes_in_the_text_are_all_told(source):
    change(source, "numbers.rst", ":grader: number", ":grader: numbers")
    change(source, "cities.rst", ":: capital", ":: capital city")
    code, _out, err = sync(source, "--noinput")
    assert code == 1
    assert "numbers.rst:8: question: unknown grader 'numbers'" in err
    assert "cities.rst:4: question: label 'capital city'" in err


@pytest.mark.parametrize("data", [b"{", pickle.dumps(1), b'{"format": "bookbinder", "version": 9}'])
def test_a_broken_manifest_is_refused(built, tmp_path, data):
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    (copy / "bookbinder.json").write_bytes(data)
    code, _out, err = sync(copy, "--noinput")
    assert code == 1 and str(copy) in err
    assert not Book.objects.exists()


def test_a_folder_that_is_no_project_is_refused(tmp_path):
    code, _out, err = sync(tmp_path, "--noinput")
    assert code == 1 and "has no bookbinder.json" in err


def test_a_page_that_was_built_after_the_manifest_is_refused(built, tmp_path, data_dir):
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    (copy / "cities.html").write_text("something else")
    code, _out, err = sync(copy, "--noinput")
    assert code == 1 and "has changed since the manifest was written" in err
    assert not Book.objects.exists()
    assert not [p for p in (data_dir / "releases").rglob("*") if p.is_file()]


def test_a_link_in_a_build_is_not_followed(built, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    (copy / "cities.html").unlink()
    (copy / "cities.html").symlink_to(built / "cities.html")
    code, _out, err = sync(copy, "--noinput")
    assert code == 1 and "is not a file" in err


@pytest.mark.builds
def test_a_build_learns_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "the secret")
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live")
    conf = "import os\nopen('seen', 'w').write(repr(dict(os.environ)))\n" + builds.HEAD
    source = builds.write_book(tmp_path / "s", conf=conf, index="T\n=\n")
    assert sync(source, "--noinput")[0] == 0
    seen = (source / "seen").read_text()
    assert "the secret" not in seen and "sk_live" not in seen
