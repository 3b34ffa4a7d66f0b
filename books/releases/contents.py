"""What a release holds: its files, whose right opens each, and how they differ from the last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bookbinder.sphinx import manifest as m
from books.releases import csp, page_head


@dataclass(frozen=True)
class FileChanges:
    """How the published files of a project change; `files` is what they will be."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    files: dict[str, Any]
    # (old, new) paths of equal content; neither is among those added and removed.
    renamed: tuple[tuple[str, str], ...] = ()


def file_changes(manifest: m.Manifest, old: Mapping[str, Any]) -> FileChanges:
    """Return how the files of a build differ from those of the release that is live, `old`."""
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


def published_files(manifest: m.Manifest) -> dict[str, Any]:
    """Return what a release keeps of its files: path -> hash, and whose right opens it."""
    files: dict[str, Any] = {
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
    # What its header is made of, besides the page: other hosts are something to do.
    headers = csp.digest(manifest.script_hosts, manifest.mathjax)
    for path in filter(csp.is_page, files):
        files[path]["policy"] = headers
    return files
