"""Writes new keys of choices into the answers and attempts that contain the old ones."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

from books.sequences import in_chunks
from books.sync.bulk_write import json_table
from grading import graders
from grading.models import Answer, Attempt
from grading.regrade.regrade import CHUNK, Material

MODELS: tuple[type[Model], ...] = (Answer, Attempt)  # which contain strings of answers


class KeyChange(NamedTuple):
    """A string that is stored for answers to a question, and the same string with new keys."""

    question: int
    old: str
    new: str


def find_changes(materials: Mapping[int, Material]) -> set[KeyChange]:
    """Return the stored strings that contain changed keys.

    Must be called in the transaction that writes them: answers that were given since the plan was
    made contain the old keys, too.
    """
    changes = set()
    for model in MODELS if materials else ():
        for pks in in_chunks(list(materials), CHUNK):
            rows: Any = model._default_manager.filter(question__in=pks).order_by()
            for pk, old in rows.values_list("question", "string").distinct():
                new = graders.with_keys(old, materials[pk].question, materials[pk].keys)
                if new != old:
                    changes.add(KeyChange(pk, old, new))
    return changes


def write(changes: set[KeyChange]) -> None:
    """Write all changes, with one statement per table, since two choices may swap their keys."""
    if not changes:
        return
    table = json_table({"question": "bigint", "old": "text", "new": "text"})
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement.format(rows=table), [json.dumps(sorted(changes))])


_STATEMENTS = (
    "UPDATE grading_answer SET string = v.new FROM {rows}"
    " WHERE grading_answer.question_id = v.question AND grading_answer.string = v.old",
    "UPDATE grading_attempt SET string = v.new FROM {rows}"
    " WHERE grading_attempt.question_id = v.question AND grading_attempt.string = v.old",
)
