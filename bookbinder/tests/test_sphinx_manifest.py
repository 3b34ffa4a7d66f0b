import json
import pickle
from decimal import Decimal

import pytest

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.manifests import HASH, make_manifest, make_page, make_question


def errors(raw) -> list[str]:
    with pytest.raises(m.ManifestError) as caught:
        m.parse(raw)
    return caught.value.errors


def as_raw(manifest: m.Manifest):
    return json.loads(m.dumps(manifest), parse_float=Decimal)


def test_what_is_written_is_read_again(tmp_path):
    (tmp_path / m.FILE_NAME).write_bytes(m.dumps(make_manifest()))
    assert m.read(tmp_path) == make_manifest()


def test_bytes_are_the_same_for_equal_manifests():
    files = {"b": m.File(HASH), "a": m.File(HASH)}
    turned = dict(reversed(files.items()))
    assert m.dumps(make_manifest(files=files)) == m.dumps(make_manifest(files=turned))


def test_points_stand_as_numbers_of_at_most_two_decimals():
    assert b'"points":1.5,' in m.dumps(make_manifest()) or b'"points":1.5}' in m.dumps(
        make_manifest()
    )
    raw = as_raw(make_manifest())
    raw["books"][0]["pages"][0]["questions"][0]["points_possible"] = Decimal("1.005")
    assert errors(raw) == [
        "bookbinder.json: books[0].pages[0].questions[0].points_possible must be a number of at "
        "most two decimals, not negative"
    ]


def test_every_fault_is_told_with_its_place():
    raw = as_raw(make_manifest())
    del raw["project"]
    assert errors(raw) == ["bookbinder.json: project is missing"]
    raw = as_raw(make_manifest())
    raw["books"][0]["pages"][0]["page_id"] = "no spaces"
    raw["books"][0]["title"] = 3
    where = "bookbinder.json: books[0].title"
    assert errors(raw) == [f"{where} must be a text of at most 500 characters"]
    raw["books"][0]["title"] = "Tiny"
    raw["files"]["../up"] = {"sha256": "x", "docnames": []}
    found = errors(raw)
    assert len(found) == 3
    assert any("page_id" in fault for fault in found)
    assert sum("../up" in fault for fault in found) == 2


def test_keys_that_are_not_known_are_no_fault():
    raw = as_raw(make_manifest())
    raw["books"][0]["pages"][0]["reading_time"] = 3
    assert m.parse(raw) == make_manifest()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../x",
        "a/../b",
        ".env",
        "a/.git/x",
        "a\\b",
        "",
        "bookbinder.json",
        "_sources/a",
    ],
)
def test_a_path_that_may_not_be_published_is_a_fault(path):
    raw = as_raw(make_manifest())
    raw["files"] = {path: {"sha256": HASH, "docnames": []}}
    assert len(errors(raw)) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("level", False), ("level", -1), ("level", "1"), ("caption", None), ("caption", "x" * 501),
        ("was", ""), ("was", "../x"),
    ],
)  # fmt: skip
def test_a_key_that_may_be_missing_is_checked_where_it_is_not(key, value):
    raw = as_raw(make_manifest())
    raw["books"][0]["pages"][0][key] = value
    (error,) = errors(raw)
    assert f"books[0].pages[0].{key} must be" in error


@pytest.mark.parametrize(("key", "value"), [("author", 1), ("cover", "../x"), ("cover", "")])
def test_so_are_those_of_a_book(key, value):
    raw = as_raw(make_manifest())
    raw["books"][0][key] = value
    (error,) = errors(raw)
    assert f"books[0].{key} must be" in error


def test_names_stand_once():
    twice = make_page(), make_page()
    with pytest.raises(m.ManifestError, match="the docname 'numbers' occurs 2 times"):
        m.dumps(make_manifest(*twice))
    same = make_page(questions=(make_question(), make_question()))
    with pytest.raises(m.ManifestError, match="the label 'adding' occurs 2 times"):
        m.dumps(make_manifest(same))
    ids = make_page(page_id="x"), make_page("other", page_id="x")
    with pytest.raises(m.ManifestError, match="the page id 'x' occurs 2 times"):
        m.dumps(make_manifest(*ids))


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(m.ManifestError, match=r"has no bookbinder\.json"):
        m.read(tmp_path)


def test_a_pickle_is_refused_without_being_loaded(tmp_path):
    (tmp_path / m.FILE_NAME).write_bytes(pickle.dumps({"format": "bookbinder"}))
    with pytest.raises(m.ManifestError, match="is a pickle"):
        m.read(tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a": "\\ud800"}', b"\xff\xfe", b"[" * 100_000, b"null", b"[]", b"{}"]
)
def test_what_is_no_manifest_is_refused(tmp_path, data):
    (tmp_path / m.FILE_NAME).write_bytes(data)
    with pytest.raises(m.ManifestError, match=r"is not JSON|not a Book Binder manifest"):
        m.read(tmp_path)


def test_a_newer_version_says_what_to_do():
    raw = as_raw(make_manifest()) | {"version": 2}
    assert errors(raw) == [
        "bookbinder.json: written in format version 2, and this Book Binder reads 1. Upgrade the "
        "server, or build with its version of the extension."
    ]


@pytest.mark.parametrize(
    "value", ["0.5", "NaN", "1e99999999999999999999", '"a\\u0000b"', '{"a": [0.5]}']
)
def test_options_that_no_database_takes_are_refused(tmp_path, value):
    data = m.dumps(make_manifest()).replace(b'"options":{}', b'"options":{"x":%s}' % value.encode())
    (tmp_path / m.FILE_NAME).write_bytes(data)
    with pytest.raises(m.ManifestError):
        m.read(tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "bookbinder.json", "v2/bookbinder.json", "a/v2/BookBinder.JSON", "_sources/a.rst.txt",
        "v2/_sources/a.rst.txt", "_feedback/x.png", f"v2/_feedback/{'ab' * 10}.png",
        ".doctrees/a.doctree", "v2/.buildinfo", "trees/a.doctree", "trees/environment.pickle",
    ],
)  # fmt: skip
def test_a_file_that_a_build_keeps_for_itself_is_refused_at_any_depth(path):
    raw = as_raw(make_manifest())
    raw["files"][path] = {"sha256": "0" * 64, "docnames": []}
    assert errors(raw) == [f"bookbinder.json: files.{path} is not a path that may be published"]


def test_a_page_cannot_stand_where_a_build_keeps_its_own():
    raw = as_raw(make_manifest())
    raw["books"][0]["pages"][0]["docname"] = "v2/_sources/page"
    (error,) = errors(raw)
    assert "docname must be a relative path without hidden or private parts" in error
