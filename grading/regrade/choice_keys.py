"""Choices under new keys: the answers that took them follow, as they are and as they were."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Model

from grading import graders
from grading.models import Answer, Attempt, Regrade
from grading.regrade.regrade import CHUNK, Material, in_chunks

# Where answers are written, and the way to their question.
WRITTEN: tuple[tuple[type[Model], str], ...] = (
    (Answer, "question"),
    (Attempt, "question"),
    (Regrade, "answer__question"),
)


class Rekeyed(NamedTuple):
    """What is kept of an answer to a question, and how it is written under the new keys."""

    question: int
    old: str
    new: str


def look(materials: Mapping[int, Material]) -> set[Rekeyed]:
    """Return which kept answers are written otherwise under changed keys.

    Read within the transaction that writes them: one given since the plan was made has its old
    keys too.
    """
    found = set()
    for model, path in WRITTEN if materials else ():
        for pks in in_chunks(list(materials), CHUNK):
            rows: Any = model._default_manager.filter(**{f"{path}__in": pks}).order_by()
            for pk, old in rows.values_list(path, "string").distinct():
                new = graders.with_keys(old, materials[pk].question, materials[pk].keys)
                if new != old:
                    found.add(Rekeyed(pk, old, new))
    return found


def write(rekeyed: set[Rekeyed]) -> None:
    """Write them all, a statement a table: two choices may exchange their keys."""
    if not rekeyed:
        return
    rows = json.dumps(sorted(rekeyed))
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement.format(rows=_ROWS[connection.vendor]), [rows])


_ROWS = {
    "sqlite": "(SELECT json_extract(value, '$[0]') AS question, json_extract(value, '$[1]') AS old,"
    " json_extract(value, '$[2]') AS new FROM json_each(%s)) AS v",
    "postgresql": "(SELECT (value ->> 0)::bigint AS question, value ->> 1 AS old,"
    " value ->> 2 AS new FROM json_array_elements(%s::json)) AS v",
}
_STATEMENTS = (
    "UPDATE grading_regrade SET string = v.new FROM {rows}, grading_answer AS a"
    " WHERE a.id = grading_regrade.answer_id AND a.question_id = v.question"
    " AND grading_regrade.string = v.old",
    "UPDATE grading_answer SET string = v.new FROM {rows}"
    " WHERE grading_answer.question_id = v.question AND grading_answer.string = v.old",
    "UPDATE grading_attempt SET string = v.new FROM {rows}"
    " WHERE grading_attempt.question_id = v.question AND grading_attempt.string = v.old",
)
