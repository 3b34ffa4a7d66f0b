"""The files of a release, who may read each, and how they differ from the last release."""

from dataclasses import dataclass
from typing import Any

from bookbinder.sphinx import manifest as m
from books.releases import csp, page_head

# Path -> {"sha256", "docnames", "public"} and, for HTML, "policy"; "head" if one is added to it.
Files = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class FileChanges:
    """How the published files of a project change; `files` are all files after the change."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    files: Files
    # (old, new) paths of files with the same content. They are not in `added` and `removed`.
    renamed: tuple[tuple[str, str], ...] = ()


def file_changes(manifest: m.Manifest, old: Files) -> FileChanges:
    """Return how the files of a build differ from `old`, those of the release that is live."""
    new = published_files(manifest)
    added = {path: new[path]["sha256"] for path in sorted(new.keys() - old.keys())}
    removed = {path: old[path]["sha256"] for path in sorted(old.keys() - new.keys())}
    by_content = {sha256: path for path, sha256 in removed.items()}
    renamed = []
    for path, sha256 in list(added.items()):
        former = by_content.pop(sha256, None)
        if former is not None:
            renamed.append((former, path))
            del added[path], removed[former]
    changed = sorted(path for path in new.keys() & old.keys() if new[path] != old[path])
    return FileChanges(tuple(added), tuple(changed), tuple(removed), new, tuple(renamed))


def published_files(manifest: m.Manifest) -> Files:
    """Return what a release stores about the files of a build, by path."""
    files: Files = {
        path: {"sha256": file.sha256, "docnames": list(file.docnames), "public": file.public}
        for path, file in manifest.files.items()
    }
    for page in manifest.pages():
        files[f"{page.docname}.html"] = {
            "sha256": page.sha256,
            "docnames": [page.docname],
            "public": False,
            "head": page_head.VERSION,
        }
    for path in filter(page_head.GENERATED.fullmatch, files):
        files[path].setdefault("head", page_head.VERSION)
    # A page's header also depends on this, so that a change of the hosts counts as a change.
    headers = csp.digest(manifest.script_hosts, manifest.mathjax)
    for path in filter(csp.is_page, files):
        files[path]["policy"] = headers
    return files
