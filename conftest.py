"""Fixtures and factories that the tests share.

The people: ada wrote the book, ines teaches the course on it, sam is enrolled in the course, eve
has no rights, and root is an admin.
"""

import os
import time
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from accounts import limits
from accounts.models import User
from annotations import page_texts
from annotations.models import Annotation
from annotations.rendering import body_fields
from bookbinder.tests.support import built_once
from books.models import Author, Book, Feedback, Page, Question, Release
from books.releases import folders, serving
from grading import scores
from grading.models import Answer, Attempt, Course, Enrollment, Instructor, Override

pytest_plugins = [
    "bookbinder.tests.support.editions",
    "bookbinder.tests.support.fixtures",
    "bookbinder.tests.support.oidc",
    "bookbinder.tests.support.stripe",
]
PASSWORD = "correct horse battery"


def pytest_addoption(parser: pytest.Parser) -> None:
    what = "run only the tests that use the database; the others do not depend on which one it is"
    parser.addoption("--database", action="store_true", help=what)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--database"):
        return
    config.hook.pytest_deselected(items=[one for one in items if not _uses_database(one)])
    items[:] = [one for one in items if _uses_database(one)]


def _uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"}
    names = set(getattr(item, "fixturenames", ()))
    return bool(names & fixtures) or item.get_closest_marker("django_db") is not None


def make_user(name: str, **over: Any) -> User:
    """Create a user with the password `PASSWORD` who has agreed to the current site policy."""
    agreed = {"policy_version": settings.BOOKBINDER_POLICY_VERSION}
    fields = {"first_name": name.title(), "last_name": "Tester"} | agreed | over
    return User.objects.create_user(f"{name}@example.org", PASSWORD, **fields)


def make_book(name: str = "tiny", **over: Any) -> Book:
    """Create a book with a published release, whose files may be given as `files`."""
    release = Release.objects.create(project=name, folder="r1", files=over.pop("files", {}))
    fields = {"project": name, "url": name, "title": name.title(), "release": release} | over
    return Book.objects.create(**fields)


def make_page(book: Book, url: str = "numbers", **over: Any) -> Page:
    fields = {"title": url.title(), "index": 1, "source_id": uuid.uuid4().hex[:10]} | over
    return Page.objects.create(book=book, url=url, **fields)


def make_question(page: Page, label: str = "adding", **over: Any) -> Question:
    fields = {"grader": "number", "points_possible": Decimal(2), "prompt": "What is 2 + 2?"} | over
    return Question.objects.create(page=page, label=label, **fields)


def make_feedback(question: Question, answer: str, **over: Any) -> Feedback:
    fields = {"feedback": f"<p>About {answer}.</p>", "points": Decimal(0)} | over
    return Feedback.objects.create(question=question, answer=answer, **fields)


def make_course(book: Book, name: str = "Autumn", **over: Any) -> Course:
    return Course.objects.create(book=book, name=name, **over)


def enroll(user: User, course: Course, **over: Any) -> Enrollment:
    return Enrollment.objects.create(course=course, user=user, **({"origin": "free"} | over))


def make_attempt(
    enrollment: Enrollment, question: Question, string: str = "4", **over: Any
) -> Attempt:
    """Create an attempt without the score that it gives."""
    fields = {"points": Decimal(2)} | over
    return Attempt.objects.create(enrollment=enrollment, question=question, string=string, **fields)


def make_answer(
    enrollment: Enrollment, question: Question, string: str = "4", **over: Any
) -> Answer:
    """Create an attempt, and return the answer with its score."""
    make_attempt(enrollment, question, string, **over)
    return refreshed(enrollment, question)


def refreshed(enrollment: Enrollment, question: Question) -> Answer:
    """Derive a score again, and return the answer."""
    with transaction.atomic():
        scores.refresh([enrollment.pk], [question.pk])
    return Answer.objects.get(enrollment=enrollment, question=question)


def make_override(answer: Answer, points: Any, **over: Any) -> Answer:
    """Set the points of an answer by hand, and return the answer."""
    fields = {"points": Decimal(points)} | over
    Override.objects.create(enrollment=answer.enrollment, question=answer.question, **fields)
    return refreshed(answer.enrollment, answer.question)


WORDS = "The quick brown fox jumps over the lazy dog. It never looks back at it."


def lay_page(page: Page, body: str = f"<p>{WORDS}</p>") -> None:
    """Write a page's published file to where its release has it."""
    assert page.book.release is not None
    folder = folders.html_folder(page.book.project, page.book.release.folder)
    file = folder / f"{page.docname}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'<html><head></head><body><div class="body">{body}</div></body></html>')


def make_note(user: User, page: Page, body: str = "Hm.", **over: Any) -> Annotation:
    """Return a note on "quick brown fox" on a page that `lay_page` has written."""
    passage = {"quote": "quick brown fox", "start": 4, "end": 19}
    fields = passage | {f"orig_{name}": value for name, value in passage.items()}
    fields |= {"book": page.book, "motivation": "commenting", "audience": "private"}
    fields |= body_fields(body) | over
    return Annotation.objects.create(user=user, page=page, **fields)


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path, monkeypatch):
    """Give each test its own data folder, and let passwords and `os.sync` take no time."""
    monkeypatch.setattr(os, "sync", bool)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.BOOKBINDER_DATA_DIR = tmp_path / "data"
    settings.BOOKBINDER_DATA_DIR.mkdir()
    # The cache may contain entries for the same primary keys in other tests' databases, and their
    # counts of attempts.
    cache.clear()
    # Attempts are counted per minute and per hour. The clock stands still, so that no new period
    # begins during a test.
    now = time.time()
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: now))
    for cached in (serving._files, page_texts._published, page_texts._ids):
        cached.cache_clear()
    return settings.BOOKBINDER_DATA_DIR


@pytest.fixture(autouse=True)
def builds_once(request, monkeypatch) -> None:
    """Let equal source folders be built once, unless the build is what the test is about."""
    if request.node.get_closest_marker("builds") is None:
        monkeypatch.setattr("books.sources.build.build", built_once.build)


@pytest.fixture
def ada(book) -> User:
    user = make_user("ada")
    Author.objects.create(book=book, user=user)
    return user


@pytest.fixture
def ines(course) -> User:
    user = make_user("ines")
    Instructor.objects.create(course=course, user=user)
    return user


@pytest.fixture
def sam(course) -> User:
    user = make_user("sam")
    enroll(user, course)
    return user


@pytest.fixture
def eve(db) -> User:
    return make_user("eve")


@pytest.fixture
def root(db) -> User:
    return make_user("root", type=User.Type.ADMIN)


@pytest.fixture
def book(db) -> Book:
    return make_book()


@pytest.fixture
def page(book) -> Page:
    return make_page(book)


@pytest.fixture
def adding(page) -> Question:
    """A number question that expects 4, for two points, and has feedback on anything else."""
    question = make_question(page)
    make_feedback(question, "4", points=Decimal(2), index=0)
    make_feedback(question, "*", index=1)
    return question


@pytest.fixture
def course(book) -> Course:
    return make_course(book)


@pytest.fixture
def enrollment(sam, course) -> Enrollment:
    return Enrollment.objects.get(user=sam, course=course)


@pytest.fixture
def as_user(client):
    """Return a function that signs a user in and returns the test client."""

    def sign_in(user: User) -> Any:
        client.force_login(user, backend="accounts.access.RulesBackend")
        return client

    return sign_in
