"""Students who read, answer and write notes in threads of their own, during a sync."""

import contextlib
import random
import time
import uuid
from collections.abc import Collection, Container
from threading import Event, Thread

from django.db import DatabaseError, connection

from accounts.models import User
from annotations.errors import Stale
from bookbinder.tests.support import noting
from bookbinder.tests.support.ledger import Ledger
from books.models import Book, Page, Question
from books.releases import serving
from conftest import enroll, make_course, make_user
from grading import answering
from grading.graders import AnswerError
from grading.models import Enrollment, Interactive

WORDS = ["4", "5", "7", "because", "maybe", "Kemi", "Oulu", "Tana", "Inari", "Baltic", "this"]
NUMBERS = ["4", "5", "7"]


def keys_of(question: Question) -> list[str]:
    """Return the keys of a question's choices."""
    keys = question.feedback.filter(key__isnull=False).values_list("key", flat=True)
    return [str(key) for key in keys]


def give(chance: random.Random, question: Question) -> str | list[str]:
    """Return a random answer that the question accepts now."""
    if question.grader == "number":
        return chance.choice(NUMBERS)
    keys = keys_of(question) if question.grader == "choice" else []
    if question.is_multiple:
        return chance.sample(keys, chance.randint(min(1, len(keys)), len(keys)))
    return chance.choice(keys or WORDS)


def answer(ledger: Ledger, user: User, enrollment: int, question: Question, given: object) -> None:
    """Answer a question, and record the answer in the ledger once it is acknowledged."""
    key = uuid.uuid4()
    answering.answer(user, question, given, key)
    string = str(sorted(given)).replace("'", '"') if isinstance(given, list) else str(given)
    ledger.note(key, enrollment, question.prompt, string)


def fill(ledger: Ledger, chance: random.Random, count: int) -> None:
    """Give each book two courses, with answers and notes of `count` students.

    In one of the courses, the best attempt counts.
    """
    for book in Book.objects.all():
        latest, best = make_course(book), make_course(book, "Best", attempts_policy="best")
        questions = list(Question.objects.filter(page__book=book).select_related("page"))
        Interactive.objects.create(course=latest, question=questions[-1])
        for number in range(count):
            user = make_user(f"{book.url}{number}")
            enrollment = enroll(user, latest if number % 3 else best)
            for question in questions * 2:
                answer(ledger, user, enrollment.pk, question, give(chance, question))
            for page in Page.objects.filter(book=book).select_related("book__release"):
                note(ledger, chance, user, page)


def note(ledger: Ledger, chance: random.Random, user: User, page: Page) -> None:
    """Write a note and a reply to it, and record each in the ledger once it is acknowledged."""
    root = noting.write(chance, user, page)
    ledger.noted[root] = f"Note {root}"
    reply = noting.reply(user, root)
    ledger.noted[reply] = f"Reply {reply}"


def answer_some(ledger: Ledger, chance: random.Random, prompts: Collection[str]) -> None:
    """Have each student answer the questions of their book with these prompts."""
    for enrollment in Enrollment.objects.select_related("user", "course"):
        asked = Question.objects.filter(page__book=enrollment.course.book_id, prompt__in=prompts)
        for question in asked.select_related("page"):
            answer(ledger, enrollment.user, enrollment.pk, question, give(chance, question))


class Student(Thread):
    """Reads, answers and writes notes until `over` is set.

    `failures` are the errors that a student would have seen, and `waits` the seconds that each
    answer took. Questions with a prompt in `seldom` are answered rarely: if the sync deletes them,
    their answers delay it.
    """

    def __init__(
        self,
        ledger: Ledger,
        enrollment: Enrollment,
        seed: int,
        seldom: Container[str] = (),
        pause: float = 0.03,
    ) -> None:
        super().__init__(daemon=True)
        self.ledger, self.enrollment = ledger, enrollment
        self.seldom, self.pause = seldom, pause
        self.chance = random.Random(seed)
        self.over = Event()
        self.waits: list[float] = []
        self.failures: list[str] = []

    def run(self) -> None:
        try:
            while not self.over.wait(self.pause):
                self.read()
                self.answer()
                self.note()
        except BaseException as error:
            self.failures.append(repr(error))
            raise
        finally:
            connection.close()

    def read(self) -> None:
        page = self.chance.choice(list(Page.objects.select_related("book")))
        found = serving.find(page.book.project, f"{page.docname}.html")
        if found is not None:
            found.file.read_bytes()

    def question(self) -> Question:
        """Return a random question of the book, rarely one of `seldom`."""
        asked = Question.objects.filter(page__book=self.enrollment.course.book_id)
        questions = list(asked.select_related("page"))
        weights = [0.1 if one.prompt in self.seldom else 1 for one in questions]
        return self.chance.choices(questions, weights)[0]

    def answer(self) -> None:
        question = self.question()
        given = give(self.chance, question)
        start = time.perf_counter()
        try:
            answer(self.ledger, self.enrollment.user, self.enrollment.pk, question, given)
        except (AnswerError, answering.Changed, DatabaseError) as error:
            if isinstance(error, DatabaseError) or not self.is_gone(question, given):
                self.failures.append(f"{question}: {given}: {error!r}")
        self.waits.append(time.perf_counter() - start)

    def note(self) -> None:
        pages = Page.objects.filter(book=self.enrollment.course.book_id)
        page = self.chance.choice(list(pages.select_related("book__release")))
        try:
            note(self.ledger, self.chance, self.enrollment.user, page)
        except DatabaseError as error:
            self.failures.append(f"note on {page}: {error!r}")
        except Stale as error:
            # This is expected only if a new edition has gone live since the page was read.
            if Book.objects.get(pk=page.book_id).release_id == page.book.release_id:
                self.failures.append(f"note on {page}: {error!r}")

    def is_gone(self, question: Question, given: str | list[str]) -> bool:
        """Return whether the question, or a choice in the answer, is no longer in the book."""
        if not Question.objects.filter(pk=question.pk).exists():
            return True
        taken = [given] if isinstance(given, str) else given
        return question.grader == "choice" and not set(taken) <= set(keys_of(question))


@contextlib.contextmanager
def answering_meanwhile(student: Student):
    """Let a student use the site during a `with` block."""
    student.start()
    try:
        yield student
    finally:
        student.over.set()
        student.join(timeout=60)
