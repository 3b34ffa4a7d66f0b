"""The steps of a sync: read, prepare (snapshot, plan, stage, effects), publish, write page ids.

The command and the admin call the same steps, and ask their questions in between.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from bookbinder.sphinx import manifest as m
from books import data_folder
from books.errors import BooksError
from books.models import Book, Release
from books.progress_bars import Each, silently
from books.releases import folders, previews, stored_csp
from books.sources import build, page_ids
from books.sync import archive, snapshot
from books.sync.apply import apply, marks_of
from books.sync.follower import Effects, registered_followers
from books.sync.names import Names
from books.sync.plan import NO_OPTIONS, Options, Plan
from books.sync.planning.make_plan import make_plan
from books.sync.report import totals

# The exceptions that a sync can raise; `explain` returns a message for each.
ERRORS = (BooksError, m.ManifestError, DatabaseError, OSError)


@dataclass(frozen=True)
class Build:
    """The folder of a build with its manifest, and the source folder if that is known."""

    manifest: m.Manifest
    folder: Path
    source: Path | None = None
    warnings: str = ""
    # Of a release that comes back; None for a new build.
    names: Names | None = None


@dataclass(frozen=True)
class Prepared:
    """A plan, and everything that was read and computed for it."""

    builds: tuple[Build, ...]
    snapshot: snapshot.Snapshot
    plan: Plan
    effects: Mapping[str, Effects] = field(default_factory=dict)
    staged: tuple[folders.Staged, ...] = ()
    options: Options = NO_OPTIONS

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do."""
        return totals.is_nothing(self.plan, self.effects)


class NoRelease(BooksError):
    """The release to be restored does not exist."""


class LostError(BooksError):
    """The connection was lost during the commit, so the edition may be live or not."""


def explain(error: Exception) -> str:
    """Return what went wrong with a sync that has changed nothing, and what to do about it."""
    if isinstance(error, DatabaseError):
        text = _("The database could not be used: %(error)s. Nothing was changed: sync again.")
        return text % {"error": error}
    if isinstance(error, page_ids.AnnotateError):
        text = _("%(error)s. Nothing was changed: make it writable, or leave --back-annotate out.")
        return text % {"error": error}
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        # Writing to an open file on a full disk gives an error without a file name.
        return data_folder.disk_full(error.filename or settings.BOOKBINDER_DATA_DIR)
    if isinstance(error, OSError):
        return _("%(error)s. Nothing was changed: fix this, then sync again.") % {"error": error}
    return str(error)


def scratch() -> Path:
    """Return the folder for builds, after emptying it. The caller must hold the lock."""
    shutil.rmtree(data_folder.path(data_folder.SCRATCH), ignore_errors=True)
    return data_folder.private(data_folder.SCRATCH)


def read(path: Path, scratch: Path, each: Each = silently) -> Build:
    """Return the build of a source folder, which is built first, or of a build's HTML folder.

    Raises BuildError if the build fails, and ManifestError if the manifest cannot be read.
    """
    if build.is_source(path):
        folder, warnings = build.build(path, scratch, each)
        return Build(m.read(folder), folder, path, warnings)
    return read_build(path)


def read_build(folder: Path) -> Build:
    """Return the build in an HTML folder; none of its code is run.

    Raises ManifestError if the manifest cannot be read.
    """
    return Build(m.read(folder), folder)


def read_release(pk: int) -> Build:
    """Return the files of a release as a build.

    Raises NoRelease if there is none, and ManifestError if the manifest cannot be read.
    """
    release = Release.objects.filter(pk=pk).first()
    if release is None:
        text = _("There is no release %(n)d. `manage.py releases` lists them.")
        raise NoRelease(text % {"n": pk})
    folder = folders.releases_folder(release.project) / release.folder
    manifest = m.read(folders.manifest_folder(folder))
    return Build(manifest, folder / "html", names=release.names)


def take_snapshot(builds: Sequence[Build]) -> snapshot.Snapshot:
    """Return what the database contains about the projects of the builds."""
    manifests = [build.manifest for build in builds]
    ids = {page.page_id for manifest in manifests for page in manifest.pages() if page.page_id}
    return snapshot.take({manifest.project for manifest in manifests}, ids)


def prepare(builds: Sequence[Build], *, stage: bool, options: Options = NO_OPTIONS) -> Prepared:
    """Plan, stage the files if `stage` is set, and compute what happens to followers' rows.

    Staging requires the lock. Raises PlanError if the builds cannot be published together, and
    PublishError if the files cannot be written.
    """
    if stage:
        folders.clean()
        archive.clean()
    before = take_snapshot(builds)
    manifests = [build.manifest for build in builds]
    plan = make_plan(
        manifests,
        before,
        page_ids.random_ids(),
        prefer=options.prefer,
        names={build.manifest.project: build.names for build in builds if build.names is not None},
    )
    policies = {build.manifest.project: _policies(build, plan, before) for build in builds}
    refused = [
        refusal
        for project, of_pages in policies.items()
        for refusal in stored_csp.refusals(project, of_pages)
    ]
    plan = replace(plan, refused=tuple(refused))
    staged: list[folders.Staged] = []
    try:
        for build in builds if stage else ():
            project = build.manifest.project
            if project in plan.releases:
                staged.append(
                    folders.stage(
                        build.manifest,
                        build.folder,
                        plan.releases[project],
                        policies[project],
                        before.folders.get(project),
                        options.each,
                    )
                )
        effects = compute_effects(plan, before, builds, options)
    except BaseException:
        folders.drop(staged)
        raise
    return Prepared(tuple(builds), before, plan, effects, tuple(staged), options)


def _policies(build: Build, plan: Plan, before: snapshot.Snapshot) -> stored_csp.Policies:
    """Return the policy of each page of the build; only that of a changed page is computed."""
    project = build.manifest.project
    current = before.folders.get(project)
    folder = folders.releases_folder(project) / current if current else None
    old = stored_csp.Old(before.files.get(project, {}), folder)
    changes = plan.releases.get(project)
    files = changes.files if changes else old.files
    return stored_csp.of(build.manifest, build.folder, files, old)


def compute_effects(
    plan: Plan, before: snapshot.Snapshot, builds: Sequence[Build], options: Options = NO_OPTIONS
) -> dict[str, Effects]:
    """Return what the plan does to the rows of each follower, by its name."""
    if plan.is_empty and not options.regrade:
        return {}
    old = {project: folders.html_folder(project, name) for project, name in before.folders.items()}
    new = {build.manifest.project: build.folder for build in builds}
    return {
        follower.name: follower.compute_effects(plan, old, new, options)
        for follower in registered_followers()
    }


def is_stale(prepared: Prepared) -> bool:
    """Whether the database has changed since the plan was made.

    Answers to questions that stay do not count: students give them all the time.
    """
    deleted = {row.pk for row in prepared.plan.questions.delete}

    def relevant(whole: snapshot.Snapshot) -> snapshot.Snapshot:
        counts = {pk: counts for pk, counts in whole.counts.items() if pk in deleted}
        return replace(whole, counts=counts)

    return relevant(take_snapshot(prepared.builds)) != relevant(prepared.snapshot)


def publish(prepared: Prepared, *, by: User | None = None, operator: str = "") -> Path | None:
    """Archive what is deleted, then write the rows. Return the archive if one was needed.

    Raises ChangedError if the plan is stale, and LostError if the outcome is unknown.
    """
    plan, path = prepared.plan, None
    try:
        marks = marks_of(plan)
        path = archive.write(plan) if plan.losses else None
        for staged in prepared.staged:
            folders.move_into_place(staged)
        if prepared.staged:
            os.sync()  # after a power cut no row may point to empty files
        apply(
            plan,
            prepared.effects,
            prepared.staged,
            summary=totals.summary(plan),
            by=by,
            operator=operator,
            marks=marks,
            sources={build.manifest.project: str(build.source or "") for build in prepared.builds},
        )
    except BaseException as error:
        # An edition can be live already: a connection may be lost, or an interrupt may come,
        # after the commit.
        is_live = folders.is_live(prepared.staged)
        if is_live is None:
            text = _(
                "The connection to the database was lost while the new edition went live: "
                "%(error)s. Either all of it is live or nothing is. Sync again once the database "
                "is available."
            )
            raise LostError(text % {"error": error}) from error
        if not is_live:
            folders.drop(prepared.staged)
            archive.drop(path)
        if not (is_live and isinstance(error, DatabaseError)):
            raise
    for staged in prepared.staged:
        # What cannot be deleted now is left to the next sync.
        with suppress(DatabaseError, OSError):
            folders.prune(staged.project)
            previews.clear(staged.project)
    return path


def addresses(projects: Iterable[str]) -> list[str]:
    """Return lines that say where the published books are, and how to make a course of each."""
    lines = []
    for book in Book.objects.on_the_shelf().filter(project__in=projects).order_by("title"):
        url = f"{settings.BOOKBINDER_SITE_URL}{book.get_absolute_url()}"
        lines.append(f"{book.title}: {url}")
        if not book.courses.open().exists():
            url = f"{settings.BOOKBINDER_SITE_URL}{reverse('admin:grading_course_add')}"
            lines.append(_("No course of it is open. Make one: %(url)s") % {"url": url})
    return lines


def _missing_page_ids(prepared: Prepared) -> list[tuple[Path, str, str]]:
    """Return source folder, file and page id of the pages whose sources lack their page id."""
    folders_by_project = {build.manifest.project: build.source for build in prepared.builds}
    return [
        (folder, missing.source, missing.page_id)
        for missing in prepared.plan.missing_page_ids
        if (folder := folders_by_project[missing.project]) is not None
    ]


def count_missing_page_ids(prepared: Prepared) -> int:
    """Return how many source files could be given a page id."""
    return len(_missing_page_ids(prepared))


def check_sources(prepared: Prepared) -> None:
    """Raise AnnotateError if a source file that lacks its page id cannot be written."""
    for folder, source, _page_id in _missing_page_ids(prepared):
        page_ids.check_folder(folder, source)


def write_page_ids(prepared: Prepared) -> list[str]:
    """Write the missing page ids into the sources; return why, for each that failed."""
    failures = []
    for folder, source, page_id in _missing_page_ids(prepared):
        try:
            page_ids.write(folder, source, page_id)
        except page_ids.AnnotateError as error:
            failures.append(str(error))
    return failures
