"""What people do with notes besides writing: resolve, hide, pin, flag, accept a suggestion.

`ACTS` is the only table of these acts: their names, labels, permissions, and who is offered each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from annotations import mail, page_texts
from annotations.anchoring import locate
from annotations.drafts import Audience
from annotations.errors import Invalid, Stale
from annotations.following.placing import passage
from annotations.models import Annotation, ProblemReport
from annotations.querysets import AnnotationQuerySet
from annotations.writing import DELETED, locked
from books.models import Page

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

State, Status = Annotation.State, Annotation.Status
GONE_AGAIN = gettext_lazy("The page has changed again. The next sync looks for the passage again.")


def resolve(note: Annotation, user: User) -> None:
    _set(note, resolved_by=user, resolved_at=timezone.now())


def reopen(note: Annotation, user: User) -> None:
    """Undo `resolve`."""
    _set(note, resolved_by=None, resolved_at=None)


def hide(note: Annotation, user: User) -> None:
    """Hide a note from classmates. It is kept, and its writer sees that it is hidden."""
    _set(note, hidden_by=user, hidden_at=timezone.now(), flagged=False)


def show(note: Annotation, user: User) -> None:
    """Undo `hide`, and clear a flag, if any."""
    _set(note, hidden_by=None, hidden_at=None, flagged=False)


def pin(note: Annotation, user: User) -> None:
    _set(note, pinned=True)


def unpin(note: Annotation, user: User) -> None:
    _set(note, pinned=False)


def flag(note: Annotation, user: User) -> None:
    """Ask the instructors to look at a note. Its writer is not informed."""
    _living(note).update(flagged=True)


def accept(note: Annotation, user: User) -> None:
    """Put an orphan on the passage that a sync has suggested.

    Raises Invalid if there is no suggestion, and Stale if the page no longer has that passage or
    the note has been deleted.
    """
    with transaction.atomic():
        note = locked(note)
        suggestion = note.suggestion
        if not note.is_orphan or not suggestion:
            raise Invalid(_("No passage is suggested for this note."))
        pages = Page.objects.published().visible_to(user).filter(book=note.book_id)
        page = pages.with_release().filter(pk=suggestion["page"]).first()
        if page is None:
            raise Stale(GONE_AGAIN)
        text = page_texts.of(page)
        start, end = suggestion["start"], suggestion["end"]
        location = locate(text.text, start, end, suggestion["quote"], "", "")
        if location is None:
            raise Stale(GONE_AGAIN)
        revision = page_texts.revision_of(page, text)
        words = passage(text.text, *location)._asdict()
        _set(note, page=page, revision=revision, **words, state=State.CHANGED, suggestion=None)
        note.replies.update(page=page)


def set_status(report: ProblemReport, status: str) -> None:
    """Give a problem report a status. The reporter gets an e-mail when it becomes "fixed"."""
    # Reports with this status are excluded, so that two people at once send only one e-mail.
    changed = _living(report).exclude(status=status)
    if changed.update(status=status, updated_at=timezone.now()) and status == Status.FIXED:
        transaction.on_commit(lambda: mail.tell_of_fix(report))


def _living(note: Annotation) -> AnnotationQuerySet:
    return Annotation.objects.filter(pk=note.pk, deleted_at=None)


def _set(note: Annotation, **fields: Any) -> None:
    """Change columns of a note. Raises Stale if it has been deleted meanwhile."""
    if not _living(note).update(**fields, updated_at=timezone.now()):
        raise Stale(DELETED)


@dataclass(frozen=True)
class Offer:
    """What decides which acts a reader is offered. The API checks the permission again.

    `row` comes from a queryset `with_rights_of` the reader.
    """

    row: Any
    is_writer: bool
    may_moderate: bool

    @property
    def may_resolve(self) -> bool:
        return self.row.root_id is None and (self.is_writer or self.may_moderate)

    @property
    def may_hide(self) -> bool:
        is_shared = self.row.audience in (Audience.INSTRUCTORS, Audience.COURSE)
        return self.may_moderate and is_shared

    @property
    def may_pin(self) -> bool:
        return self.may_hide and self.row.root_id is None

    @property
    def may_flag(self) -> bool:
        is_of_classmate = self.row.audience == Audience.COURSE and not self.is_writer
        return is_of_classmate and not self.may_moderate

    @property
    def may_accept(self) -> bool:
        return self.is_writer and self.row.state == State.ORPHAN and bool(self.row.suggestion)


@dataclass(frozen=True)
class Act:
    """Something that people do with a note. Its name is used in URLs and in the API.

    `carry_out` raises a NoteError if the act is not possible; it does not check `permission`.
    """

    name: str
    label: "StrPromise"
    permission: str
    carry_out: Callable[[Annotation, User], None]
    is_offered: Callable[[Offer], bool]


_resolving = "annotations.resolve_annotation"
_moderating = "annotations.moderate_annotation"
ACTS = {
    act.name: act
    for act in (
        Act(
            "resolve",
            gettext_lazy("Mark as resolved"),
            _resolving,
            resolve,
            lambda offer: offer.may_resolve and not offer.row.resolved_at,
        ),
        Act(
            "reopen",
            gettext_lazy("Reopen"),
            _resolving,
            reopen,
            lambda offer: offer.may_resolve and offer.row.resolved_at is not None,
        ),
        Act(
            "hide",
            gettext_lazy("Hide from the course"),
            _moderating,
            hide,
            lambda offer: offer.may_hide and not offer.row.hidden_at,
        ),
        Act(
            "show",
            gettext_lazy("Show to the course"),
            _moderating,
            show,
            lambda offer: offer.may_hide and offer.row.hidden_at is not None,
        ),
        Act(
            "pin",
            gettext_lazy("Pin"),
            _moderating,
            pin,
            lambda offer: offer.may_pin and not offer.row.pinned,
        ),
        Act(
            "unpin",
            gettext_lazy("Unpin"),
            _moderating,
            unpin,
            lambda offer: offer.may_pin and offer.row.pinned,
        ),
        Act(
            "flag",
            gettext_lazy("Tell the instructors"),
            "annotations.flag_annotation",
            flag,
            lambda offer: offer.may_flag,
        ),
        Act(
            "accept",
            gettext_lazy("Put it there"),
            "annotations.change_annotation",
            accept,
            lambda offer: offer.may_accept,
        ),
    )
}


def offered(row: Any, reader: User) -> list[str]:
    """Return the names of the acts that `reader` is offered; the writer also "edit" and "delete".

    `row` comes from a queryset `with_rights_of` the reader.
    """
    if row.deleted_at:
        return []
    offer = Offer(row, row.user_id == reader.pk, row.is_taught or reader.is_superuser)
    own = ["edit", "delete"] if offer.is_writer else []
    return own + [act.name for act in ACTS.values() if act.is_offered(offer)]
