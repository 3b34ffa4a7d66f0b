"""What a plan reports about a regrade: how many students gain or lose points."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grading import points
from grading.regrade.regrade import Material, Regrading, ScoreChange

FEW = 3  # how many questions of each book are named


@dataclass(frozen=True)
class RegradeReport:
    """Lines for people, and figures for programs, by their names in the JSON plan."""

    lines: tuple[str, ...]
    figures: Mapping[str, float]


def describe(
    regrading: Regrading, materials: Mapping[int, Material], *, is_wanted: bool
) -> RegradeReport:
    """Return how many students gain and lose how many points, for each book.

    `is_wanted` is true if the regrade will be written, and false if it only could be. Test students
    are not counted.
    """
    counted = [change for change in regrading.changes if change.moves_points and not change.is_test]
    by_book: dict[str, list[ScoreChange]] = defaultdict(list)
    for row in counted:
        by_book[str(materials[row.pair.question].question.page.book)].append(row)
    lines: list[str] = []
    for book, rows in by_book.items():
        values = {"book": book, "n": f"{len(rows):,}", "students": _students(rows)}
        if is_wanted:
            text = _("answers of %(book)s: %(n)s are regraded: %(students)s.")
        else:
            text = _(
                "answers of %(book)s: %(n)s would earn different points: %(students)s. They keep "
                "the recorded points unless they are regraded (--regrade)."
            )
        lines.append(text % values)
        lines += _by_question(rows, materials)
    return RegradeReport(tuple(lines), _figures(counted))


def _by_question(rows: list[ScoreChange], materials: Mapping[int, Material]) -> Iterator[str]:
    """Yield a line for each of the questions with the most changes, and one for the others."""
    by_question: dict[int, list[ScoreChange]] = defaultdict(list)
    for row in rows:
        by_question[row.pair.question].append(row)
    most = sorted(by_question.items(), key=lambda item: (-len(item[1]), item[0]))
    for pk, own in most[:FEW]:
        question = materials[pk].question
        yield f"  {question.page.url}#{question.label}: {_students(own)}"
    left = len(most) - FEW
    if left > 0:
        text = ngettext("… and %(n)d more question", "… and %(n)d more questions", left)
        yield f"  {text % {'n': left}}"


def _by_student(rows: list[ScoreChange]) -> dict[int, Decimal]:
    """Return the change in points of each student, by the key of the enrollment."""
    total: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        total[row.pair.enrollment] += (row.after.points or 0) - (row.before.points or 0)
    return total


def _students(rows: list[ScoreChange]) -> str:
    """Return how many students gain and lose points, with the least and the most, as text."""
    totals = _by_student(rows).values()
    gains = [total for total in totals if total > 0]
    losses = [-total for total in totals if total < 0]
    parts = []
    if gains:
        text = ngettext(
            "%(n)s student gains %(points)s", "%(n)s students gain %(points)s", len(gains)
        )
        parts.append(text % {"n": f"{len(gains):,}", "points": _range(gains)})
    if losses:
        text = ngettext(
            "%(n)s student loses %(points)s", "%(n)s students lose %(points)s", len(losses)
        )
        parts.append(text % {"n": f"{len(losses):,}", "points": _range(losses)})
    return ", ".join(parts) or _("no student gains or loses points in total")


def _range(amounts: list[Decimal]) -> str:
    least, most = points.plain(min(amounts)), points.plain(max(amounts))
    return least if least == most else _("%(least)s to %(most)s") % {"least": least, "most": most}


def _figures(rows: list[ScoreChange]) -> dict[str, float]:
    totals = _by_student(rows).values()
    return {
        "out_of_date": len(rows),
        "students_up": sum(total > 0 for total in totals),
        "students_down": sum(total < 0 for total in totals),
        "points_up": float(sum(total for total in totals if total > 0)),
        "points_down": float(-sum(total for total in totals if total < 0)),
    }
