"""Determines which files of a build may be published, and which pages use each of them."""

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterator, Set
from pathlib import Path
from urllib.parse import unquote

from bookbinder.sphinx.checks import REPLY_FOLDER, is_publishable
from bookbinder.sphinx.manifest import FILE_NAME, File

# Files in these folders are published only if a page uses them: others are from old builds.
USED_ONLY = ("_images/", "_downloads/")
REPLY_FILES = f"{REPLY_FOLDER}/"
STATIC = "_static/"
# Files that list the contents of all pages, whichever page links to them.
OF_NO_PAGE = ("searchindex.js", "objects.inv")
_SEARCH_HEAD, _SEARCH_TAIL = "Search.setIndex(", ")"
_INSTALLED = {"site-packages", "dist-packages"}
ENV_PICKLE = "environment.pickle"
_LINK = re.compile(rb"""\s(?:src|href|srcset|poster|data)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def links(html: bytes, docname: str) -> set[str]:
    """Return the paths, within the output folder, of the files that a page's HTML names."""
    found = set()
    for double, single in _LINK.findall(html):
        for part in (double or single).decode(errors="replace").split(", "):
            target = part.strip().split(" ")[0].partition("#")[0].partition("?")[0]
            if target and "://" not in target and not target.startswith(("/", "data:", "mailto:")):
                folder = posixpath.dirname(docname)
                found.add(posixpath.normpath(posixpath.join(folder, unquote(target))))
    return found


def tidy_search_index(outdir: Path) -> None:
    """Remove words that no page contains from the search index.

    Sphinx keeps them, without pages, when it removes a page. An incremental build would thus
    differ from a clean one.
    """
    path = outdir / "searchindex.js"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not (text.startswith(_SEARCH_HEAD) and text.endswith(_SEARCH_TAIL)):
        return
    index = json.loads(text.removeprefix(_SEARCH_HEAD).removesuffix(_SEARCH_TAIL))
    for part in ("terms", "titleterms"):
        index[part] = {word: pages for word, pages in index[part].items() if pages != []}
    data = json.dumps(index, separators=(",", ":"), sort_keys=True)
    path.write_text(f"{_SEARCH_HEAD}{data}{_SEARCH_TAIL}", encoding="utf-8")


def outputs(outdir: Path, doctreedir: Path) -> Iterator[str]:
    """Yield the path, within `outdir`, of each file of a build that may be published."""
    for folder, folders, names in os.walk(outdir):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and here / name != doctreedir
            # An earlier build's doctrees, which contain replies; another build and its answer key.
            and not (here / name / ENV_PICKLE).exists()
            and not (here / name / FILE_NAME).exists()
        )
        for name in sorted(names):
            path = (here / name).relative_to(outdir).as_posix()
            if is_publishable(path):
                yield path


def take(
    outdir: Path,
    doctreedir: Path,
    uses: dict[str, set[str]],
    *,
    extra_pages: set[str],
    own_static: set[str],
) -> dict[str, File]:
    """Return the published files other than the pages, by path.

    `uses` maps each page's docname to the files that its HTML names; `extra_pages` are the names
    of pages that are not documents (`genindex`, `search`); `own_static` are the author's own files
    in `_static`, where all others are public.
    """
    users: dict[str, list[str]] = {}
    for docname in sorted(uses):
        for path in uses[docname]:
            users.setdefault(path, []).append(docname)
    files = {}
    for path in outputs(outdir, doctreedir):
        name, extension = posixpath.splitext(path)
        # HTML that no page links to and that this build did not write is from an earlier build.
        is_page = name in uses or not (name in extra_pages or path in users)
        if is_page and extension == ".html" and not path.startswith(STATIC):
            continue
        if path.startswith(USED_ONLY) and path not in users:
            continue
        public = path.startswith(STATIC) and path not in own_static
        of_no_page = public or name in extra_pages or path in OF_NO_PAGE
        docnames = () if of_no_page else tuple(users.get(path, ()))
        files[path] = File(sha256_of(outdir / path), docnames, public)
    return _without_copies_of_replies(files, users.keys())


def _without_copies_of_replies(files: dict[str, File], used: Set[str]) -> dict[str, File]:
    """Leave out other copies of the files that replies show, unless a page uses them.

    A reply's picture may also be in `html_static_path`, under a name that can be guessed.
    """
    secret = {file.sha256 for path, file in files.items() if path.startswith(REPLY_FILES)}
    return {
        path: file
        for path, file in files.items()
        if path in used or path.startswith(REPLY_FILES) or file.sha256 not in secret
    }


def own_static(folders: list[str], confdir: Path) -> set[str]:
    """Return the published paths of the author's own static files.

    Extensions add folders of their own to `html_static_path`. Those of installed packages are
    left out here.
    """
    own = set()
    for entry in folders:
        path = (confdir / entry).resolve()
        if _INSTALLED.intersection(path.parts):
            continue
        names = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
        base = path.parent if path.is_file() else path
        own |= {f"_static/{name.relative_to(base).as_posix()}" for name in names}
    return own
