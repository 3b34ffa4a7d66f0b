"""Editions from the admin: they are planned and shown, then published if somebody confirms.

The work is done by a worker of django-tasks-db or in a child process, never within a request.

    <data>/editions/<folder>/build.zip  what was uploaded, until it is unpacked
    <data>/editions/<folder>/html/      the build
    <data>/editions/<folder>/lock       locked by the process that works on it, until it ends
"""

import fcntl
import hashlib
import logging
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_tasks import task

from accounts.models import User
from bookbinder.sphinx import manifest as m
from books import data_folder
from books.editions import upload
from books.editions.rights import may_plan, may_publish, sources
from books.errors import BooksError
from books.models import Edition, Release
from books.progress_bars import Each, Item
from books.releases import folders
from books.sync import lock, pipeline
from books.sync.plan import Options
from books.sync.report import text as report

log = logging.getLogger(__name__)
State = Edition.State
STARTS_WITHIN = timedelta(minutes=2)  # how long a process may take to start
ZIP = "build.zip"
KEPT_FOR = timedelta(days=14)  # how long files are kept after the last change of the edition
WISHES = ("prefer", "regrade")  # the options that a plan depends on
STORED_EVERY = 1.0  # seconds


class NotAllowed(BooksError):
    """The user may not do this with this project."""


def of_upload(file: IO[bytes], by: User) -> Edition:
    """Create an edition from a zip file, which is unpacked later, outside the request.

    Raises UploadError if it is not a zip file.
    """
    upload.check_kind(file)
    forget_old()
    options = {"language": get_language()}
    edition = Edition(folder=secrets.token_hex(16), created_by=by, options=options)
    _make_folder(edition)
    with (folder_of(edition) / ZIP).open("xb") as kept:
        shutil.copyfileobj(file, kept, upload.CHUNK)
    edition.save()
    return edition


def of_source(source: Path, by: User) -> Edition:
    """Create an edition that will be built from one of the operator's source folders.

    Raises NotAllowed if `by` may not build it.
    """
    if source not in sources(by):
        raise NotAllowed(_("You may not build this folder, or it is not in BOOKBINDER_SOURCES."))
    forget_old()
    edition = Edition.objects.create(
        source=str(source),
        folder=secrets.token_hex(16),
        created_by=by,
        options={"language": get_language()},
    )
    _make_folder(edition)
    return edition


def of_release(pk: int, by: User) -> Edition:
    """Create an edition that goes back to a release.

    Raises NotAllowed if there is no such release, or if `by` may not plan editions of its project.
    """
    release = Release.objects.filter(pk=pk).first()
    if release is None or not may_plan(by, release.project):
        raise NotAllowed(_("There is no release %(n)d that you may go back to.") % {"n": pk})
    edition = Edition.objects.create(
        release=release,
        project=release.project,
        folder=secrets.token_hex(16),
        created_by=by,
        options={"language": get_language()},
    )
    _make_folder(edition)
    return edition


def limit() -> int:
    """Return the maximum size of an unpacked build, in MB."""
    size: int = settings.BOOKBINDER_UPLOAD_LIMIT
    return size


def can_retry(edition: Edition) -> bool:
    """Return whether the edition is planned or has failed, and its files still exist."""
    return edition.state in (State.PLANNED, State.FAILED) and folder_of(edition).is_dir()


def folder_of(edition: Edition) -> Path:
    """Return the folder of an edition's files."""
    return data_folder.path(data_folder.EDITIONS) / edition.folder


def _make_folder(edition: Edition) -> None:
    (data_folder.private(data_folder.EDITIONS) / edition.folder).mkdir(exist_ok=True)


def forget(edition: Edition) -> None:
    """Delete an edition's files."""
    shutil.rmtree(folder_of(edition), ignore_errors=True)


def forget_old() -> int:
    """Delete the files of editions that have not changed for a long time; return how many."""
    old = Edition.objects.filter(touched_at__lt=timezone.now() - KEPT_FOR)
    with_files = [edition for edition in old if folder_of(edition).exists()]
    for edition in with_files:
        forget(edition)
    return len(with_files)


# What people request.


def agree(edition: Edition, by: User, options: dict[str, Any], digest: str) -> bool:
    """Accept the plan with this digest for publishing; False if it is not the current one.

    If the plan was made with other options than these, it is made again instead.
    """
    if any((options.get(name) or "") != (edition.options.get(name) or "") for name in WISHES):
        return plan_again(edition, by, options)
    with transaction.atomic():
        fresh = Edition.objects.select_for_update().get(pk=edition.pk)
        if fresh.state != State.PLANNED or fresh.digest != digest:
            return False
        fresh.state, fresh.step, fresh.message = State.PUBLISHING, "", ""
        fresh.options = {**options, "by": by.pk, "language": get_language()}
        fresh.save()
    return True


def plan_again(edition: Edition, by: User, options: dict[str, Any]) -> bool:
    """Have the plan made again with these options; False if `can_retry` is false."""
    with transaction.atomic():
        fresh = Edition.objects.select_for_update().get(pk=edition.pk)
        if not can_retry(fresh):
            return False
        fresh.state, fresh.step, fresh.message = State.PLANNING, "", ""
        fresh.options = {**options, "by": by.pk, "language": get_language()}
        fresh.save()
    return True


def notice_the_dead(edition: Edition) -> None:
    """Mark the edition as failed if the process that worked on it has died."""
    begun = bool(edition.step)
    is_late = timezone.now() - edition.touched_at > STARTS_WITHIN
    waits_for_worker = settings.BOOKBINDER_WORKER and not begun
    if not edition.is_working or not is_late or waits_for_worker or _is_locked(edition):
        return
    what = _("The process that worked on this ended unexpectedly. Make a new plan to continue.")
    Edition.objects.filter(pk=edition.pk, state=edition.state).update(
        state=State.FAILED, message=what
    )
    edition.refresh_from_db()


def _is_locked(edition: Edition) -> bool:
    try:
        with (folder_of(edition) / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


# The work.


def process_edition(pk: int) -> None:
    """Plan or publish an edition, depending on its state.

    Errors are stored in the edition. Those that are not expected are logged and raised, too.
    """
    edition = Edition.objects.filter(pk=pk).first()
    steps: dict[str, Callable[[Edition], None]] = {
        State.PLANNING: _plan,
        State.PUBLISHING: _publish,
    }
    if edition is None or edition.state not in steps:
        return
    language = edition.options.get("language") or settings.LANGUAGE_CODE
    with _locked(edition), translation.override(language):
        try:
            steps[edition.state](edition)
        except (*pipeline.ERRORS, NotAllowed) as error:
            # Users must not see where uploads are stored.
            message = pipeline.explain(error).replace(f"{folder_of(edition)}/html/", "")
            _end(edition, State.FAILED, message)
        except BaseException:
            log.exception("edition %s", pk)
            _end(edition, State.FAILED, _("Something went wrong. The log has the details."))
            raise


@contextmanager
def _locked(edition: Edition) -> Iterator[None]:
    _make_folder(edition)
    with (folder_of(edition) / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _plan(edition: Edition) -> None:
    if (folder_of(edition) / ZIP).exists():
        _unpack(edition)
    _store_step(edition, _("reading the build"))
    build = _read(edition, build_first=bool(edition.source))
    _require_right(edition, build.manifest.project, may_plan)
    edition.project = build.manifest.project
    prepared = pipeline.prepare([build], stage=False, options=_options(edition))
    _keep_plan(edition, prepared)
    if prepared.is_nothing:
        _end(edition, State.NOTHING, build.warnings)
    else:
        edition.message = build.warnings
        edition.state = State.PLANNED
        edition.save()


def _unpack(edition: Edition) -> None:
    """Unpack what was uploaded. Raises UploadError if it is refused, and keeps nothing of it."""
    _store_step(edition, _("unpacking the zip file"))
    path = folder_of(edition) / ZIP
    # What is left of a process that was killed.
    shutil.rmtree(folder_of(edition) / "html", ignore_errors=True)
    try:
        with path.open("rb") as file:
            upload.unpack(file, folder_of(edition) / "html")
    except upload.UploadError:
        forget(edition)
        raise
    path.unlink()


def _publish(edition: Edition) -> None:
    with lock.sync_lock():
        _store_step(edition, _("reading the build"))
        build = _read(edition, build_first=False)
        by = _require_right(edition, build.manifest.project, may_publish)
        prepared = pipeline.prepare([build], stage=True, options=_options(edition))
        is_other = _digest(prepared) != edition.digest
        may_not_delete = prepared.plan.needs_permission_to_delete and not edition.options.get(
            "delete_user_data"
        )
        if is_other or may_not_delete or pipeline.is_stale(prepared):
            folders.drop(prepared.staged)
            _keep_plan(edition, prepared)
            edition.state = State.PLANNED
            edition.message = (
                _("User data would be deleted: confirm this before you publish.")
                if may_not_delete and not is_other
                else _("The database has changed meanwhile. This is the plan now.")
            )
            edition.save()
            return
        _store_step(edition, _("going live"))
        path = pipeline.publish(prepared, by=by)
    what = _("The new edition is live.")
    if path:
        what += " " + _("The deleted data is archived in %(path)s.") % {"path": path}
    _end(edition, State.PUBLISHED, "\n".join([what, *pipeline.addresses([edition.project])]))


def _read(edition: Edition, *, build_first: bool) -> pipeline.Build:
    if edition.release_id is not None:
        return pipeline.read_release(edition.release_id)
    if not build_first:
        # Not `pipeline.read`, which would run a `conf.py` in what somebody uploaded.
        build = pipeline.read_build(folder_of(edition) / "html")
        return replace(build, source=Path(edition.source)) if edition.source else build
    shutil.rmtree(folder_of(edition) / "html", ignore_errors=True)
    shutil.rmtree(folder_of(edition) / "doctrees", ignore_errors=True)
    return pipeline.read(Path(edition.source), folder_of(edition), _each(edition))


def _require_right(edition: Edition, project: str, may: Callable[[User, str], bool]) -> User:
    """Return the user who requested this. Raises NotAllowed if they may not do it any longer."""
    pk = edition.options.get("by", edition.created_by_id)
    by = User.objects.filter(pk=pk, is_active=True).first()
    if by is None or not may(by, project):
        raise NotAllowed(
            _("You may not do this with %(project)s: you are not the author of its books.")
            % {"project": project}
        )
    return by


def _options(edition: Edition) -> Options:
    said = edition.options
    return Options(
        prefer=said.get("prefer") or None,
        regrade=bool(said.get("regrade")),
        each=_each(edition),
    )


def _keep_plan(edition: Edition, prepared: pipeline.Prepared) -> None:
    edition.plan = [list(line) for line in report.lines(prepared.plan, prepared.effects)]
    edition.names = [list(line) for line in report.names(prepared.plan, prepared.effects)]
    edition.digest = _digest(prepared)
    edition.needs_permission = prepared.plan.needs_permission_to_delete


def _digest(prepared: pipeline.Prepared) -> str:
    """Return a hash that identifies a plan: of the build, and of what it does to which rows.

    What answers would earn is left out, since students give answers all the time.
    """
    manifests = b"".join(m.dumps(build.manifest) for build in prepared.builds)
    with translation.override(settings.LANGUAGE_CODE):
        text = report.text(prepared.plan, {}, verbose=True)
    return hashlib.sha256(manifests + text.encode()).hexdigest()


def _end(edition: Edition, state: str, message: str) -> None:
    edition.state, edition.step, edition.message = state, "", message
    edition.names = []  # the archive tells whose data was deleted
    edition.save()
    if state in (State.PUBLISHED, State.NOTHING):
        forget(edition)


def _store_step(edition: Edition, step: str) -> None:
    edition.step = step
    edition.save(update_fields=("step", "touched_at"))


def _each(edition: Edition) -> Each:
    """Return an `Each` that stores the progress of a step, for people who wait."""

    def each(items: Iterable[Item], step: str, total: int) -> Iterator[Item]:
        stored = 0.0
        for number, item in enumerate(items):
            if time.monotonic() - stored > STORED_EVERY:
                stored = time.monotonic()
                _store_step(edition, f"{step}: {100 * number // max(total, 1)} %")
            yield item

    return each


@task()
def process_edition_task(pk: int) -> None:
    process_edition(pk)


def begin(edition: Edition) -> None:
    """Have an edition processed after the commit: by the worker, or else in a child process."""
    start = process_edition_task.enqueue if settings.BOOKBINDER_WORKER else _in_child
    transaction.on_commit(partial(start, edition.pk))


def _in_child(pk: int) -> None:
    # In a session of its own, so that it continues if the server is restarted.
    child = subprocess.Popen(
        [sys.executable, settings.BASE_DIR / "manage.py", "process_edition", str(pk)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    Thread(target=child.wait, daemon=True).start()
