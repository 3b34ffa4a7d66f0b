"""The gradebook of 500 students and 1,500 questions: 750,000 answers."""

import subprocess
import sys
from decimal import Decimal

from django.db import connection

from accounts.models import User
from benchmarks.figures import Figure, alternate, count_queries
from books.models import Book, Page, Question
from grading import gradebook_files
from grading.models import Course, Enrollment

STUDENTS = 500
PAGES = 300
PER_PAGE = 5
COURSE = "Benchmark"


def fill() -> Course:
    """Create a course with answers, which have many different points, as in real courses."""
    book = Book.objects.create(project="benchmark", url="benchmark", title="Benchmark")
    pages = Page.objects.bulk_create(
        Page(book=book, url=f"p{n}", title=f"P{n}", index=n, position=n, source_id=f"bench{n}")
        for n in range(PAGES)
    )
    Question.objects.bulk_create(
        Question(page=page, label=f"q{n}", index=n, points_possible=Decimal(2), grader="text")
        for page in pages
        for n in range(PER_PAGE)
    )
    course = Course.objects.create(book=book, name=COURSE)
    users = User.objects.bulk_create(
        User(email=f"b{n}@example.org", username=f"b{n}", first_name="B", last_name=f"L{n:04}")
        for n in range(STUDENTS)
    )
    Enrollment.objects.bulk_create(
        Enrollment(course=course, user=user, origin="free") for user in users
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO grading_attempt (enrollment_id, question_id, client_key, string, points,"
            " parts, version, received_at) SELECT e.id, q.id, gen_random_uuid(), 'an answer',"
            " ((e.id * 7 + q.id) % 201) / 100.0, '[]', '', now() - interval '1 day'"
            " FROM grading_enrollment e CROSS JOIN books_question q ORDER BY 1, 2"
        )
        cursor.execute(COUNT_ATTEMPTS)
        cursor.execute("ANALYZE")
    return course


# Each attempt is the one that counts.
COUNT_ATTEMPTS = (
    "INSERT INTO grading_answer (enrollment_id, question_id, attempt_id, string, raw_points,"
    " points, waits, reasons, feedback_id, answered_at) SELECT enrollment_id, question_id, id,"
    " string, points, points, FALSE, '[]', feedback_id, received_at FROM grading_attempt"
    " ORDER BY 1, 2"
)
FLOOR = (
    "COPY (SELECT enrollment_id, question_id, points FROM grading_answer ORDER BY 1, 2) TO STDOUT"
)


def copy_out() -> int:
    """Read all answers by COPY, and return the number of bytes."""
    with connection.cursor() as cursor, cursor.copy(FLOOR) as copy:
        return sum(len(block) for block in copy)


def measure() -> list[Figure]:
    course = fill()

    def export() -> bytes:
        return gradebook_files.export(course, "csv")

    queries = count_queries(export)
    ours, floor = alternate(export, copy_out)
    mebibytes = int(subprocess.check_output([sys.executable, "-m", "benchmarks.memory"]))
    note = f"{queries} queries, {mebibytes} MiB more memory (at most 150)"
    name = "gradebook CSV, 500 students × 1,500 questions"
    return [Figure(name, ours, "COPY of the answers", floor, 1.0, note)]
