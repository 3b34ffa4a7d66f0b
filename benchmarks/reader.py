"""The reader in Chromium: the size of our scripts and styles, and the time of the main thread.

The page is real: built by Sphinx, published by a sync, served by gunicorn with production
settings, and read by a student who has answered half of its questions, with 200 notes on it.

Size: each of our scripts and style sheets that the browser requested is requested again with
`Accept-Encoding: gzip`, and the bytes that are transferred are counted.

Time: the response to the state call is held back until the page is idle. Measured is everything
that the main thread does from then until it is idle again (Chromium's `TaskDuration`, in CPU time
of the thread, so that other load on the machine adds little): parsing the response, our scripts,
and the styles, layout and paint that they cause. The time of the same page without our script is
subtracted. The result is the best of several views, with the scripts in the browser's cache.
"""

import tempfile
import urllib.request
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import BrowserContext, Page, sync_playwright

from accounts.models import User
from annotations import page_texts, writing
from annotations.drafts import Draft, Selector
from annotations.models import Annotation
from benchmarks import book
from benchmarks.figures import RUNS, Bound
from benchmarks.serving import serving
from bookbinder.tests.e2e import chromium
from books.models import Page as BookPage
from books.models import Question
from grading import answering
from grading.models import Course, Enrollment

NOTES = 200
LONGEST = 150  # code points of a passage
KB = 1_000
OURS = ("/static/bookbinder/", "/static/books/", "/static/annotations/")
PATH = "/books/long/long.html"
STATE = "/api/state/long/long"
NAMES = ("TaskDuration", "LayoutDuration", "RecalcStyleDuration")
REST = 400  # milliseconds without work, after which a page counts as idle
Times = dict[str, float]


def fill() -> User:
    """Publish the book, and return a student who has answered every second question.

    Notes by this student and a classmate are all over the page.
    """
    with tempfile.TemporaryDirectory() as folder:
        build = book.build(Path(folder))
        call_command("sphinx_sync", str(build), "--noinput", stdout=StringIO(), stderr=StringIO())
    page = BookPage.objects.select_related("book__release").get(url="long")
    course = Course.objects.create(book=page.book, name="Benchmark", course_notes="named")
    sam, mate = (make_student(course, name) for name in ("sam", "mate"))
    for question in Question.objects.filter(page=page, grader="number"):
        answering.answer(sam, question, str(question.index), uuid4())
    write_notes(page, course, (sam, mate))
    return sam


def make_student(course: Course, name: str) -> User:
    user = User.objects.create_user(f"{name}@bench.example", None, first_name=name, last_name="B")
    Enrollment.objects.create(course=course, user=user, origin="free")
    return user


def write_notes(page: BookPage, course: Course, people: tuple[User, User]) -> None:
    """Create notes of a few lines each, every second one by a classmate."""
    text = page_texts.of(page).text
    for number in range(NOTES):
        start = number * (len(text) - LONGEST) // NOTES
        end = start + 3 + number * 37 % (LONGEST - 3)
        selector = Selector(text[start:end], start, end)
        audience, course_id = ("course", course.pk) if number % 2 else ("private", None)
        body = f"What does **this** mean, and why is it so in case {number}?\n\nSee above."
        draft = Draft("commenting", body, audience, course_id, selector=selector, uuid=uuid4())
        writing.create(people[number % 2], page, draft)
    assert Annotation.objects.count() == NOTES


def session_of(user: User) -> str:
    """Sign in a user, and return the value of the session cookie."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def metrics(session: Any) -> Times:
    """Return Chromium's metrics in `NAMES`, in milliseconds."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] * 1000 for one in found if one["name"] in NAMES}


def at_rest(page: Page, session: Any) -> Times:
    """Wait until the main thread is idle, and return its `metrics`."""
    before = metrics(session)
    while True:
        page.wait_for_timeout(REST)
        now = metrics(session)
        if now["TaskDuration"] - before["TaskDuration"] < 2:
            return now
        before = now


class Visit:
    """One view of the page, with the response to the state call held back until it is idle."""

    def __init__(self, context: BrowserContext, *, with_script: bool) -> None:
        self.asked: list[str] = []
        page = context.new_page()
        page.on("request", lambda request: self.asked.append(urlsplit(request.url).path))
        held: list[Any] = []
        page.route(f"**{STATE}", lambda route: held.append(route))
        if not with_script:
            page.route("**/static/bookbinder/reader.js", lambda route: route.abort())
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(PATH, wait_until="load")
        before = at_rest(page, session)
        for route in held:
            route.continue_()
        if with_script:
            page.wait_for_timeout(REST)
        after = at_rest(page, session)
        self.times = {name: after[name] - before[name] for name in NAMES}
        self.check(page, with_script)
        page.close()

    def check(self, page: Page, with_script: bool) -> None:
        """Check that the page has all its questions and, with our script, all notes and the bar."""
        count = page.evaluate("(css) => document.querySelectorAll(css).length", "form")
        assert count >= book.QUESTIONS, count
        drawn = page.evaluate(
            "['mine', 'course'].map((kind) => CSS.highlights.get(`bookbinder-${kind}`)?.size ?? 0)"
        )
        assert sum(drawn) == (NOTES if with_script else 0), drawn
        assert page.locator(".bookbinder-bar").count() == with_script


def weigh(site: str, path: str) -> int:
    """Return how many bytes are transferred to a browser for a file."""
    request = urllib.request.Request(site + path, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as reply:
        return len(reply.read())


def weight(site: str, asked: list[str]) -> Bound:
    """Return the total size of our files among the requested paths."""
    ours = {path: weigh(site, path) for path in sorted(set(asked)) if path.startswith(OURS)}
    scripts = sum(size for path, size in ours.items() if path.endswith(".js"))
    styles = sum(ours.values()) - scripts
    note = f"{len(ours)} files: scripts {scripts / KB:.1f} kB, styles {styles / KB:.1f} kB"
    return Bound("our scripts and styles, as served", sum(ours.values()) / KB, "kB", 32, note)


def best(visits: list[Visit]) -> Times:
    """Return the times of the visit with the shortest total time."""
    return min((one.times for one in visits), key=lambda times: times["TaskDuration"])


def work(visits: list[tuple[Visit, Visit]], size: int) -> Bound:
    """Return the time for our script; each pair is a visit with it and one without it."""
    ours, floor = (best([pair[which] for pair in visits]) for which in (0, 1))
    layout, style = ours["LayoutDuration"], ours["RecalcStyleDuration"]
    note = (
        f"of it layout {layout:.0f}, style {style:.0f} ms; "
        f"taken off: {floor['TaskDuration']:.1f} ms of the page without it"
    )
    name = (
        f"main thread from the state on: {size // KB} kB, {book.QUESTIONS} questions, {NOTES} notes"
    )
    return Bound(name, ours["TaskDuration"] - floor["TaskDuration"], "ms", 100, note)


def measure() -> list[Bound]:
    chromium.ensure()
    session = session_of(fill())
    with serving() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(base_url=site)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": session, "url": site}])
        size = len(context.request.get(PATH).body())
        visits = [
            (Visit(context, with_script=True), Visit(context, with_script=False))
            for _run in range(RUNS)
        ]
        browser.close()
        asked = visits[0][0].asked
        calls = [path for path in asked if path.startswith("/api/")]
        assert calls == [STATE], calls
        return [
            weight(site, asked),
            Bound("calls of the API for one page view", len(calls), "", 1),
            work(visits, size),
        ]
