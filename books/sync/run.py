"""A sync from end to end: read, snapshot, plan, stage, preview; then archive, apply, annotate.

The command and the admin call these steps alike and ask their questions in between.
"""

import os
import secrets
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accounts.models import User
from bookbinder.sphinx import manifest as m
from books import followers
from books.sync import annotate, archive, build, publish, show, snapshot
from books.sync.apply import apply
from books.sync.changes import Plan
from books.sync.plan import make_plan

PAGE_ID_ALPHABET = string.ascii_lowercase + string.digits
PAGE_ID_LENGTH = 10


@dataclass(frozen=True)
class Build:
    """A build's folder with its manifest; `source` is where it was built from, if known."""

    manifest: m.Manifest
    folder: Path
    source: Path | None = None
    warnings: str = ""


@dataclass(frozen=True)
class Prepared:
    """A plan with all that was read and computed for it."""

    builds: tuple[Build, ...]
    snapshot: snapshot.Snapshot
    plan: Plan
    effects: Mapping[str, followers.Effects] = field(default_factory=dict)
    staged: tuple[publish.Staged, ...] = ()


def read(path: Path, scratch: Path) -> Build:
    """Return the build of a source folder (built first) or of a build's output folder.

    Raises BuildError or ManifestError.
    """
    if build.is_source(path):
        folder, warnings = build.build(path, scratch)
        return Build(m.read(folder), folder, path, warnings)
    return Build(m.read(path), path)


def page_ids() -> Iterator[str]:
    """Yield random page ids for ever."""
    while True:
        yield "".join(secrets.choice(PAGE_ID_ALPHABET) for _i in range(PAGE_ID_LENGTH))


def look(builds: Sequence[Build]) -> snapshot.Snapshot:
    manifests = [one.manifest for one in builds]
    ids = {page.page_id for manifest in manifests for page in manifest.pages() if page.page_id}
    return snapshot.take({manifest.project for manifest in manifests}, ids)


def prepare(builds: Sequence[Build], *, stage: bool) -> Prepared:
    """Plan, lay the files down where `stage` is set, and compute what others' rows need.

    Raises PlanError or PublishError.
    """
    before = look(builds)
    plan = make_plan([one.manifest for one in builds], before, page_ids())
    staged: list[publish.Staged] = []
    try:
        for one in builds if stage else ():
            project = one.manifest.project
            if project in plan.releases:
                publish.clean(project)
                current = before.folders.get(project)
                staged.append(
                    publish.stage(one.manifest, one.folder, plan.releases[project], current)
                )
        effects = preview(plan, before, builds)
    except BaseException:
        publish.drop(staged)
        raise
    return Prepared(tuple(builds), before, plan, effects, tuple(staged))


def preview(
    plan: Plan, before: snapshot.Snapshot, builds: Sequence[Build]
) -> dict[str, followers.Effects]:
    if plan.is_empty:
        return {}
    old = {name: publish.html_folder(name, folder) for name, folder in before.folders.items()}
    new = {one.manifest.project: one.folder for one in builds}
    return {follower.name: follower.preview(plan, old, new) for follower in followers.registered()}


def is_stale(prepared: Prepared) -> bool:
    """Whether the database has changed since the plan was made."""
    return look(prepared.builds) != prepared.snapshot


def carry_out(prepared: Prepared, *, by: User | None = None) -> Path | None:
    """Archive what goes, then write the rows. Return the archive, if one was needed."""
    plan = prepared.plan
    try:
        path = archive.write(plan) if plan.losses else None
        for staged in prepared.staged:
            publish.settle(staged)
        if prepared.staged:
            os.sync()  # a power cut must not leave rows that point to empty files
        apply(plan, prepared.effects, prepared.staged, summary=show.summary(plan), by=by)
    except BaseException:
        # Not what may have gone live: an interrupt can come after the commit.
        publish.drop(staged for staged in prepared.staged if not publish.is_known(staged))
        raise
    return path


def write_page_ids(prepared: Prepared) -> list[str]:
    """Write the page ids that the sources lack; return what could not be written, and why."""
    failures = []
    roots = {one.manifest.project: one.source for one in prepared.builds}
    for missing in prepared.plan.missing_page_ids:
        root = roots[missing.project]
        try:
            if root is not None:
                annotate.write(root, missing.source, missing.page_id)
        except annotate.AnnotateError as error:
            failures.append(str(error))
    return failures


def lacking_page_ids(prepared: Prepared) -> int:
    """Return how many sources at hand could be given a page id."""
    known = {one.manifest.project for one in prepared.builds if one.source is not None}
    return sum(missing.project in known for missing in prepared.plan.missing_page_ids)
