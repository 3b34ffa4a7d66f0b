"""Measures how long a student's answer waits while a sync changes and regrades a large book."""

import hashlib
import random
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import builds, classroom, ledger
from books.models import Book, Feedback, Question
from conftest import enroll, make_course, make_user
from grading import limits, scores
from grading.models import Answer, Attempt, Enrollment, RegradedAttempt

PAGES, QUESTIONS, STUDENTS = 1_000, 5, 20
WORD = "because"


class Waiting(NamedTuple):
    """What was measured during some syncs.

    `answers` is how many answers each sync regraded, and `meanwhile` how many were given during all
    of them. `seconds` has the duration of each sync, and `longest` the longest wait for an answer,
    also in seconds.
    """

    answers: int
    seconds: list[float]
    meanwhile: int
    longest: list[float]
    failures: list[str]

    def __str__(self) -> str:
        seconds, longest = (
            " and ".join(f"{one:.2f} s" for one in many) for many in (self.seconds, self.longest)
        )
        return (
            f"{PAGES:,} pages × {QUESTIONS} questions, each page changed and {self.answers:,} "
            f"answers regraded in {seconds}: {self.meanwhile} answers meanwhile, "
            f"the longest waited {longest}; {len(self.failures)} failed"
        )


def write_build(folder: Path, points: int) -> Path:
    """Write a large book's build without Sphinx, which would take minutes; return its folder."""
    (folder / "html").mkdir(parents=True)

    def question(page: int, number: int) -> m.Question:
        prompt = f"What follows from law {page}, case {number}?"
        digest = hashlib.sha256(prompt.encode()).hexdigest()
        replies = [(WORD, points), ("maybe", 1), ("perhaps", 1), ("*", 0)]
        feedback = tuple(
            m.Feedback(None, answer, f"<p>{answer}</p>", answer, "sphinx", 1, Decimal(worth))
            for answer, worth in replies
        )
        return m.Question(f"q{number}", "text", Decimal(9), prompt, {}, digest, 1, feedback)

    def page(number: int) -> m.Page:
        text = f"<html><head></head><body>Page {number}, edition {points}</body></html>"
        (folder / f"html/p{number}.html").write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        questions = tuple(question(number, n) for n in range(QUESTIONS))
        name = f"p{number}"
        return m.Page(
            name, name, f"Page {number}", f"{name}.rst", f"large{number}", number, "", digest,
            digest, questions,
        )  # fmt: skip

    book = m.Book("large", "Large", tuple(page(number) for number in range(PAGES)))
    (folder / "html" / m.FILE_NAME).write_bytes(m.dumps(m.Manifest("large", (book,), {})))
    return folder / "html"


def start(build: Path) -> subprocess.Popen[bytes]:
    """Start a sync of a build in a child process."""
    options = ("--noinput", "--regrade")
    command: list[str | Path] = [sys.executable, "manage.py", "sphinx_sync", build, *options]
    return subprocess.Popen(command, cwd=builds.ROOT, stdout=subprocess.DEVNULL)


def answer_all() -> Enrollment:
    """Create yesterday's answers of all students; return the enrollment of another student."""
    course = make_course(Book.objects.get(project="large"))
    enrollments = [enroll(make_user(f"large{number}"), course) for number in range(STUDENTS)]
    then = timezone.now() - timedelta(days=1)
    right = list(Feedback.objects.filter(question__page__book=course.book_id, answer=WORD))
    for enrollment in enrollments:
        given = [
            {
                "enrollment_id": enrollment.pk, "question_id": one.question_id, "string": WORD,
                "points": one.points, "feedback_id": one.pk,
            }
            for one in right
        ]  # fmt: skip
        Attempt.objects.bulk_create([Attempt(received_at=then, **row) for row in given])
    with transaction.atomic():
        scores.refresh([one.pk for one in enrollments], [one.question_id for one in right])
    return enroll(make_user("hurried"), course)


class Hurried(classroom.Student):
    """Only answers, all the time, and knows the keys of the questions (`pks`)."""

    pks: list[int]

    def read(self) -> None:
        pass

    def note(self) -> None:
        pass

    def question(self) -> Question:
        return Question.objects.select_related("page").get(pk=self.chance.choice(self.pks))


def measure(folder: Path) -> Waiting:
    """Publish editions of a large book, and let a student answer during the later syncs."""
    two, three = (write_build(folder / f"large{points}", points) for points in (2, 3))
    assert start(two).wait() == 0
    enrollment = answer_all()
    found = Waiting(PAGES * QUESTIONS * STUDENTS, [], 0, [], [])
    for build, points in ((three, 3), (two, 2)):
        found = measure_one(build, points, enrollment, found)
    return found


def measure_one(build: Path, points: int, enrollment: Enrollment, found: Waiting) -> Waiting:
    """Return `found` with the measurements of one more sync.

    `points` is what the answer `WORD` earns in the build, which is checked.
    """
    questions = Question.objects.filter(page__book__project="large")
    student = Hurried(ledger.Ledger(()), enrollment, random.getrandbits(32), pause=0.002)
    student.pks = list(questions.values_list("pk", flat=True))
    # The student gives more answers than any person may.
    without_limit = mock.patch.multiple(limits, AT_QUESTION_A_MINUTE=10**9, A_MINUTE=10**9)
    with without_limit, classroom.answering_meanwhile(student):
        begun = time.monotonic()
        assert start(build).wait() == 0
        seconds = time.monotonic() - begun
    answers = Answer.objects.filter(string=WORD, question__in=questions)
    assert not answers.exclude(points=points).exists()
    layers = RegradedAttempt.objects.filter(attempt__in=answers.values("attempt"))
    assert layers.filter(points=points).count() >= found.answers
    return Waiting(
        found.answers,
        [*found.seconds, seconds],
        found.meanwhile + len(student.waits),
        [*found.longest, max(student.waits)],
        found.failures + student.failures,
    )


def is_too_long(found: Waiting) -> bool:
    """Return whether answers wait longer than promised on SQLite, which has one writer at a time.

    The better of the syncs counts, since other work of the machine makes waits longer.
    """
    return "sqlite" in settings.DATABASES["default"]["ENGINE"] and min(found.longest) > 1
