"""What people do with notes beside writing them: resolve, moderate, flag, put back into place."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from annotations import letters, texts, writing
from annotations.anchoring import locate
from annotations.drafts import Invalid, Stale
from annotations.models import Annotation, ProblemReport
from books.models import Page

State = Annotation.State
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
    """Tell the instructors that a note should be looked at."""
    _set(note, flagged=True)


def accept(note: Annotation, user: User) -> None:
    """Put an orphan where the sync thought it might belong. Raises Invalid or Stale."""
    found = note.suggestion
    if not note.is_orphan or not found:
        raise Invalid(_("This note has no place suggested."))
    pages = Page.objects.published().visible_to(user).filter(book=note.book_id)
    page = pages.select_related("book__release").filter(pk=found["page"]).first()
    if page is None:
        raise Stale(GONE_AGAIN)
    text = texts.of(page)
    place = locate(text.text, found["start"], found["end"], found["quote"], "", "")
    if place is None:
        raise Stale(GONE_AGAIN)
    start, end = place
    with transaction.atomic():
        writing.hold(note.book_id, text.release_id)
        _set(
            note,
            page=page,
            revision=texts.revision_of(page, text),
            start=start,
            end=end,
            quote=text.text[start:end],
            prefix=text.text[max(start - writing.CONTEXT, 0) : start],
            suffix=text.text[end : end + writing.CONTEXT],
            state=State.CHANGED,
            suggestion=None,
        )
        note.replies.update(page=page)


def judge(report: ProblemReport, status: str) -> None:
    """Give a problem report a status. "Fixed" tells who reported it."""
    if report.status == status:
        return
    _set(report, status=status)
    if status == Annotation.Status.FIXED:
        letters.tell_of_fix(report)


def _set(note: Annotation, **fields: object) -> None:
    for name, value in fields.items():
        setattr(note, name, value)
    note.save(update_fields=[*fields, "updated_at"])


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
