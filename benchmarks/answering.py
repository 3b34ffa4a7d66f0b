"""An answer, a page view and a state call, over WSGI, in a book of 1,500 questions."""

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from benchmarks.figures import Bound, Figure, alternate, count_queries
from books.models import Book, Feedback, Page, Question, Release
from books.releases import folders
from grading import scores
from grading.models import Attempt, Course, Enrollment

PAGES = 300
PER_PAGE = 5
FEEDBACK = 4
ANSWERS = 200
Statement = tuple[str, Any]
App = Callable[..., Any]


def fill() -> User:
    """Create the book, one page of it as a file; return a student who has answered half of it."""
    files = {"p0.html": {"sha256": "0" * 64, "docnames": ["p0"], "public": False}}
    release = Release.objects.create(project="bench", folder="r1", files=files)
    path = folders.html_folder("bench", "r1") / "p0.html"
    path.parent.mkdir(parents=True)
    path.write_text("<p>A page.</p>" * 5_000)
    book = Book.objects.create(project="bench", url="bench", title="Bench", release=release)
    pages = Page.objects.bulk_create(
        Page(book=book, url=f"p{n}", title=f"P{n}", index=n, position=n, source_id=f"bench{n}")
        for n in range(PAGES)
    )
    questions = Question.objects.bulk_create(
        Question(page=page, label=f"q{n}", index=n, points_possible=Decimal(2), grader="text")
        for page in pages
        for n in range(PER_PAGE)
    )
    Feedback.objects.bulk_create(
        Feedback(question=one, index=n, answer=f"answer {n}", feedback="<p>Look again.</p>")
        for one in questions
        for n in range(FEEDBACK)
    )
    user = User.objects.create_user("bench@example.org", None, first_name="B", last_name="L")
    course = Course.objects.create(book=book, name="Benchmark")
    enrollment = Enrollment.objects.create(course=course, user=user, origin="free")
    half = questions[: len(questions) // 2]
    Attempt.objects.bulk_create(
        Attempt(
            enrollment=enrollment,
            question=one,
            string="answer 1",
            points=Decimal(1),
            received_at=timezone.now() - timedelta(days=1),  # within no limit
        )
        for one in half
    )
    with transaction.atomic():
        scores.refresh([enrollment.pk], [one.pk for one in half])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return user


def session_of(user: User) -> tuple[str, str]:
    """Sign a user in; return the cookies, as a header has them, and the CSRF token."""
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(user)
    client.get("/api/state/bench/p0")
    cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
    return cookies, client.cookies["csrftoken"].value


class Browser:
    """Sends requests of a signed-in student straight to the WSGI application."""

    def __init__(self, user: User) -> None:
        cookies, token = session_of(user)
        self.app = get_wsgi_application()
        self.common = {
            "HTTP_COOKIE": cookies,
            "HTTP_X_CSRFTOKEN": token,
            "HTTP_HOST": settings.ALLOWED_HOSTS[0],
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
        }

    def environ(self, path: str, data: Any = None) -> dict[str, Any]:
        """Return the WSGI environment of a GET, or of a POST of `data` as JSON."""
        body = b"" if data is None else json.dumps(data).encode()
        return self.common | {
            "REQUEST_METHOD": "GET" if data is None else "POST",
            "PATH_INFO": path,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }

    def get(self, path: str) -> None:
        send(self.app, self.environ(path))


def send(app: App, environ: dict[str, Any]) -> None:
    """Read the whole response and close it, as a server does; its status must be 200."""
    statuses = []
    response = app(environ, lambda status, headers, info=None: statuses.append(status))
    for _block in response:
        pass
    getattr(response, "close", bool)()
    assert statuses == ["200 OK"], statuses


def statements_of(work: Callable[[], object]) -> list[Statement]:
    """Return the statements that `work` runs, with their parameters."""
    found: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return found


class BareApp:
    """A WSGI application that runs recorded statements through psycopg, and does nothing else.

    The first statement that locks a row, and all that follow it, are one transaction.
    """

    def __init__(self, recorded: list[list[Statement]]) -> None:
        import psycopg

        params = connection.get_connection_params()
        params.pop("pool", None)
        self.connection = psycopg.connect(**params, autocommit=True)
        self.turns: Iterator[list[Statement]] = iter(())
        self.recorded = recorded

    def begin(self) -> None:
        """Start again from the first recorded request."""
        self.turns = iter(self.recorded)

    def run(self, statements: list[Statement], key: uuid.UUID | None) -> None:
        """Run statements, with `key` in place of each UUID in their parameters."""
        with self.connection.cursor() as cursor:
            for sql, params in statements:
                own = [key if isinstance(one, uuid.UUID) else one for one in params or ()]
                cursor.execute(sql, own)
                if cursor.description:
                    cursor.fetchall()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        key = uuid.UUID(json.loads(body)["client_key"]) if body else None
        statements = next(self.turns)
        locks = (n for n, (sql, _params) in enumerate(statements) if "FOR UPDATE" in sql)
        first = next(locks, len(statements))
        self.run(statements[:first], key)
        if first < len(statements):
            with self.connection.transaction():
                self.run(statements[first:], key)
        reply = json.dumps({"points": 2, "points_possible": 2, "feedback": None, "attempt": 1})
        start_response("200 OK", [("Content-Type", "application/json")])
        return [reply.encode()]


def answers(browser: Browser) -> list[Figure | Bound]:
    """Return the figures of answering questions."""
    questions = list(Question.objects.order_by("pk").values_list("pk", flat=True)[:ANSWERS])

    def posts(app: App) -> None:
        for pk in questions:
            data = {"answer": "answer 1", "client_key": str(uuid.uuid4())}
            send(app, browser.environ(f"/api/questions/{pk}/answers", data))

    def post(pk: int) -> None:
        data = {"answer": "answer 1", "client_key": str(uuid.uuid4())}
        send(browser.app, browser.environ(f"/api/questions/{pk}/answers", data))

    def tidy() -> None:
        Attempt.objects.all().delete()

    recorded = [statements_of(lambda pk=pk: post(pk)) for pk in questions]  # type: ignore[misc]
    tidy()
    bare = BareApp(recorded)

    def tidy_for_bare() -> None:
        tidy()
        bare.begin()

    start = time.perf_counter()
    posts(browser.app)
    a_second = ANSWERS / (time.perf_counter() - start)
    ours, floor = alternate(
        lambda: posts(browser.app),
        lambda: posts(bare),
        before_ours=tidy,
        before_floor=tidy_for_bare,
        clock=time.process_time,
    )
    note = f"{a_second:.0f} answers a second by one process"
    name = f"CPU of {ANSWERS} answers (POST)"
    return [
        Figure(name, ours, "the same statements by psycopg under WSGI", floor, 3, note),
        Bound("one answer", max(map(len, recorded)), "queries", 8),
    ]


def reading(browser: Browser) -> list[Figure | Bound]:
    """Return the figures of page views and state calls."""
    page, state = "/books/bench/p0.html", "/api/state/bench/p150"
    browser.get(page)
    views = count_queries(lambda: browser.get(page))
    Enrollment.objects.update(last_page=None)
    states = count_queries(lambda: browser.get(state))
    bare = BareApp([statements_of(lambda: browser.get(state))] * ANSWERS)

    def calls(app: App) -> None:
        for _n in range(ANSWERS):
            send(app, browser.environ(state))

    ours, floor = alternate(
        lambda: calls(browser.app),
        lambda: calls(bare),
        before_floor=bare.begin,
        clock=time.process_time,
    )
    name = f"CPU of {ANSWERS} state calls, {PAGES * PER_PAGE:,} questions in the book"
    return [
        Bound("one page view, signed in", views, "queries", 4),
        Bound("the state call, with its bookmark", states, "queries", 8),
        Figure(name, ours, "the same statements by psycopg under WSGI", floor, None),
    ]


def measure() -> list[Figure | Bound]:
    browser = Browser(fill())
    return answers(browser) + reading(browser)
