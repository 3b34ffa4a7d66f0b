"""The answer key never reaches a browser: nobody sees a word of it but as the table says.

The table is `secret_book.MAY_SEE`.
"""

import logging
import re
import uuid
from pathlib import Path

import pytest
import re2
from django.core import mail
from django.test import Client

from annotations import mail as notes_mail
from annotations.models import Annotation
from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import builds, roles, secret_book, secret_walk
from bookbinder.tests.support.admin_pages import change_form, feedback_data
from bookbinder.tests.support.syncing import sync
from books.models import Book, Feedback, Question
from books.releases import previews
from conftest import make_course
from grading import answering, invitations
from grading.models import Attempt, Invitation

pytestmark = pytest.mark.sphinx
THEMES = ("alabaster", "furo", "pydata_sphinx_theme")


class Edition:
    """A build of the secret book, and its key."""

    def __init__(self, folder: Path, seed: int, right: str, theme: str) -> None:
        self.key = secret_book.write(folder / "source", seed, right, theme)
        self.folder = folder / "out"
        self.manifest = builds.build(folder / "source", self.folder)

    def published(self) -> dict[str, bytes]:
        """Return what the manifest lets a server publish, but pictures of replies."""
        pages = [f"{page.docname}.html" for page in self.manifest.pages()]
        paths = [path for path in self.manifest.files if not path.startswith("_feedback/")]
        return {path: (self.folder / path).read_bytes() for path in (*pages, *paths)}


@pytest.fixture(scope="module", params=THEMES)
def twins(request, tmp_path_factory) -> tuple[Edition, Edition]:
    """Two books that differ in their keys alone."""
    folder = tmp_path_factory.mktemp("twins")
    return (
        Edition(folder / "one", 1, "vaasa", request.param),
        Edition(folder / "two", 2, "kemi", request.param),
    )


def test_what_is_published_is_the_same_whatever_the_key(twins):
    one, two = twins
    assert one.published() == two.published()
    assert len(one.key.secrets) > 60
    key = (one.folder / m.FILE_NAME).read_text()
    for secret in one.key.secrets:
        known = key if secret.kind not in (secret_book.PICTURE, secret_book.FILE) else secret.word
        assert secret.word in known
        for path, data in one.published().items():
            assert secret.word not in path and secret.word.encode() not in data, path


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> Edition:
    return Edition(tmp_path_factory.mktemp("secret"), 3, "vaasa", "alabaster")


@pytest.fixture
def site(db, edition, other, data_dir):
    """Everybody's clients, the keys of rows, and a preview's token, on a site that was used."""
    assert sync(edition.folder, "--noinput")[0] == 0
    book = Book.objects.get(project="tiny")
    course = make_course(book, "Autumn", join_code="autumn-2026")
    people = roles.people(book, course, other)
    student = people["student"]
    questions = {one.label: one for one in Question.objects.filter(page__book=book)}
    keys = roles.rows(student, course, questions["manual"])
    keys |= {"course": course.pk, "paid": make_course(book, "Paid", price=100).pk, "book": book.pk}
    given = {
        **{label: edition.key.met(label) for label in ("text", "number", "open", "regex")},
        "choice": "turku",
        "several": ["turku"],
    }
    for label, answer in given.items():
        answering.answer(student, questions[label], answer, uuid.uuid4())
    matched = Attempt.objects.filter(feedback__isnull=False)
    assert matched.count() == len(given)
    clients = {role: Client(raise_request_exception=False) for role in roles.ROLES}
    for role, client in clients.items():
        if people[role]:
            client.force_login(people[role], backend="accounts.access.RulesBackend")
    _edit(clients["author"], questions["text"])
    # A conflict shows what the source says too.
    Feedback.objects.filter(question=questions["regex"]).update(conflicts="reply")
    address = previews.lay(edition.manifest, edition.folder)
    return clients, keys, address.split("/")[2]


def _edit(author: Client, question: Question) -> None:
    """Change the replies to the foreseen answers, as an author does: the history tells it."""
    rows = [
        {"answer": one.answer, "points": one.points, "text": f"{one.text.split()[0]}, edited."}
        for one in question.feedback.all()
    ]
    response = author.post(change_form(question), feedback_data(question, *rows))
    assert response.status_code == 302


def test_nobody_sees_a_secret_where_the_table_does_not_say_so(edition, site, caplog):
    caplog.set_level(logging.INFO)
    words = {secret.word: secret for secret in edition.key.secrets}
    any_word = re2.compile("|".join(map(re.escape, words)))  # hundreds of megabytes are searched
    wrong, used = [], set()
    for role, route, path, text in secret_walk.everything(*site):
        for word in sorted(set(any_word.findall(text))):
            lines = secret_book.lines_for(role, words[word], route)
            used |= lines
            if not lines:
                wrong.append(f"{role}: {words[word]} at {path}")
    assert wrong == []
    # Each line of the table is used: one that is wrong would hide what it should show.
    assert used == set(range(len(secret_book.MAY_SEE)))
    assert any_word.findall(caplog.text) == []


def test_a_search_tells_nothing_of_the_key(edition, site):
    """Who searches for a secret finds as many rows as who searches for nonsense."""
    clients, _keys, _token = site
    nonsense = "zzzzzzzzzzzzzz"
    pages = {path for _route, path, _data in secret_walk.actions()}
    pages |= {path for route, path in secret_walk.queries("x") if "autocomplete" in route}
    for role in ("student", "instructor", "author of another book", "author"):
        for path in sorted(pages):
            sign = "&" if "?" in path else "?"
            answers = [
                _without_tokens(secret_walk.ask(clients[role], "get", f"{path}{sign}{name}={word}"))
                .replace(word, nonsense)
                for name in ("q", "term")
                for word in (nonsense, edition.key.secrets[1].word)
            ]  # fmt: skip
            assert answers[0] == answers[1] and answers[2] == answers[3], (role, path)


def _without_tokens(text: str) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    return re.sub(r"(Set-Cookie|Date|Expires|Last-Modified|Content-Length): .*\n", "", text)


def test_no_letter_tells_a_secret(edition, site):
    _clients, keys, _token = site
    report = Annotation.objects.get(pk=keys["report"])
    notes_mail.tell_of_fix(report)
    assert invitations.send(Invitation.objects.all())
    assert len(mail.outbox) >= 2
    for message in mail.outbox:
        text = str(message.message())
        assert not [one for one in edition.key.secrets if one.word in text]


def test_files_that_tell_of_the_key_are_for_the_server_alone(edition, site, data_dir):
    """What others on the machine may read holds no secret, but pictures under random names."""
    data_dir.chmod(0o755)
    seen = 0
    for path in data_dir.rglob("*"):
        parents = [one for one in path.parents if one.is_relative_to(data_dir)]
        if not all(one.stat().st_mode & 0o001 for one in parents):
            continue
        assert not [one for one in edition.key.secrets if one.word in path.name], path
        if path.is_file() and path.stat().st_mode & 0o004:
            seen += 1
            text = path.read_bytes().decode(errors="replace")
            shown = {one.kind for one in edition.key.secrets if one.word in text}
            assert shown <= ({"picture"} if "_feedback" in path.parts else set()), path
    assert seen > 10


def test_no_url_pattern_is_forgotten():
    asked = {"" if row[2] == "(root)" else row[2] for row in secret_walk.TABLE}
    assert set(roles.routes()) == asked
