"""What a person is told of a regrade before it happens: who would gain, and who would lose."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from grading import points
from grading.regrade.regrade import Material, Regraded, Regrading

FEW = 3  # how many questions of a book are named


@dataclass(frozen=True)
class Told:
    lines: tuple[str, ...]
    figures: Mapping[str, Any]


def tell(found: Regrading, materials: Mapping[int, Material], *, is_wanted: bool) -> Told:
    """Return how many students gain and lose, and by how much, book by book."""
    counted = [row for row in found.rows if not row.is_test and row.before != row.after]
    by_book: dict[str, list[Regraded]] = defaultdict(list)
    for row in counted:
        by_book[str(materials[row.question].question.page.book)].append(row)
    lines: list[str] = []
    for book, rows in by_book.items():
        verb = "are regraded" if is_wanted else "would earn other points"
        end = "." if is_wanted else ". They stay as recorded, unless they are regraded (--regrade)."
        lines.append(f"answers of {book}: {len(rows):,} {verb}: {_moves(rows)}{end}")
        lines += _by_question(rows, materials)
    return Told(tuple(lines), _figures(counted))


def _by_question(rows: list[Regraded], materials: Mapping[int, Material]) -> Iterator[str]:
    by_question: dict[int, list[Regraded]] = defaultdict(list)
    for row in rows:
        by_question[row.question].append(row)
    most = sorted(by_question.items(), key=lambda item: (-len(item[1]), item[0]))
    for pk, own in most[:FEW]:
        question = materials[pk].question
        yield f"  {question.page.url}#{question.label}: {_moves(own)}"
    if len(most) > FEW:
        yield f"  … and {len(most) - FEW} more questions"


def _by_student(rows: list[Regraded]) -> dict[int, Decimal]:
    total: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        total[row.enrollment] += row.after - (row.before or 0)
    return total


def _moves(rows: list[Regraded]) -> str:
    totals = _by_student(rows).values()
    ups = [total for total in totals if total > 0]
    downs = [-total for total in totals if total < 0]
    parts = [_move(ups, "up"), _move(downs, "down")]
    return ", ".join(part for part in parts if part) or "no student up or down in all"


def _move(amounts: list[Decimal], way: str) -> str:
    if not amounts:
        return ""
    least, most = points.plain(min(amounts)), points.plain(max(amounts))
    by = least if least == most else f"{least} to {most}"
    students = "1 student" if len(amounts) == 1 else f"{len(amounts):,} students"
    return f"{students} {way} by {by}"


def _figures(rows: list[Regraded]) -> dict[str, Any]:
    totals = _by_student(rows).values()
    return {
        "out_of_date": len(rows),
        "students_up": sum(total > 0 for total in totals),
        "students_down": sum(total < 0 for total in totals),
        "points_up": float(sum(total for total in totals if total > 0)),
        "points_down": float(-sum(total for total in totals if total < 0)),
    }
