"""What people do with notes beside writing them: resolve, moderate, flag, put back into place."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from annotations import mail, page_texts
from annotations.anchoring import locate
from annotations.drafts import Audience, Invalid, Stale
from annotations.following.placing import passage
from annotations.models import Annotation, ProblemReport
from annotations.querysets import AnnotationQuerySet
from annotations.writing import DELETED, locked
from books.models import Page

State, Status = Annotation.State, Annotation.Status
GONE_AGAIN = gettext_lazy("The page has changed again. The next sync looks for a place anew.")


def resolve(note: Annotation, user: User) -> None:
    _set(note, resolved_by=user, resolved_at=timezone.now())


def reopen(note: Annotation, user: User) -> None:
    _set(note, resolved_by=None, resolved_at=None)


def hide(note: Annotation, user: User) -> None:
    """Take a note from its classmates' eyes; its writer sees that, and it stays."""
    _set(note, hidden_by=user, hidden_at=timezone.now(), flagged=False)


def show(note: Annotation, user: User) -> None:
    _set(note, hidden_by=None, hidden_at=None, flagged=False)


def pin(note: Annotation, user: User) -> None:
    _set(note, pinned=True)


def unpin(note: Annotation, user: User) -> None:
    _set(note, pinned=False)


def flag(note: Annotation, user: User) -> None:
    """Tell the instructors that a note should be looked at; its writer does not notice."""
    _living(note).update(flagged=True)


def accept(note: Annotation, user: User) -> None:
    """Put an orphan where the sync thought it might belong. Raises Invalid or Stale."""
    with transaction.atomic():
        note = locked(note)
        found = note.suggestion
        if not note.is_orphan or not found:
            raise Invalid(_("This note has no place suggested."))
        pages = Page.objects.published().visible_to(user).filter(book=note.book_id)
        page = pages.select_related("book__release").filter(pk=found["page"]).first()
        if page is None:
            raise Stale(GONE_AGAIN)
        _put(note, page, found)


def _put(note: Annotation, page: Page, found: dict[str, Any]) -> None:
    text = page_texts.of(page)
    place = locate(text.text, found["start"], found["end"], found["quote"], "", "")
    if place is None:
        raise Stale(GONE_AGAIN)
    revision = page_texts.revision_of(page, text)
    words = passage(text.text, *place)._asdict()
    _set(note, page=page, revision=revision, **words, state=State.CHANGED, suggestion=None)
    note.replies.update(page=page)


def set_status(report: ProblemReport, status: str) -> None:
    """Give a problem report a status. "Fixed" tells who reported it."""
    # Of two who say so at once, one tells.
    changed = _living(report).exclude(status=status)
    if changed.update(status=status, updated_at=timezone.now()) and status == Status.FIXED:
        transaction.on_commit(lambda: mail.tell_of_fix(report))


def _living(note: Annotation) -> AnnotationQuerySet:
    return Annotation.objects.filter(pk=note.pk, deleted_at=None)


def _set(note: Annotation, **fields: Any) -> None:
    """Change a note that may have been deleted meanwhile. Raises Stale."""
    if not _living(note).update(**fields, updated_at=timezone.now()):
        raise Stale(DELETED)


Act = Callable[[Annotation, User], None]
# What each act is called in an address, the right that it takes, and what does it.
ACTS: dict[str, tuple[str, Act]] = {
    "resolve": ("annotations.resolve_annotation", resolve),
    "reopen": ("annotations.resolve_annotation", reopen),
    "hide": ("annotations.moderate_annotation", hide),
    "show": ("annotations.moderate_annotation", show),
    "pin": ("annotations.moderate_annotation", pin),
    "unpin": ("annotations.moderate_annotation", unpin),
    "flag": ("annotations.flag_annotation", flag),
    "accept": ("annotations.change_annotation", accept),
}


def acts(row: Any, *, is_mine: bool, may_moderate: bool) -> list[str]:
    """Return what the reader's buttons offer. The API judges each again."""
    if row.deleted_at:
        return []
    found = []
    if is_mine:
        found += ["edit", "delete"]
    if row.root_id is None and (is_mine or may_moderate):
        found.append("reopen" if row.resolved_at else "resolve")
    is_shared = row.audience in (Audience.INSTRUCTORS, Audience.COURSE)
    if may_moderate and is_shared:
        found.append("show" if row.hidden_at else "hide")
        if row.root_id is None:
            found.append("unpin" if row.pinned else "pin")
    elif row.audience == Audience.COURSE and not is_mine:
        found.append("flag")
    if is_mine and row.state == Annotation.State.ORPHAN and row.suggestion:
        found.append("accept")
    return found
