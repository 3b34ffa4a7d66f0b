"""A sync from end to end: read, snapshot, plan, stage, preview; then archive, apply, annotate.

The command and the admin call these steps alike and ask their questions in between.
"""

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from accounts.models import User
from bookbinder.sphinx import manifest as m
from books import data_folder
from books.models import Release
from books.progress_bars import Each, silently
from books.releases import folders, previews, stored_csp
from books.sources import build, page_ids
from books.sync import archive, lock, snapshot
from books.sync.apply import ChangedError, apply, marks_of
from books.sync.follower import Effects, registered_followers
from books.sync.plan import NO_OPTIONS, Options, Plan
from books.sync.planning.make_plan import PlanError, make_plan
from books.sync.report import text


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
    effects: Mapping[str, Effects] = field(default_factory=dict)
    staged: tuple[folders.Staged, ...] = ()
    options: Options = NO_OPTIONS

    @property
    def is_nothing(self) -> bool:
        return text.is_nothing(self.plan, self.effects)


class NoRelease(Exception):
    """There is no such release to go back to."""


class LostError(Exception):
    """The database was lost while it was told to keep the new edition."""


ERRORS = (
    m.ManifestError,
    build.BuildError,
    PlanError,
    folders.PublishError,
    ChangedError,
    NoRelease,
    lock.LockedError,
    LostError,
    page_ids.AnnotateError,
    DatabaseError,
    OSError,
)


def explain(error: Exception) -> str:
    """Return what went wrong with a sync, and what to do about it. Nothing has changed."""
    if isinstance(error, DatabaseError):
        return f"The database could not be used: {error}. Nothing was changed: sync again."
    if isinstance(error, page_ids.AnnotateError):
        return f"{error}. Nothing was changed: make it writable, or leave --back-annotate out."
    if isinstance(error, OSError):
        is_full = error.errno == errno.ENOSPC
        # Writing into an open file that finds no room names no file.
        where = error.filename or f"under {settings.BOOKBINDER_DATA_DIR}"
        what = f"The disk is full ({where})" if is_full else str(error)
        return (
            f"{what}. Nothing was changed: {'make room' if is_full else 'mend that'}, sync again."
        )
    return str(error)


def scratch() -> Path:
    """Return the folder for builds, without those that killed syncs left. Needs the lock."""
    shutil.rmtree(Path(settings.BOOKBINDER_DATA_DIR) / "scratch", ignore_errors=True)
    return data_folder.private("scratch")


def clean() -> None:
    """Take away what killed syncs left where it is published and archived. Needs the lock."""
    folders.clean()
    archive.clean()


def read(path: Path, scratch: Path, each: Each = silently) -> Build:
    """Return the build of a source folder (built first) or of a build's output folder.

    Raises BuildError or ManifestError.
    """
    if build.is_source(path):
        folder, warnings = build.build(path, scratch, each)
        return Build(m.read(folder), folder, path, warnings)
    return read_build(path)


def read_build(folder: Path) -> Build:
    """Return the build in an output folder, and never run what is in it. Raises ManifestError."""
    return Build(m.read(folder), folder)


def read_release(pk: int) -> Build:
    """Return what a release published, as a build. Raises NoRelease or ManifestError."""
    release = Release.objects.filter(pk=pk).first()
    if release is None:
        raise NoRelease(f"There is no release {pk}. `manage.py releases` lists them.")
    folder = folders.releases_folder(release.project) / release.folder
    return Build(m.read(folders.manifest_folder(folder)), folder / "html")


def take_snapshot(builds: Sequence[Build]) -> snapshot.Snapshot:
    manifests = [one.manifest for one in builds]
    ids = {page.page_id for manifest in manifests for page in manifest.pages() if page.page_id}
    return snapshot.take({manifest.project for manifest in manifests}, ids)


def prepare(builds: Sequence[Build], *, stage: bool, options: Options = NO_OPTIONS) -> Prepared:
    """Plan, lay the files down where `stage` is set, and compute what others' rows need.

    Staging needs the lock. Raises PlanError or PublishError.
    """
    if stage:
        clean()
    before = take_snapshot(builds)
    manifests = [one.manifest for one in builds]
    plan = make_plan(manifests, before, page_ids.random_ids(), prefer=options.prefer)
    headers = {one.manifest.project: _policies(one, plan, before) for one in builds}
    refused = (one for name in headers for one in stored_csp.refusals(name, headers[name]))
    plan = replace(plan, refused=tuple(refused))
    staged: list[folders.Staged] = []
    try:
        for one in builds if stage else ():
            project = one.manifest.project
            if project in plan.releases:
                staged.append(
                    folders.stage(
                        one.manifest,
                        one.folder,
                        plan.releases[project],
                        headers[project],
                        before.folders.get(project),
                        options.each,
                    )
                )
        effects = compute_effects(plan, before, builds, options)
    except BaseException:
        folders.drop(staged)
        raise
    return Prepared(tuple(builds), before, plan, effects, tuple(staged), options)


def _policies(one: Build, plan: Plan, before: snapshot.Snapshot) -> stored_csp.Policies:
    project = one.manifest.project
    current = before.folders.get(project)
    folder = folders.releases_folder(project) / current if current else None
    old = stored_csp.Old(before.files.get(project, {}), folder)
    changes = plan.releases.get(project)
    return stored_csp.of(one.manifest, one.folder, changes.files if changes else old.files, old)


def compute_effects(
    plan: Plan, before: snapshot.Snapshot, builds: Sequence[Build], options: Options = NO_OPTIONS
) -> dict[str, Effects]:
    if plan.is_empty and not options.regrade:
        return {}
    old = {name: folders.html_folder(name, folder) for name, folder in before.folders.items()}
    new = {one.manifest.project: one.folder for one in builds}
    return {
        follower.name: follower.compute_effects(plan, old, new, options)
        for follower in registered_followers()
    }


def is_stale(prepared: Prepared) -> bool:
    """Whether the database has changed since the plan was made.

    Answers to questions that stay are no change: students give them all the time.
    """
    gone = {row.pk for row in prepared.plan.questions.delete}
    now, before = (
        replace(one, counts={pk: counts for pk, counts in one.counts.items() if pk in gone})
        for one in (take_snapshot(prepared.builds), prepared.snapshot)
    )
    return now != before


def carry_out(prepared: Prepared, *, by: User | None = None, operator: str = "") -> Path | None:
    """Archive what goes, then write the rows. Return the archive, if one was needed.

    Raises ChangedError, or LostError where nobody can say whether the edition is live.
    """
    plan, path = prepared.plan, None
    try:
        marks = marks_of(plan)
        path = archive.write(plan) if plan.losses else None
        for staged in prepared.staged:
            folders.move_into_place(staged)
        if prepared.staged:
            os.sync()  # a power cut must not leave rows that point to empty files
        summary = text.summary(plan)
        sources = {one.manifest.project: str(one.source or "") for one in prepared.builds}
        apply(
            plan,
            prepared.effects,
            prepared.staged,
            summary=summary,
            by=by,
            operator=operator,
            marks=marks,
            sources=sources,
        )
    except BaseException as error:
        # Not what has gone live: a connection can be lost after the commit, an interrupt can come.
        is_live = folders.is_live(prepared.staged)
        if is_live is None:
            raise LostError(_lost(error)) from error
        if not is_live:
            folders.drop(prepared.staged)
            archive.drop(path)
        if not (is_live and isinstance(error, DatabaseError)):
            raise
    _tidy(prepared)
    return path


def _lost(error: BaseException) -> str:
    return (
        f"The database was lost while the new edition went live: {error}. Either all of it is "
        "live or nothing: sync again once the database is back."
    )


def _tidy(prepared: Prepared) -> None:
    """Take away what nobody points to any more. What fails is left to the next sync."""
    for staged in prepared.staged:
        with suppress(DatabaseError, OSError):
            folders.prune(staged.project)
            previews.clear(staged.project)


def check_sources(prepared: Prepared) -> None:
    """Raise AnnotateError where the sources that lack a page id cannot be written to."""
    roots = {one.manifest.project: one.source for one in prepared.builds}
    for missing in prepared.plan.missing_page_ids:
        root = roots[missing.project]
        if root is not None:
            page_ids.check_folder(root, missing.source)


def write_page_ids(prepared: Prepared) -> list[str]:
    """Write the page ids that the sources lack; return what could not be written, and why."""
    failures = []
    roots = {one.manifest.project: one.source for one in prepared.builds}
    for missing in prepared.plan.missing_page_ids:
        root = roots[missing.project]
        try:
            if root is not None:
                page_ids.write(root, missing.source, missing.page_id)
        except page_ids.AnnotateError as error:
            failures.append(str(error))
    return failures


def lacking_page_ids(prepared: Prepared) -> int:
    """Return how many sources at hand could be given a page id."""
    known = {one.manifest.project for one in prepared.builds if one.source is not None}
    return sum(missing.project in known for missing in prepared.plan.missing_page_ids)
