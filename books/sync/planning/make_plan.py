"""Decides what a sync changes, so that the database mirrors the builds. Pure."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from bookbinder.sphinx import manifest as m
from books.errors import BooksError
from books.releases.contents import file_changes
from books.sync.names import Names
from books.sync.plan import BookPlan, Plan, Prefer
from books.sync.planning.book import Context, plan_book, plan_without
from books.sync.snapshot import Snapshot


class PlanError(BooksError):
    """The builds cannot be published together; `errors` lists why."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


def make_plan(
    manifests: Sequence[m.Manifest],
    snapshot: Snapshot,
    new_ids: Iterator[str],
    *,
    prefer: Prefer | None = None,
    names: Mapping[str, Names] = MappingProxyType({}),
) -> Plan:
    """Return the plan that makes the database mirror the manifests.

    `new_ids` yields unused page ids; `prefer` tells which text is shown if both the source and an
    admin have changed it; `names` are those of releases that come back, by project. Raises
    PlanError if the builds cannot be published together.
    """
    errors = [*_repeated_projects(manifests), *_misplaced_ids(manifests, snapshot)]
    if errors:
        raise PlanError(errors)
    context = Context(snapshot, new_ids, itertools.count(-1, -1), prefer, names)
    parts: list[BookPlan] = []
    releases = {}
    for manifest in manifests:
        own = _books(manifest, context)
        parts += own
        old_files = snapshot.files.get(manifest.project, {})
        changes = file_changes(manifest, old_files)
        # A release is files and content together: a new one is needed if either has changed.
        if changes.files != old_files or not all(part.is_empty for part in own):
            releases[manifest.project] = changes
    projects = tuple(manifest.project for manifest in manifests)
    return Plan(projects, tuple(parts), releases)


def _books(manifest: m.Manifest, context: Context) -> list[BookPlan]:
    """Plan the books of a project: those in the build, and those that no longer are."""
    old = {book.url: book for book in context.snapshot.books.get(manifest.project, ())}
    parts = [
        plan_book(manifest.project, old.pop(book.url, None), book, context)
        for book in manifest.books
    ]
    endings = (plan_without(book, context) for book in old.values())
    return parts + [part for part in endings if part is not None]


def _repeated_projects(manifests: Sequence[m.Manifest]) -> Iterator[str]:
    projects = [manifest.project for manifest in manifests]
    for project in sorted({name for name in projects if projects.count(name) > 1}):
        yield (
            f"Two of the builds are of project {project}: its books would have one url. "
            "Give one another bookbinder_project in its conf.py."
        )


def _misplaced_ids(manifests: Sequence[m.Manifest], snapshot: Snapshot) -> Iterator[str]:
    """Yield an error for each page id that a page of another book has too."""
    # By page id, the book (project and url) of the page that has it now, and the page's name.
    owners = {
        page.source_id: ((book.project, book.url), f"{book.project}: {book.url}/{page.url}")
        for book in itertools.chain.from_iterable(snapshot.books.values())
        for page in snapshot.pages.get(book.pk, ())
    }
    seen: dict[str, str] = {}
    for manifest in manifests:
        for book in manifest.books:
            own = (manifest.project, book.url)
            for page in book.pages:
                if page.page_id is None:
                    continue
                name = f"{manifest.project}: {page.source}"
                owner, owner_name = owners.get(page.page_id, (own, ""))
                other = snapshot.elsewhere.get(page.page_id) or seen.get(page.page_id)
                if owner != own:
                    other = owner_name
                seen[page.page_id] = name
                if other:
                    yield (
                        f"The page id {page.page_id} of {name} is that of {other} too, in another "
                        "book. A page keeps its id within its book: remove the line here."
                    )
