"""Every address and every published file, as everybody: the table is roles.txt."""

from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from bookbinder.tests.support import roles
from books.models import Book, Release
from conftest import lay_page, make_course

pytestmark = pytest.mark.slow

LETTERS = {200: "o", 400: "b", 401: "u", 403: "f", 404: "n", 405: "m", 422: "b", 503: "x"}
TABLE = [
    line.split()
    for line in (Path(__file__).parent / "support/roles.txt").read_text().splitlines()
    if not line.startswith("#")
]
# By path, longest first. Everything of the theme is public, the guide's pictures of feedback are
# for who was shown them, and files of no page are for who may read a protected page.
FILES = {
    "_feedback/": "nnnnnnnoo",
    "_static/": "ooooooooo",
    "cities.html": "fffooofoo",
    "index.html": "fffooofoo",
    "numbers.html": "ooooooooo",
    "genindex.html": "fffooofoo",
    "objects.inv": "fffooofoo",
    "search.html": "fffooofoo",
    "searchindex.js": "fffooofoo",
}


def letter(response) -> str:
    if response.status_code in (301, 302, 303):
        return "l" if response.url.startswith("/accounts/login/") else "r"
    return LETTERS.get(response.status_code, str(response.status_code))


def sessions(people) -> list[Client]:
    clients = [Client(raise_request_exception=False) for _role in roles.ROLES]
    for client, user in zip(clients, people.values(), strict=True):
        if user:
            client.force_login(user, backend="accounts.access.RulesBackend")
    return clients


def ask(client: Client, method: str, path: str) -> str:
    """Ask as somebody, and undo what it did: to the database, and to their session."""
    cookies = client.cookies.output()
    with transaction.atomic():
        answer = letter(getattr(client, method)(path))
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return answer


@pytest.fixture
def world(book, page, adding, course, other):
    """Who asks, and the keys of what they ask for."""
    type(course).objects.filter(pk=course.pk).update(join_code="autumn-2026")
    lay_page(page)
    paid = make_course(book, "Paid", price=100)
    people = roles.people(book, course, other)
    keys = roles.rows(people["student"], course, adding)
    keys |= {"course": course.pk, "paid": paid.pk, "book": book.pk, "page": page.pk}
    keys |= {"question": adding.pk, "release": book.release_id}
    return sessions(people), keys


def test_every_address_answers_everybody_as_the_table_says(world):
    clients, keys = world
    wrong = []
    for get, post, route, path in TABLE:
        for method, expected in (("get", get), ("post", post)):
            found = "".join(ask(client, method, path.format(**keys)) for client in clients)
            if found != expected:
                wrong.append(f"{method} {route}: {found}, not {expected}")
    assert not wrong, "\n".join(wrong)


def test_no_url_pattern_is_missing_from_the_table():
    known = {"" if route == "(root)" else route for _get, _post, route, _path in TABLE}
    assert set(roles.routes()) == known


@pytest.mark.sphinx
def test_every_published_file_is_for_whom_the_table_says(db, live, other):
    book = Book.objects.get(project="tiny-book")
    clients = sessions(roles.people(book, make_course(book, "Autumn"), other))
    files = Release.objects.get(project="tiny-book").files
    assert len(files) > 10
    for path in files:
        (expected,) = {who for start, who in FILES.items() if path.startswith(start)}
        found = ""
        for client in clients:
            response = client.get(f"/books/tiny-book/{path}")
            found += letter(response)
            # Not close(), which would end the tests' database connection too.
            for close in response._resource_closers:
                close()
        assert found == expected, path
