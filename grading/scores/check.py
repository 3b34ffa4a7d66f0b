"""Compares the scores that are stored with those that should be."""

from collections.abc import Iterator

from django.db import transaction

from grading.models import Course, Enrollment
from grading.scores import writer
from grading.scores.writer import Difference


def differences(course: Course, *, fix: bool) -> Iterator[Difference]:
    """Yield the scores of a course that are not as they should be; with `fix`, mend them.

    What seems to differ is looked at again while its students' answers wait, since one may have
    been given between two statements.
    """
    enrollments = list(course.enrollments.order_by("pk").values_list("pk", flat=True))
    questions = writer.questions_with_rows(course)
    for found in writer.differences_in_chunks(enrollments, questions):
        students = {difference.pair.enrollment for difference in found}
        if not students:
            continue
        with transaction.atomic():
            writer.lock(Enrollment.objects.filter(pk__in=students))
            asked = {difference.pair.question for difference in found}
            again = [row for some in writer.differences_in_chunks(students, asked) for row in some]
            if fix:
                writer.apply(again)
        yield from again
