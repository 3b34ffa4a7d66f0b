"""How a note is shown to people: its passage, what has changed in it, its writer and its acts."""

import re
from typing import Any

from annotations import audiences, moderation
from annotations.anchoring.text import FORMULA
from annotations.models import Annotation
from annotations.rendering import html_of

_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")


def changes(old: str, new: str) -> list[tuple[str, str]]:
    """Return the differences between two texts, as pairs of a sign and a piece of text, in order.

    The sign is "=" for text in both, "-" for removed text and "+" for added text. The pieces in
    both are a longest common subsequence of words, which takes milliseconds for any two passages.
    """
    # Imported here, since most commands and requests compare no passages.
    from rapidfuzz.distance import Indel

    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    pieces: list[tuple[str, str]] = []
    removed = added = ""
    for step in Indel.opcodes(before, after):
        gone = "".join(before[step.src_start : step.src_end])
        come = "".join(after[step.dest_start : step.dest_end])
        is_between = bool(removed or added) and step.src_end < len(before)
        if step.tag == "equal" and not (gone.isspace() and is_between):
            pieces += [("-", removed), ("+", added), ("=", gone)]
            removed = added = ""
        else:  # words, or the white space between two changed words
            removed, added = removed + gone, added + come
    pieces += [("-", removed), ("+", added)]
    return [(sign, text) for sign, text in pieces if text]


def readable(text: str) -> str:
    """Return a passage for people to read, with "[…]" in place of each formula."""
    return text.replace(FORMULA, "[…]")


def prepare(row: Any) -> Any:
    """Add `html`, `passage` and, for a changed passage, `changes` to a note; return the note."""
    row.html = html_of(row)
    row.passage = readable(row.quote)
    if row.state == Annotation.State.CHANGED:
        row.changes = changes(row.orig_quote, row.quote)
    return row


def prepare_for(row: Any, user: Any) -> Any:
    """Prepare a note, and add the writer's name and the acts that `user` may see.

    `row` comes from a queryset `with_rights_of` the user.
    """
    row.name = audiences.name_of(row, user)
    offered = moderation.offered(row, user)
    row.may_edit, row.may_delete = "edit" in offered, "delete" in offered
    row.acts = [moderation.ACTS[name] for name in offered if name in moderation.ACTS]
    return prepare(row)
