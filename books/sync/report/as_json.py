"""A plan for programs, as JSON. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from books.releases.contents import FileChanges
from books.sync.follower import Effects
from books.sync.plan import BookPlan, Changes, Plan
from books.sync.report.row_changes import of_book
from books.sync.report.text import FIRST, is_nothing, loss_counts, remedy


def of(plan: Plan, effects: Mapping[str, Effects]) -> dict[str, Any]:
    """Return the plan for programs; rows that are new have negative keys."""
    return {
        "nothing_to_do": is_nothing(plan, effects),
        "projects": list(plan.projects),
        **{
            name: {
                "create": [_row(row) for row in changes.create],
                "update": [
                    {"pk": old.pk, "changes": _difference(old, new)} for old, new in changes.update
                ],
                "delete": [_row(row) for row in changes.delete],
            }
            for name, changes in _all_tables(plan)
        },
        "per_book": [_part(part) for part in plan.parts],
        "files": {project: _files(files) for project, files in plan.releases.items()},
        "withdrawn": [_row(row) for row in plan.withdrawn],
        "matches": [_row(match) for part in plan.parts for match in part.matches],
        "near_misses": [_row(miss) for part in plan.parts for miss in part.near_misses],
        "kept_edits": [_row(edit) for part in plan.parts for edit in part.edits if edit.stays],
        "taken_edits": [_row(edit) for part in plan.parts for edit in part.edits if not edit.stays],
        "lost_edits": [name for part in plan.parts for name in part.lost_edits],
        "page_ids": [_row(missing) for missing in plan.missing_page_ids],
        "refused": [{**_row(one), "remedy": remedy(one)} for one in plan.refused],
        "user_data": {
            "counts": loss_counts(plan),
            "first": [name for effect in effects.values() for name in effect.losses][:FIRST],
            "more_than_half_of": [book.title for book in plan.gutted],
        },
        "effects": {name: list(effect.lines) for name, effect in effects.items()},
        "figures": {name: dict(effect.figures) for name, effect in effects.items()},
    }


def _files(files: FileChanges) -> dict[str, Any]:
    return {
        "added": list(files.added),
        "changed": list(files.changed),
        "renamed": [list(pair) for pair in files.renamed],
        "removed": list(files.removed),
    }


def _all_tables(plan: Plan) -> Iterable[tuple[str, Changes[Any]]]:
    yield "books", plan.books
    yield "pages", plan.pages
    yield "questions", plan.questions
    yield "feedback", plan.feedback


def _part(part: BookPlan) -> dict[str, Any]:
    pages, questions, feedback = (told.counts() for told in of_book(part))
    return {
        "project": part.row.project,
        "url": part.row.url,
        "title": part.row.title,
        "fate": "new" if part.book.create else part.fate,
        "pages": pages,
        "questions": questions,
        "feedback": feedback,
    }


def _row(row: Any) -> dict[str, Any]:
    values = row._asdict() if hasattr(row, "_asdict") else vars(row)
    return {name: _plain(value) for name, value in values.items()}


def _difference(old: Any, new: Any) -> dict[str, list[Any]]:
    return {
        name: [_plain(before), _plain(after)]
        for name, before, after in zip(old._fields, old, new, strict=True)
        if before != after
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value
