"""Notes as a reader makes them, on the words of a published page."""

from typing import Any

from accounts.models import User
from annotations import page_texts
from annotations.models import Annotation
from books.models import Page


def note_on(user: User, page: Page, words: str, **over: Any) -> Annotation:
    """Return a note of `user` on words of the page as it is published."""
    text = page_texts.of(page)
    start = text.text.index(words)
    end = start + len(words)
    place = {"quote": words, "start": start, "end": end}
    place |= {"prefix": text.text[max(start - 32, 0) : start], "suffix": text.text[end : end + 32]}
    revision = page_texts.revision_of(page, text)
    fields = {"motivation": "commenting", "audience": "private", "body": "Hm."} | over
    return Annotation.objects.create(
        **place,
        **{f"orig_{name}": value for name, value in place.items()},
        **fields,
        user=user,
        book=page.book,
        page=page,
        revision=revision,
        orig_revision=revision,
    )
