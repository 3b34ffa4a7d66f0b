from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from books.models import Question
from grading.models import Course, Enrollment
from grading.points import plain
from grading.scores import Score, check, reasons
from grading.scores.writer import Difference


class Command(BaseCommand):
    help = (
        "Compare the stored scores with those that attempts, grades, regrades, overrides and rules "
        "give, and list the differences. Ends with 1 if there are any that were not mended."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="store the scores that should be")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for course in Course.objects.order_by("pk"):
            for line in self.lines(course, fix=options["fix"]):
                self.stdout.write(line)
                count += 1
        done = "mended" if options["fix"] else "found"
        self.stdout.write(f"{count:,} differences {done}." if count else "All scores are right.")
        if count and not options["fix"]:
            raise SystemExit(1)

    def lines(self, course: Course, *, fix: bool) -> Iterator[str]:
        """Yield a line for each difference, as they are found."""
        for difference in check.differences(course, fix=fix):
            pair = difference.pair
            enrollment = Enrollment.objects.select_related("user").get(pk=pair.enrollment)
            question = Question.objects.select_related("page").get(pk=pair.question)
            name = f"{enrollment.user.email}: {question.page.url}#{question.label}"
            yield f"{course.name} ({course.pk}): {name}: {_in_words(difference)}"


def _in_words(difference: Difference) -> str:
    return f"{_score(difference.stored)}, should be {_score(difference.derived)}"


def _score(score: Score | None) -> str:
    if score is None:
        return "no row"
    points = "no points yet" if score.points is None else plain(score.points)
    why = "; ".join(reasons.in_words(score.reasons))
    attempt = f"attempt {score.attempt}" if score.attempt else "no attempt"
    return f"{points} ({attempt}{', ' if why else ''}{why})"
