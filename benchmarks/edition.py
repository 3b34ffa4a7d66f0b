"""A new edition of 1,000 pages x 5 questions, which regrades 100,000 answers."""

from decimal import Decimal

from django.db import connection

from accounts.models import User
from benchmarks.figures import Figure, alternate, count_queries
from benchmarks.gradebook import COUNT_ATTEMPTS
from benchmarks.sync import FEEDBACK, QUESTIONS, bring_in, make_manifest
from bookbinder.sphinx import manifest as m
from books.models import Book
from books.sync.plan import Options
from grading.models import Answer, Course, Enrollment, Regrade

PAGES = 1_000
STUDENTS = 20
SIZE = f"{PAGES:,} pages × {QUESTIONS} questions × {FEEDBACK} feedback"


def with_points(manifest: m.Manifest, points: Decimal) -> m.Manifest:
    """Return a manifest in which the first feedback of every question gives `points`."""

    def question(one: m.Question) -> m.Question:
        return one._replace(feedback=(one.feedback[0]._replace(points=points), *one.feedback[1:]))

    books = tuple(
        book._replace(
            pages=tuple(
                page._replace(questions=tuple(map(question, page.questions))) for page in book.pages
            )
        )
        for book in manifest.books
    )
    return manifest._replace(books=books)


def answer_all() -> int:
    """Create students who have given the first expected answer to every question.

    Return the number of answers.
    """
    course = Course.objects.create(book=Book.objects.get(project="sync"), name="Benchmark")
    users = User.objects.bulk_create(
        User(email=f"e{n}@example.org", username=f"e{n}", first_name="E", last_name=f"L{n}")
        for n in range(STUDENTS)
    )
    Enrollment.objects.bulk_create(
        Enrollment(course=course, user=one, origin="free") for one in users
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO grading_attempt (enrollment_id, question_id, client_key, string, points,"
            " feedback_id, parts, version, received_at) SELECT e.id, f.question_id,"
            " gen_random_uuid(), f.answer, f.points, f.id,"
            " jsonb_build_array(jsonb_build_array('', f.points, f.id)), '',"
            " now() - interval '1 day'"
            ' FROM grading_enrollment e CROSS JOIN books_feedback f WHERE f."index" = 0'
        )
        cursor.execute(COUNT_ATTEMPTS)
        cursor.execute("ANALYZE")
    return Answer.objects.count()


INSERT_LAYER = (
    "INSERT INTO grading_regradedattempt (regrade_id, attempt_id, points, feedback_id, parts)"
    " SELECT %s, id, points, feedback_id, parts FROM grading_attempt"
)


def write_alone() -> None:
    """Write the same rows without reading or deciding anything, in one statement per table."""
    with connection.cursor() as cursor:
        cursor.execute('UPDATE books_feedback SET points = points + 0.01 WHERE "index" = 0')
        layer = Regrade.objects.create(course=Course.objects.get(name="Benchmark"))
        cursor.execute(INSERT_LAYER, [layer.pk])
        cursor.execute("UPDATE grading_answer SET points = points + 0.01, raw_points = points")


def measure() -> list[Figure]:
    first = make_manifest(PAGES)
    bring_in(m.dumps(first))
    count = answer_all()
    editions = [m.dumps(with_points(first, Decimal(n) / 100)) for n in (75, 25)]
    options = Options(regrade=True)
    turns = iter(range(1_000))

    def edition() -> None:
        bring_in(editions[next(turns) % 2], options)

    def tidy() -> None:
        Regrade.objects.all().delete()

    queries = count_queries(edition)
    ours, floor = alternate(edition, write_alone, before_ours=tidy, before_floor=tidy, runs=3)
    assert not Answer.objects.filter(points__gt=1).exists()
    note = f"{queries} queries"
    name = f"edition that regrades {count:,} answers, {SIZE}"
    return [Figure(name, ours, "the same rows written by three statements", floor, None, note)]
