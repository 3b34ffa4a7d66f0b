"""What this app keeps of a person; see `accounts.personal_data.table`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.personal_data.table import Erasure, PersonalData, register, register_file
from annotations import my_notes
from annotations.models import Annotation
from annotations.rendering import body_fields
from books.models import Book
from books.sequences import in_chunks

AT_ONCE = 1_000  # notes in a statement


@dataclass(frozen=True)
class _Threads:
    """The keys of the person's notes and of the deleted notes beside them, after an erasure.

    Those of `emptied` have living replies of others below them, those of `gone` have none.
    """

    emptied: tuple[int, ...]
    gone: tuple[int, ...]


def _threads_of(user: User) -> _Threads:
    mine = Annotation.objects.filter(user=user)
    threads = mine.annotate(thread=Coalesce("root", "pk")).values("thread")
    notes = Annotation.objects.filter(Q(pk__in=threads) | Q(root__in=threads))
    rows = notes.order_by("-pk").values_list("pk", "parent", "user", "deleted_at")
    has_living_reply: set[int | None] = set()
    emptied, gone = [], []
    # A reply has a larger key than what it replies to, so it comes before it here.
    for pk, parent, writer, deleted_at in rows:
        is_others = writer != user.pk and deleted_at is None
        if is_others or pk in has_living_reply:
            has_living_reply.add(parent)
        if writer == user.pk and pk in has_living_reply:
            emptied.append(pk)
        elif not is_others and pk not in has_living_reply:
            gone.append(pk)
    return _Threads(tuple(emptied), tuple(gone))


def _lock(user: User) -> None:
    """Lock the books of the person's notes, as everything does that writes notes."""
    books = Book.objects.filter(pk__in=Annotation.objects.filter(user=user).values("book"))
    list(books.select_for_update(no_key=True).order_by("pk"))


def _erase(user: User) -> None:
    """Delete the person's notes. Those that others have replied to are only emptied."""
    threads = _threads_of(user)
    for pks in in_chunks(threads.gone, AT_ONCE):
        Annotation.objects.filter(pk__in=pks).delete()
    now = timezone.now()
    for pks in in_chunks(threads.emptied, AT_ONCE):
        rows = Annotation.objects.filter(pk__in=pks)
        rows.update(**body_fields(""), tags=[], deleted_at=now, updated_at=now)


def _reason_to_stay(user: User) -> Any:
    return _("others have replied to notes of yours") if _threads_of(user).emptied else ""


def _notes_md(user: User) -> bytes:
    rows: Iterable[Any] = my_notes.find(user, my_notes.Wanted())
    return my_notes.as_markdown(rows, user, settings.BOOKBINDER_SITE_URL)


ENTRIES = (
    PersonalData(
        Annotation,
        title=_("Notes, highlights and replies"),
        person="user",
        fields=(
            "uuid",
            "book__title",
            "page__url",
            "course__name",
            "audience",
            "motivation",
            "body",
            "tags",
            "quote",
            "prefix",
            "suffix",
            "start",
            "end",
            "fragment",
            "orig_quote",
            "orig_start",
            "orig_end",
            "state",
            "problem",
            "status",
            "pinned",
            "anonymous",
            "hidden_at",
            "resolved_at",
            "deleted_at",
            "created_at",
            "updated_at",
            "parent__uuid",
        ),
        erasure=Erasure.EMPTIED,
        erase=_erase,
        lock=_lock,
        reason_to_stay=_reason_to_stay,
        named_in=("hidden_by", "resolved_by"),
    ),
)


def fill() -> None:
    """Add this app's entries to the table."""
    register(*ENTRIES)
    register_file("notes.md", _notes_md)
