"""Decides what a sync changes, so that the database mirrors the builds. Pure."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from bookbinder.sphinx import manifest as m
from books.releases.contents import file_changes
from books.sync.plan import BookPlan, Plan, Prefer
from books.sync.planning.book import Context, plan_book, plan_without
from books.sync.snapshot import Snapshot


class PlanError(Exception):
    """The manifests cannot be brought in; `errors` lists why."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


def make_plan(
    manifests: Sequence[m.Manifest],
    snapshot: Snapshot,
    new_ids: Iterator[str],
    *,
    prefer: Prefer | None = None,
) -> Plan:
    """Return what makes the database mirror the manifests.

    `new_ids` yields page ids that nobody has yet; `prefer` decides where both the source and an
    admin have changed a text. Raises PlanError.
    """
    _check(manifests, snapshot)
    context = Context(snapshot, new_ids, itertools.count(-1, -1), prefer)
    parts: list[BookPlan] = []
    releases = {}
    for manifest in manifests:
        own = list(_parts(manifest, context))
        parts += own
        changes = file_changes(manifest, snapshot.files.get(manifest.project, {}))
        if changes.files != snapshot.files.get(manifest.project, {}) or not all(
            part.is_empty for part in own
        ):
            # A release is files and content together: a new one where either has changed.
            releases[manifest.project] = changes
    projects = tuple(manifest.project for manifest in manifests)
    return Plan(projects, tuple(parts), releases)


def _parts(manifest: m.Manifest, context: Context) -> Iterator[BookPlan]:
    old = {book.url: book for book in context.snapshot.books.get(manifest.project, ())}
    for book in manifest.books:
        yield plan_book(manifest.project, old.pop(book.url, None), book, context)
    for gone in old.values():
        part = plan_without(gone, context)
        if part:
            yield part


def _check(manifests: Sequence[m.Manifest], snapshot: Snapshot) -> None:
    errors = []
    projects = [manifest.project for manifest in manifests]
    for project in sorted({p for p in projects if projects.count(p) > 1}):
        errors.append(
            f"Two of the builds are of project {project}: its books would have one url. "
            "Give one another bookbinder_project in its conf.py."
        )
    errors += _misplaced_ids(manifests, snapshot)
    if errors:
        raise PlanError(errors)


def _misplaced_ids(manifests: Sequence[m.Manifest], snapshot: Snapshot) -> Iterator[str]:
    """Yield an error for each page id that a page of another book has."""
    owners = _owners(snapshot)
    carried: dict[str, str] = {}
    for manifest in manifests:
        for book in manifest.books:
            place = (manifest.project, book.url)
            for page in (page for page in book.pages if page.page_id):
                page_id = str(page.page_id)
                here = f"{manifest.project}: {page.source}"
                where, name = owners.get(page_id, (place, ""))
                other = snapshot.elsewhere.get(page_id) or carried.get(page_id)
                other = name if where != place else other
                carried[page_id] = here
                if other:
                    yield (
                        f"The page id {page_id} of {here} is that of {other} too, in another "
                        "book. A page keeps its id within its book: remove the line here."
                    )


def _owners(snapshot: Snapshot) -> dict[str, tuple[tuple[str, str], str]]:
    """Return, by page id, the book that a page belongs to (project and url) and its name."""
    owners = {}
    for book in itertools.chain.from_iterable(snapshot.books.values()):
        for page in snapshot.pages.get(book.pk, ()):
            name = f"{book.project}: {book.url}/{page.url}"
            owners[page.source_id] = (book.project, book.url), name
    return owners
