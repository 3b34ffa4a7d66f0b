"""Demo accounts, and a course whose students have answered questions."""

import json
import random
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import site_policy
from accounts.models import User
from bookbinder.demo import notes
from books.models import Author, Book, Feedback, Page, Question
from grading import answering
from grading.models import Course, Enrollment, Instructor

PROJECT = "book-binder"
COURSE = "Book Binder, by example"
READ = 3  # pages that the demo's student has read
PAID_COURSE = "Book Binder, with a certificate"
STUDENTS = (
    "Aino Virtanen", "Amara Okafor", "Anders Lindqvist", "Beatriz Souza", "Chidi Eze",
    "Chloé Martin", "Daniel Novák", "Elif Yılmaz", "Emma Müller", "Fatima Zahra",
    "Giulia Rossi", "Hana Suzuki", "Ibrahim Diallo", "Ingrid Hansen", "Jakub Kowalski",
    "Jón Sigurðsson", "Kavya Sharma", "Lars Jensen", "Leila Haddad", "Lucía García",
    "Malik Johnson", "Mei Chen", "Nikos Pappas", "Noa Cohen", "Oksana Shevchenko",
    "Pedro Alves", "Ravi Patel", "Sofía Herrera", "Thảo Nguyễn", "Zoltán Nagy",
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    kind: str
    email: str
    password: str


NAMES = {
    "student": ("student@example.org", "Sam", "Student"),
    "instructor": ("instructor@example.org", "Ines", "Instructor"),
    "author": ("author@example.org", "Ada", "Author"),
    "admin": ("admin@example.org", "Alex", "Admin"),
}


def make() -> list[Account]:
    """Create what does not exist yet, and return the accounts.

    Their passwords are generated once, and stored in the data folder.
    """
    accounts = _accounts()
    with transaction.atomic():
        users = {account.kind: _user(account) for account in accounts}
        book = Book.objects.get(project=PROJECT)
        course, is_new = Course.objects.get_or_create(book=book, name=COURSE)
        Author.objects.get_or_create(book=book, user=users["author"])
        Instructor.objects.get_or_create(course=course, user=users["instructor"])
        enrollment = _enroll(users["student"], course)
        if is_new:
            _fill(course)
            _begin(enrollment)
            notes.make(users, course)
    return accounts


def make_paid_course() -> str:
    """Create the paid course if it does not exist, and return the path of its page."""
    book = Book.objects.get(project=PROJECT)
    course, _made = Course.objects.get_or_create(
        book=book, name=PAID_COURSE, defaults={"price": 2490}
    )
    return reverse("buy-course", args=(course.pk,))


def sign_in_path(account: Account) -> str:
    """Return the path of the sign-in page with the account's address filled in."""
    return f"{reverse('account_login')}?{urlencode({'email': account.email}, safe='@')}"


def join_path() -> str:
    """Return the path at which anybody can join the demo's course."""
    return Course.objects.get(book__project=PROJECT, name=COURSE).get_absolute_url()


def _accounts() -> list[Account]:
    path = Path(settings.BOOKBINDER_DATA_DIR) / "demo_accounts.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({kind: secrets.token_urlsafe(9) for kind in NAMES}))
    passwords = json.loads(path.read_text())
    return [Account(kind, NAMES[kind][0], passwords[kind]) for kind in NAMES]


def _user(account: Account) -> User:
    user = User.objects.filter(email=account.email).first()
    if user is None:
        _email, first, last = NAMES[account.kind]
        kinds = {"admin": User.Type.ADMIN, "author": User.Type.AUTHOR}
        user = _person(account.email, first, last, kinds.get(account.kind, User.Type.USER))
        user.set_password(account.password)
        user.save()
    return user


def _person(email: str, first: str, last: str, kind: str = User.Type.USER) -> User:
    user = User.objects.create_user(email, None, first_name=first, last_name=last, type=kind)
    site_policy.agree(user)
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _enroll(user: User, course: Course) -> Enrollment:
    enrollment, _made = Enrollment.objects.get_or_create(
        course=course, user=user, defaults={"origin": Enrollment.Origin.FREE}
    )
    return enrollment


def _fill(course: Course) -> None:
    """Add students who have answered most of the questions, mostly correctly."""
    chance = random.Random(7)
    questions = list(
        Question.objects.filter(page__book=course.book_id)
        .select_related("page")
        .prefetch_related("feedback")
    )
    for number, name in enumerate(STUDENTS, start=1):
        first, _space, last = name.partition(" ")
        user = _person(f"student{number:02}@example.org", first, last)
        _enroll(user, course)
        skill = chance.uniform(0.5, 0.95)
        for question in questions:
            if chance.random() < 0.9:
                given = _answer(question, chance, is_right=chance.random() < skill)
                answering.answer(user, question, given, uuid.uuid4())


def _begin(enrollment: Enrollment) -> None:
    """Have the demo's student answer the questions of the first pages, and stop on the next."""
    pages = list(Page.objects.filter(book=enrollment.course.book_id).order_by("position"))
    chance = random.Random(8)
    for question in Question.objects.filter(page__in=pages[:READ]).select_related("page"):
        is_right = chance.random() < 0.8
        given = _answer(question, chance, is_right=is_right)
        answering.answer(enrollment.user, question, given, uuid.uuid4())
    enrollment.last_page = pages[READ] if len(pages) > READ else pages[-1]
    enrollment.save()


WRONG = "41"


def _answer(question: Question, chance: random.Random, *, is_right: bool) -> str | list[str]:
    feedback = list(question.feedback.all())
    if not question.kind.takes_feedback:
        return "I would begin with one chapter, and ask two colleagues to try its questions."
    if question.kind.takes_choices:
        right = [row.key or "" for row in feedback if row.points > 0]
        every = [row.key or "" for row in feedback]
        if question.is_multiple:
            return right if is_right else chance.sample(every, chance.randint(1, len(every)))
        return chance.choice(right if is_right else every)
    return _foreseen(feedback, is_right=is_right) or WRONG


def _foreseen(feedback: list[Feedback], *, is_right: bool) -> str | None:
    """Return an expected answer that is right or wrong as asked, or None.

    A pattern, or `*`, cannot be given as an answer.
    """
    for row in feedback:
        is_plain = row.answer != "*" and row.answer.replace(" ", "").isalnum()
        if is_plain and (row.points > 0) == is_right:
            return row.answer.partition(" +-")[0]
    return None
