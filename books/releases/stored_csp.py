"""The headers of a release's pages, stored in its folder.

    <data>/releases/<project>/<release>/policies.json   {"headers", "refused", "pages"}

Many pages of a book have the same header, so `pages` contains indexes of the other two lists.
"""

import functools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bookbinder.sphinx import manifest as m
from books.releases.csp import Policy, Refused, is_page, of_file, policy_as_it_was, policy_of

FILE_NAME = "policies.json"
Policies = Mapping[str, Policy]


def of(
    manifest: m.Manifest, build: Path, files: Mapping[str, Any], old: "Old | None" = None
) -> Policies:
    """Return the policy of each page among `files`, by path.

    `build` is the folder of the HTML. Policies of unchanged pages are taken from the old release.
    """
    found = {}
    for path in filter(is_page, files):
        known = old.policies.get(path) if old and old.files.get(path) == files[path] else None
        if known is not None:
            found[path] = known
        elif (build / path).is_file() and not (build / path).is_symlink():
            html = (build / path).read_bytes()
            found[path] = policy_of(html, manifest.script_hosts, manifest.mathjax)
    return found


@dataclass(frozen=True)
class Old:
    """The release that is live: what is stored about its files, and its folder if it has one."""

    files: Mapping[str, Any]
    folder: Path | None = None

    @functools.cached_property
    def policies(self) -> Policies:
        return read(self.folder) if self.folder else {}


@dataclass(frozen=True)
class Refusal:
    """Something that browsers will refuse, with the number of pages and the first of them."""

    project: str
    kind: str
    what: str
    pages: int
    first: str


def refusals(project: str, policies: Policies) -> Iterator[Refusal]:
    """Yield everything that is refused, each thing once for all pages."""
    counts: Counter[Refused] = Counter()
    first: dict[Refused, str] = {}
    for path in sorted(policies):
        for refused in policies[path].refused:
            counts[refused] += 1
            first.setdefault(refused, path)
    for refused, count in counts.items():
        yield Refusal(project, refused.kind, refused.what, count, first[refused])


def write(policies: Policies, folder: Path) -> None:
    """Store the policies in a release's folder."""
    headers: dict[str, int] = {}
    refused: dict[Refused, int] = {}
    pages = {
        path: [
            headers.setdefault(policy.header, len(headers)),
            [refused.setdefault(refusal, len(refused)) for refusal in policy.refused],
        ]
        for path, policy in policies.items()
    }
    raw = {"headers": list(headers), "refused": list(refused), "pages": pages}
    (folder / FILE_NAME).write_text(json.dumps(raw), encoding="utf-8")


def read(folder: Path) -> Policies:
    """Return the policies stored in a release's folder; none if the release is older than they."""
    try:
        raw = json.loads((folder / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return {}
    refused = [Refused(*fields) for fields in raw["refused"]]
    return {
        path: Policy(raw["headers"][header], tuple(refused[number] for number in numbers))
        for path, (header, numbers) in raw["pages"].items()
    }


# A release's folder never changes, so each process reads it once.
_read_once = functools.lru_cache(maxsize=64)(read)


def header_of(folder: Path, path: str) -> str:
    """Return the header of a file published in `folder`; empty if the site's own is sufficient."""
    if not is_page(path):
        return of_file(path)
    policy = _read_once(folder).get(path)
    return policy.header if policy else _header_as_it_was(folder / "html" / path)


@functools.lru_cache(maxsize=1024)
def _header_as_it_was(page: Path) -> str:
    return policy_as_it_was(page.read_bytes()).header
