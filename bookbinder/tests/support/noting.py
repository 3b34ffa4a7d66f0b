"""Checks that syncs, killed or not, lose no note and leave each one at its words.

The invariant, after every sync that was killed or has ended:

- Each note that was acknowledged exists, with its text, its user and what it was made on.
- Its place changes only if the edition changes.
- If a note has a place, this is on a published page whose text has its `quote` at its offsets, and
  its revision contains the same text. Otherwise it is an orphan, which keeps its quote.
- If a page is published just as it was when a note was made on it, the note is where it was made.
"""

import random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from accounts.models import User
from annotations import page_texts, writing
from annotations.drafts import Draft, Selector
from annotations.models import Annotation
from books.models import Book, Page

WORDS = 5  # in a passage, at most
PLACE = ("page", "revision", "start", "end", "quote", "prefix", "suffix", "state")
ORIGIN = ("orig_quote", "orig_prefix", "orig_suffix", "orig_start", "orig_end", "orig_revision")


class Note(NamedTuple):
    """A note in the database: what never changes, and where an edition has put it."""

    fixed: tuple[Any, ...]
    place: tuple[Any, ...]


def held() -> dict[UUID, Note]:
    """Return the notes in the database, by UUID."""
    fixed = ("user", "book", "body", "root__uuid", *ORIGIN)
    rows = Annotation.objects.values_list("uuid", *fixed, *PLACE)
    return {
        uuid: Note(tuple(rest[: len(fixed)]), tuple(rest[len(fixed) :])) for uuid, *rest in rows
    }


def write(chance: random.Random, user: User, page: Page) -> UUID:
    """Write a note on random words of a page, and return its UUID.

    Raises Stale if a new edition has gone live since the page was read.
    """
    text = page_texts.of(page).text
    start, end = some_words(chance, text)
    selector = Selector(text[start:end], start, end)
    uuid = uuid4()
    writing.create(user, page, Draft("commenting", f"Note {uuid}", selector=selector, uuid=uuid))
    return uuid


def reply(user: User, root: UUID) -> UUID:
    """Write a reply to a note, and return its UUID."""
    uuid = uuid4()
    note = Annotation.objects.get(uuid=root)
    writing.reply(user, note, Draft("replying", f"Reply {uuid}", uuid=uuid))
    return uuid


def some_words(chance: random.Random, text: str) -> tuple[int, int]:
    """Return the start and the end of a random passage of at most `WORDS` words."""
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == " ")]
    first = chance.randrange(len(starts))
    ends = [*(at - 1 for at in starts[1:]), len(text)]
    return starts[first], ends[min(first + chance.randrange(WORDS), len(ends) - 1)]


def check(
    acknowledged: dict[UUID, str], before: dict[UUID, Note], after: dict[UUID, Note], *, moves: bool
) -> None:
    """Check the invariant after a sync; `moves` is whether the edition has changed."""
    for uuid, body in acknowledged.items():
        assert uuid in after, f"a note is lost: {body}"
        assert after[uuid].fixed[2] == body
    for uuid, note in before.items():
        assert after[uuid].fixed == note.fixed
        assert moves or after[uuid] == note, "a note has moved, the edition has not changed"
    check_places()


def check_places() -> None:
    """Check the place of every note, and that replies are on the pages of their notes."""
    rows = Annotation.objects.select_related("revision", "orig_revision", "root")
    published = {
        page.pk: page_texts.of(page).text for page in Page.objects.select_related("book__release")
    }
    homes = {page_texts.hash_of(text): pk for pk, text in published.items()}
    assert not Book.objects.filter(release=None).exists()
    for note in rows:
        if note.root:
            assert note.page_id == note.root.page_id, "a reply is on another page than its note"
        else:
            check_place(note, published)
            check_home(note, homes)


def check_place(note: Annotation, published: dict[int, str]) -> None:
    """Check a note's place; `published` maps the keys of published pages to their texts."""
    assert note.revision and note.orig_revision
    first = page_texts.unpack(note.orig_revision.text)
    assert first[note.orig_start : note.orig_end] == note.orig_quote
    if note.state == "orphan":
        assert (note.start, note.end) == (None, None)
        assert note.quote in page_texts.unpack(note.revision.text)
        return
    assert note.page_id in published, f"on no page that is published: {note.quote}"
    text = published[note.page_id]
    assert text[note.start : note.end] == note.quote, f"not on its words: {note.quote}"
    assert page_texts.unpack(note.revision.text) == text, "its revision is another text"
    assert (note.state == "changed") or note.quote.split() == note.orig_quote.split()


def check_home(note: Annotation, homes: dict[str, int]) -> None:
    """Check that a note is where it was made, if a page with the same text is published.

    `homes` maps the hashes of the texts of published pages to the keys of the pages.
    """
    assert note.orig_revision
    home = homes.get(note.orig_revision.text_sha256)
    if home is not None:
        now = (note.page_id, note.start, note.end)
        told = f"not back home: {note.orig_quote!r} is {note.state} on {note.quote!r} ({now}, note {note.pk} of {note.user})"
        assert now == (home, note.orig_start, note.orig_end), told
