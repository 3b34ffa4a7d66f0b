"""Makes notes on words of a published page, as a reader does."""

from typing import Any

from accounts.models import User
from annotations import page_texts
from annotations.models import Annotation
from annotations.rendering import body_fields
from books.models import Page


def note_on(user: User, page: Page, words: str, **over: Any) -> Annotation:
    """Create a note of `user` on `words`, which must be in the published text of the page."""
    text = page_texts.of(page)
    start = text.text.index(words)
    end = start + len(words)
    passage = {"quote": words, "start": start, "end": end}
    passage |= {
        "prefix": text.text[max(start - 32, 0) : start],
        "suffix": text.text[end : end + 32],
    }
    revision = page_texts.revision_of(page, text)
    fields = {"motivation": "commenting", "audience": "private"} | over
    fields |= body_fields(fields.get("body", "Hm."))
    return Annotation.objects.create(
        **passage,
        **{f"orig_{name}": value for name, value in passage.items()},
        **fields,
        user=user,
        book=page.book,
        page=page,
        revision=revision,
        orig_revision=revision,
    )
