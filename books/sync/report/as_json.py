"""Returns a plan as JSON, for programs. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from books.sync.follower import Effects
from books.sync.plan import BookPlan, Changes, Plan, Row
from books.sync.report import row_changes
from books.sync.report.text import remedy
from books.sync.report.totals import FIRST, is_nothing, loss_counts

Json = dict[str, Any]


def of(plan: Plan, effects: Mapping[str, Effects]) -> Json:
    """Return the plan as an object to be written as JSON; new rows have negative keys."""
    return {
        "nothing_to_do": is_nothing(plan, effects),
        "projects": list(plan.projects),
        "books": _table(plan.books),
        "pages": _table(plan.pages),
        "questions": _table(plan.questions),
        "feedback": _table(plan.feedback),
        "per_book": [_book(part) for part in plan.parts],
        "files": {
            project: {
                "added": list(files.added),
                "changed": list(files.changed),
                "renamed": [list(pair) for pair in files.renamed],
                "removed": list(files.removed),
            }
            for project, files in plan.releases.items()
        },
        "withdrawn": [_fields(book) for book in plan.withdrawn],
        "matches": [_fields(match) for part in plan.parts for match in part.matches],
        "near_misses": [_fields(miss) for part in plan.parts for miss in part.near_misses],
        "kept_edits": [_fields(edit) for part in plan.parts for edit in part.edits if edit.stays],
        "taken_edits": [
            _fields(edit) for part in plan.parts for edit in part.edits if not edit.stays
        ],
        "lost_edits": [name for part in plan.parts for name in part.lost_edits],
        "page_ids": [_fields(missing) for missing in plan.missing_page_ids],
        "refused": [{**_fields(refusal), "remedy": remedy(refusal)} for refusal in plan.refused],
        "user_data": {
            "counts": loss_counts(plan),
            "first": [name for effect in effects.values() for name in effect.losses][:FIRST],
            "more_than_half_of": [book.title for book in plan.gutted],
        },
        "effects": {name: list(effect.lines) for name, effect in effects.items()},
        "figures": {name: dict(effect.figures) for name, effect in effects.items()},
    }


def _table(changes: Changes[Row]) -> Json:
    return {
        "create": [_fields(row) for row in changes.create],
        "update": [
            {
                "pk": old.pk,
                "changes": {
                    name: [_plain(getattr(old, name)), _plain(getattr(new, name))]
                    for name in old._fields
                    if getattr(old, name) != getattr(new, name)
                },
            }
            for old, new in changes.update
        ],
        "delete": [_fields(row) for row in changes.delete],
    }


def _book(part: BookPlan) -> Json:
    changes = row_changes.of_book(part)
    return {
        "project": part.row.project,
        "url": part.row.url,
        "title": part.row.title,
        "fate": "new" if part.book.create else part.fate,
        "pages": changes.pages.counts(),
        "questions": changes.questions.counts(),
        "feedback": changes.feedback.counts(),
    }


def _fields(row: Any) -> Json:
    """Return the fields of a named tuple or a dataclass."""
    values = row._asdict() if hasattr(row, "_asdict") else vars(row)
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
