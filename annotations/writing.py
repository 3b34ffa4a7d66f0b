"""Creating, changing and deleting notes and replies, each in one transaction."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from annotations import audiences, mail, page_texts
from annotations.anchoring import locate
from annotations.audiences import check_anonymous, check_widening, course_of
from annotations.drafts import Audience, Draft, Motivation, Selector, check, tidied
from annotations.errors import Invalid, Refused, Stale
from annotations.following.placing import passage
from annotations.limits import check_count
from annotations.models import Annotation
from annotations.rendering import body_fields
from books.models import Book, Page
from grading.models import Course

GONE = gettext_lazy("The page has changed. Reload it, then select the passage again.")
DELETED = gettext_lazy("This note has been deleted.")


def create(user: User, page: Page, draft: Draft) -> tuple[Annotation, bool]:
    """Save a note on a page that `user` may read. A draft that is sent twice is saved once.

    Return the note and whether it was created now. Raises Invalid or TooLong if the draft is not
    valid, Refused if the user may not write it, and Stale if the page has changed since they saw
    it or a different draft had the same UUID.
    """
    before = _sent_before(user, draft, None)
    if before:
        return before, False
    check(draft)
    course = course_of(user, page.book_id, draft)
    text = page_texts.of(page)
    if draft.fragment and draft.fragment not in page_texts.ids_of(page):
        raise Stale(GONE)
    location = _location_of(text.text, draft.selector)
    with transaction.atomic():
        if lock_book(page.book_id).release_id != text.release_id:
            raise Stale(_("A new edition has gone live. Reload the page, then select again."))
        before = _sent_before(user, draft, None)  # by another request meanwhile
        if before:
            return before, False
        check_count(user, page.book_id, page.pk)
        revision = page_texts.revision_of(page, text)
        note = Annotation(
            **_identity(draft),
            **_content(draft, course),
            **location,
            **{f"orig_{name}": value for name, value in location.items()},
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
    """Save a reply to a note that `user` may read, with the audience and course of its root.

    Return the reply and whether it was created now. Raises Invalid or TooLong if the draft is not
    valid, Refused if the user may not reply or the note has been deleted, and Stale if a different
    draft had the same UUID.
    """
    with transaction.atomic():
        # So that nobody changes the audience of the root before the reply is saved.
        lock_book(parent.book_id)
        before = _sent_before(user, draft, parent.pk)
        if before:
            return before, False
        parent, root = _answered(user, parent)
        check(replace(draft, motivation=Motivation.REPLYING, audience=root.audience))
        check_anonymous(draft.anonymous, root)
        check_count(user, root.book_id, root.page_id)
        made = Annotation.objects.create(
            **_identity(draft),
            book_id=root.book_id,
            page_id=root.page_id,
            user=user,
            course_id=root.course_id,
            audience=root.audience,
            motivation=Motivation.REPLYING,
            **body_fields(draft.body),
            tags=tidied(draft.tags),
            anonymous=draft.anonymous,
            parent=parent,
            root=root,
        )
        transaction.on_commit(lambda: mail.tell_of_reply(made))
    return made, True


def edit(note: Annotation, draft: Draft, seen: str) -> Annotation:
    """Change a note's text, tags or audience, and return the note.

    `seen` is the `version` that the writer saw. Raises Stale if the note has been changed or
    deleted since, Invalid or TooLong if the draft is not valid, and Refused if the writer may not
    write this.
    """
    with transaction.atomic():
        note = locked(note)
        if version(note) != seen or note.deleted_at:
            raise Stale(_("This note has been changed elsewhere. Both texts are kept: choose one."))
        _check_change(note, draft)
        course = None if note.is_reply else course_of(note.user, note.book_id, draft)
        if note.is_reply:
            fields: dict[str, Any] = {**body_fields(draft.body), "tags": tidied(draft.tags)}
        else:
            check_widening(note, draft, course)
            fields = _content(draft, course)
            if note.audience == Audience.AUTHORS == draft.audience:
                del fields["status"]  # only authors change it
            if note.course_id != (course and course.pk):
                fields["pinned"] = False  # it was pinned in the course that it leaves
        for name, value in fields.items():
            setattr(note, name, value)
        note.save(update_fields=[*fields, "updated_at"])
        if not note.is_reply:
            # Replies have the audience and the course of their root.
            note.replies.update(audience=note.audience, course=course)
    return note


def _check_change(note: Annotation, draft: Draft) -> None:
    if note.is_reply:
        kept = replace(draft, audience=note.audience, anonymous=note.anonymous)
        check(replace(kept, motivation=Motivation.REPLYING))
        return
    check(draft)
    if draft.motivation == Motivation.REPLYING:
        raise Invalid(_("This note is not a reply."))
    if draft.kind == Motivation.HIGHLIGHTING and not note.has_passage:
        raise Invalid(_("Write something first."))


@transaction.atomic
def delete(note: Annotation, seen: str | None = None) -> None:
    """Delete a note. If it has replies, it is only emptied and marked as deleted.

    Raises Stale if `seen` is given and is not its `version` any more, or if it no longer exists.
    """
    note = locked(note)
    if seen not in (None, version(note)):
        raise Stale(DELETED)
    if note.children.exists():
        emptied = body_fields("") | {"tags": [], "deleted_at": timezone.now()}
        for name, value in emptied.items():
            setattr(note, name, value)
        note.save(update_fields=[*emptied, "updated_at"])
    else:
        _remove(note)


def _remove(note: Annotation) -> None:
    """Delete a note, and the deleted notes above it that were kept only because of it."""
    parent = note.parent
    note.delete()
    if parent and parent.deleted_at and not parent.children.exists():
        _remove(parent)


def version(note: Annotation) -> str:
    """Return a string that is different after every change that a person makes to a note."""
    return f"{note.updated_at.timestamp():.6f}"


def lock_book(book_id: int) -> Book:
    """Lock a book until the end of the transaction, and return it.

    A sync, and everything that writes notes on a book, locks the book before anything else: so they
    wait for one another, and never deadlock.
    """
    return Book.objects.select_for_update(no_key=True, of=("self",)).get(pk=book_id)


def locked(note: Annotation) -> Annotation:
    """Lock the book of a note, and return the note as it is now. Raises Stale if it is gone."""
    lock_book(note.book_id)
    found = Annotation.objects.filter(pk=note.pk).first()
    if found is None:
        raise Stale(DELETED)
    return found


def _answered(user: User, parent: Annotation) -> tuple[Annotation, Annotation]:
    """Return the note that is replied to and its root, as they are now.

    Raises Refused if either has been deleted, or if the user may not reply to it.
    """
    notes = Annotation.objects.visible_to(user).filter(pk=parent.pk, deleted_at=None)
    found = notes.select_related("root").first()
    root = found and (found.root or found)
    if found is None or root is None or root.deleted_at:
        raise Refused(DELETED)
    if not audiences.may_write_in(user, root.course_id):
        raise Refused(_("You are not enrolled in this course."))
    return found, root


def _sent_before(user: User, draft: Draft, parent: int | None) -> Annotation | None:
    """Return the note that has already been created from this draft, or None.

    `parent` is the key of the note that is replied to. Raises Refused if the UUID is that of
    another person's note, and Stale if the person sent a different draft with it.
    """
    found = Annotation.objects.filter(uuid=draft.uuid).first() if draft.uuid else None
    if found is None:
        return None
    if found.user_id != user.pk:
        raise Refused(_("Another note has this UUID. Send the note with a different one."))
    sent = (parent, draft.fragment, draft.selector.exact if draft.selector else "", draft.body)
    if sent != (found.parent_id, found.fragment, found.orig_quote, found.body):
        raise Stale(_("This note was sent before with another text. Reload the page to see it."))
    return found


def _identity(draft: Draft) -> dict[str, Any]:
    return {"uuid": draft.uuid} if draft.uuid else {}


def _content(draft: Draft, course: Course | None) -> dict[str, Any]:
    return {
        "motivation": draft.kind,
        **body_fields(draft.body),
        "tags": tidied(draft.tags),
        "audience": draft.audience,
        "course": course,
        "anonymous": draft.anonymous,
        "problem": draft.problem if draft.is_report else "",
        "status": "new" if draft.is_report else "",
    }


def _location_of(text: str, selector: Selector | None) -> dict[str, Any]:
    """Return the fields of a note for the passage as it is in the page's text.

    The words and offsets that were sent are not trusted. Raises Stale if the text lacks them.
    """
    if selector is None:
        return {"start": None, "end": None, "quote": "", "prefix": "", "suffix": ""}
    found = locate(
        text, selector.start, selector.end, selector.exact, selector.prefix, selector.suffix
    )
    if found is None:
        raise Stale(GONE)
    return passage(text, *found)._asdict()
