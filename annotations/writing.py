"""Making, changing and deleting notes and replies: each in one transaction."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from annotations import access, letters, texts
from annotations.anchoring import locate
from annotations.drafts import (
    Audience,
    Draft,
    Invalid,
    Motivation,
    Refused,
    Selector,
    Stale,
    check,
    tidied,
)
from annotations.models import Annotation
from books.models import Book, Page
from grading.models import Course

NOTES = 5_000  # a person and book
CONTEXT = 32  # code points
GONE = gettext_lazy("The page has changed. Reload it, then select the passage again.")
WIDTHS = {Audience.PRIVATE: 0, Audience.INSTRUCTORS: 1, Audience.AUTHORS: 1, Audience.COURSE: 2}


def create(user: User, page: Page, draft: Draft) -> tuple[Annotation, bool]:
    """Keep a note on a page that `user` may read. The same uuid sent again is kept once.

    Returns the note and whether it was made now. Raises Invalid, TooLong, Refused or Stale.
    """
    before = _sent_before(user, draft)
    if before:
        return before, False
    check(draft)
    course = _course(user, page.book_id, draft)
    text = texts.of(page)
    if draft.fragment and draft.fragment not in texts.ids_of(page):
        raise Stale(GONE)
    place = _placed(text.text, draft.selector)
    with transaction.atomic():
        hold(page.book_id, text.release_id)
        _judge_count(user, page.book_id)
        revision = texts.revision_of(page, text)
        note = Annotation(
            **_identity(draft),
            **_content(draft, course),
            **place,
            **{f"orig_{name}": value for name, value in place.items()},
            book=page.book,
            page=page,
            user=user,
            fragment=draft.fragment,
            revision=revision,
            orig_revision=revision,
        )
        note.save(force_insert=True)
    return note, True


def reply(user: User, parent: Annotation, draft: Draft) -> tuple[Annotation, bool]:
    """Keep a reply to a note that `user` may read: it has that note's audience and course.

    Returns the reply and whether it was made now. Raises Invalid, TooLong or Refused.
    """
    before = _sent_before(user, draft)
    if before:
        return before, False
    check(draft)
    root = parent.root or parent
    if root.deleted_at:
        raise Refused(_("This note has been deleted."))
    _judge_anonymous(draft.anonymous, root)
    with transaction.atomic():
        hold(root.book_id)
        # An audience that changes meanwhile waits for this, or this for it.
        root = Annotation.objects.select_for_update().get(pk=root.pk)
        _judge_count(user, root.book_id)
        made = Annotation.objects.create(
            **_identity(draft),
            book_id=root.book_id,
            page_id=root.page_id,
            user=user,
            course_id=root.course_id,
            audience=root.audience,
            motivation=Motivation.REPLYING,
            body=draft.body,
            tags=tidied(draft.tags),
            anonymous=draft.anonymous,
            parent=parent,
            root=root,
        )
        transaction.on_commit(lambda: letters.tell_of_reply(made))
    return made, True


def edit(note: Annotation, draft: Draft, seen: str) -> Annotation:
    """Change a note's text, tags or audience, if it still is what its writer saw.

    `seen` is the note's `version` then. Raises Stale, Invalid, TooLong or Refused.
    """
    check(draft)
    course = None if note.is_reply else _course(note.user, note.book_id, draft)
    with transaction.atomic():
        note = Annotation.objects.select_for_update(of=("self",)).get(pk=note.pk)
        if version(note) != seen or note.deleted_at:
            raise Stale(_("This note has been changed elsewhere. Both texts are kept: choose one."))
        if note.is_reply:
            fields = {"body": draft.body, "tags": tidied(draft.tags)}
        else:
            _judge_widening(note, draft, course)
            fields = _content(draft, course)
            if note.audience == Audience.AUTHORS == draft.audience:
                del fields["status"]  # it is the authors' to change
        for name, value in fields.items():
            setattr(note, name, value)
        note.save(update_fields=[*fields, "updated_at"])
        if not note.is_reply:
            # A reply is never wider than its root.
            note.replies.update(audience=note.audience, course=course)
    return note


@transaction.atomic
def delete(note: Annotation) -> None:
    """Delete a note. One with replies of others stays, empty, so that they have a place."""
    hold(note.book_id)
    note = Annotation.objects.select_for_update(of=("self",)).get(pk=note.pk)
    below = note.children if note.is_reply else note.replies
    if not below.exists():
        root = note.root
        note.delete()
        if root and root.deleted_at and not root.replies.exists():
            root.delete()
        return
    note.body, note.tags, note.deleted_at = "", [], timezone.now()
    note.save(update_fields=["body", "tags", "deleted_at", "updated_at"])


def version(note: Annotation) -> str:
    """Return what changes with every change that a person makes to a note."""
    return f"{note.updated_at.timestamp():.6f}"


def _sent_before(user: User, draft: Draft) -> Annotation | None:
    found = Annotation.objects.filter(uuid=draft.uuid).first() if draft.uuid else None
    if found and found.user_id != user.pk:
        raise Refused(_("This name of a note is taken. Send it under another."))
    return found


def _identity(draft: Draft) -> dict[str, Any]:
    return {"uuid": draft.uuid} if draft.uuid else {}


def _content(draft: Draft, course: Course | None) -> dict[str, Any]:
    return {
        "motivation": draft.kind,
        "body": draft.body,
        "tags": tidied(draft.tags),
        "audience": draft.audience,
        "course": course,
        "anonymous": draft.anonymous,
        "problem": draft.problem if draft.is_report else "",
        "status": "new" if draft.is_report else "",
    }


def _course(user: User, book_id: int, draft: Draft) -> Course | None:
    """Return the course that a shared note belongs to. Raises Refused or Invalid."""
    if draft.audience in (Audience.PRIVATE, Audience.AUTHORS):
        return None
    if draft.course_id is None:
        raise Invalid(_("Name the course that the note is shared in."))
    courses = access.of_shared_courses(user).filter(book=book_id, pk=draft.course_id)
    course = courses.first()
    if course is None:
        raise Refused(_("You have no place in this course."))
    if draft.audience == Audience.COURSE:
        _judge_course_wide(user, course, draft)
    return course


def _judge_course_wide(user: User, course: Course, draft: Draft) -> None:
    is_teacher = course.instructors.filter(user=user).exists()
    if course.course_notes == Course.Notes.OFF and not is_teacher:
        raise Refused(_("This course has no notes to the whole course. Choose another audience."))
    if draft.anonymous and course.course_notes != Course.Notes.ANONYMOUS:
        raise Refused(_("Notes to this course carry your name."))


def _judge_anonymous(anonymous: bool, root: Annotation) -> None:
    course = root.course if root.audience == Audience.COURSE else None
    if anonymous and (course is None or course.course_notes != Course.Notes.ANONYMOUS):
        raise Refused(_("Replies to this note carry your name."))


def _placed(text: str, selector: Selector | None) -> dict[str, Any]:
    """Return where a passage stands in a page's text: nothing of it is taken on trust."""
    if selector is None:
        return {"start": None, "end": None, "quote": "", "prefix": "", "suffix": ""}
    found = locate(
        text, selector.start, selector.end, selector.exact, selector.prefix, selector.suffix
    )
    if found is None:
        raise Stale(GONE)
    start, end = found
    return {
        "start": start,
        "end": end,
        "quote": text[start:end],
        "prefix": text[max(start - CONTEXT, 0) : start],
        "suffix": text[end : end + CONTEXT],
    }


def hold(book_id: int, release_id: int | None = None) -> None:
    """Let a sync wait for what is done with a note, or this for the sync.

    Before all else: a sync takes the book first, then its pages and the notes on them. Raises Stale
    where another release than the named one is live.
    """
    now = Book.objects.select_for_update(no_key=True, of=("self",)).get(pk=book_id)
    if release_id not in (None, now.release_id):
        raise Stale(_("A new edition has gone live. Reload the page, then select again."))


def _judge_count(user: User, book_id: int) -> None:
    if Annotation.objects.written_by(user).filter(book=book_id).count() >= NOTES:
        raise Refused(
            _("You have %(n)d notes in this book, as many as one can keep. Delete some first.")
            % {"n": NOTES}
        )


def _judge_widening(note: Annotation, draft: Draft, course: Course | None) -> None:
    """Raise Refused where others' replies would come before people they were not written for."""
    is_wider = WIDTHS[Audience(draft.audience)] > WIDTHS[Audience(note.audience)]
    is_elsewhere = draft.audience not in (note.audience, Audience.PRIVATE) and not (
        note.audience == Audience.COURSE and draft.audience == Audience.INSTRUCTORS
    )
    moves = course is not None and note.course_id not in (None, course.pk)
    others = note.replies.exclude(user=note.user_id).filter(deleted_at=None)
    if (is_wider or is_elsewhere or moves) and others.exists():
        raise Refused(
            _("Others have replied to these readers alone. Write a new note for wider ones.")
        )
