"""What templates show of a note, beside its columns."""

from typing import Any

from annotations import jsonld, markdown, presenting
from annotations.models import Annotation


def prepare(row: Any) -> Any:
    """Give a row its safe HTML, and its words as people read them."""
    row.html = markdown.render(row.body)
    row.passage = presenting.readable(row.quote)
    if row.state == Annotation.State.CHANGED:
        row.changes = presenting.changes(row.orig_quote, row.quote)
    return row


def prepare_for(row: Any, user: Any) -> Any:
    """And the writer's name, and what may be done with it, as `user` may see them."""
    row.name = jsonld.name_of(row, user)
    is_mine, may_moderate = row.user_id == user.pk, row.is_taught or user.is_superuser
    row.acts = jsonld.acts(row, is_mine=is_mine, may_moderate=may_moderate)
    return prepare(row)
