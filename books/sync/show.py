"""A plan as a person reads it, and as JSON. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from books.followers import Effects
from books.sync.changes import Changes, Plan

FIRST = 20  # how many of a long list are shown


def text(plan: Plan, effects: Mapping[str, Effects]) -> str:
    """Return the plan in lines, shortest first: what happens, what is kept, what would be lost."""
    lines: list[str] = []
    if plan.is_empty:
        lines.append("Nothing to do: the database and the files are as the build says.")
    lines += [
        f"WARNING: a new book: {row.title} ({row.project}/{row.url})" for row in plan.books.create
    ]
    for name, changes in _tables(plan):
        counts = _counts(changes)
        if any(counts.values()):
            lines.append(f"{name}: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n))
    for project, files in plan.releases.items():
        added, changed, removed = len(files.added), len(files.changed), len(files.removed)
        lines.append(f"files of {project}: {added} added, {changed} changed, {removed} removed")
    lines += _first(_renames(plan))
    lines += _first(_removals(plan))
    lines += [
        f"WITHDRAWN: {row.title} ({row.project}/{row.url}): it has courses or notes, "
        "so its rows stay, and it is no longer shown"
        for row in plan.withdrawn
    ]
    lines += _first(_edits(plan))
    lines += _first(f"  feedback {name}: edited in the admin, GOES" for name in plan.lost_edits)
    for effect in effects.values():
        lines += effect.lines
    lines += _losses(plan, effects)
    return "\n".join(lines)


def _tables(plan: Plan) -> Iterator[tuple[str, Changes[Any]]]:
    yield "books", plan.books
    yield "pages", plan.pages
    yield "questions", plan.questions
    yield "feedback", plan.feedback


def _counts(changes: Changes[Any]) -> dict[str, int]:
    return {
        "to create": len(changes.create),
        "to change": len(changes.update),
        "to delete": len(changes.delete),
    }


def _first(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    if len(found) <= FIRST:
        return found
    return [*found[:FIRST], f"  … and {len(found) - FIRST} more of these"]


def _renames(plan: Plan) -> Iterator[str]:
    for match in plan.matches:
        yield f"  same {match.kind} (by {match.by}): {match.old} -> {match.new}"


def _removals(plan: Plan) -> Iterator[str]:
    for page in plan.pages.delete:
        yield f"  page goes: {page.url} ({page.title})"
    for question in plan.questions.delete:
        yield f"  question goes: {question.label}"


def _edits(plan: Plan) -> Iterator[str]:
    for edit in plan.kept_edits:
        what = "CONFLICT, the admin's stays" if edit.is_conflict else "edited in the admin, stays"
        yield f"  {edit.kind} {edit.name}: {edit.field} {what}"


def _losses(plan: Plan, effects: Mapping[str, Effects]) -> Iterator[str]:
    for book in plan.gutted:
        yield (
            f"WARNING: more than half of the pages of {book.title} ({book.project}/{book.url}) go. "
            "Is this the right folder, and the right project?"
        )
    if not plan.losses:
        return
    total = loss_counts(plan)
    yield "USER DATA THAT GOES: " + ", ".join(f"{n} {kind}" for kind, n in total.items())
    lines = [line for effect in effects.values() for line in effect.losses]
    yield from (f"  {line}" for line in lines[:FIRST])
    if sum(total.values()) > len(lines[:FIRST]):
        yield f"  … {sum(total.values())} in all"


def loss_counts(plan: Plan) -> dict[str, int]:
    """Return how many rows of each kind go with the plan's deletions."""
    total: Counter[str] = Counter()
    for loss in plan.losses:
        total.update(loss.counts)
    return dict(sorted(total.items()))


def summary(plan: Plan) -> str:
    """Return one line on what the plan does, for its release."""
    parts = [
        f"{name}: " + ", ".join(f"{n} {what}" for what, n in _counts(changes).items() if n)
        for name, changes in _tables(plan)
        if changes
    ]
    return "; ".join(parts) or "files alone"


def as_json(plan: Plan, effects: Mapping[str, Effects]) -> dict[str, Any]:
    """Return the plan for programs; rows that are new have negative keys."""
    return {
        "nothing_to_do": plan.is_empty,
        "projects": list(plan.projects),
        **{
            name: {
                "create": [_row(row) for row in changes.create],
                "update": [
                    {"pk": old.pk, "changes": _difference(old, new)} for old, new in changes.update
                ],
                "delete": [_row(row) for row in changes.delete],
            }
            for name, changes in _tables(plan)
        },
        "files": {
            project: {
                "added": list(files.added),
                "changed": list(files.changed),
                "removed": list(files.removed),
            }
            for project, files in plan.releases.items()
        },
        "withdrawn": [_row(row) for row in plan.withdrawn],
        "matches": [_row(match) for match in plan.matches],
        "kept_edits": [_row(edit) for edit in plan.kept_edits],
        "lost_edits": list(plan.lost_edits),
        "page_ids": [_row(missing) for missing in plan.missing_page_ids],
        "user_data": {
            "counts": loss_counts(plan),
            "first": [line for effect in effects.values() for line in effect.losses][:FIRST],
            "more_than_half_of": [book.title for book in plan.gutted],
        },
        "effects": {name: list(effect.lines) for name, effect in effects.items()},
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
