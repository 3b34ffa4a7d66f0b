"""An edition at a private address: real pages, answers that are judged and forgotten."""

import os
import time

import pytest

from bookbinder.site.api import QuestionOut, StateOut
from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import answered, change, everything, sync
from books.models import Author, Book
from books.releases import previews
from conftest import make_user
from grading.models import Answer, Attempt

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def address(live, source):
    """Where the preview of a changed edition is."""
    change(source, "cities.rst", "until 1812", "until about 1812")
    change(source, "cities.rst", "Cities\n", "Towns!\n")
    code, out, _err = sync(source, "--preview")
    assert code == 0, out
    line = next(line for line in out.splitlines() if "/preview/" in line)
    return line[line.index("/preview/") :].rpartition("/")[0]


def content(response) -> bytes:
    return b"".join(response.streaming_content)


@pytest.fixture
def author(live):
    user = make_user("ada")
    Author.objects.create(book=Book.objects.get(), user=user)
    return user


def test_an_author_reads_it_and_nothing_is_live(as_user, author, address):
    before = everything()
    client = as_user(author)
    page = content(client.get(f"{address}/cities.html"))
    assert b"Towns!" in page and b"reader.js" in page
    live = content(client.get("/books/tiny-book/cities.html"))
    assert b"Towns!" not in live
    response = client.get(f"{address}/index.html")
    assert response["Cache-Control"] == "private, no-store" and content(response)
    assert everything() == before


def test_answers_are_judged_by_the_edition_and_forgotten(as_user, author, address):
    client = as_user(author)
    api = address.replace("/preview/", "/api/previews/")
    state = client.get(f"{api}/state/cities").json()
    assert state["is_preview"] and state["book"] == "Tiny Book"
    # All that the scripts ask of a live page, but for the course.
    assert StateOut.model_fields.keys() - state.keys() <= {
        "page",
        "course",
        "courses",
        "is_test",
        "note_rights",
        "notes_next",
    }
    assert (state["user_pk"], state["progress"], state["next"]) == (author.pk, None, None)
    question = next(one for one in state["questions"] if one["label"] == "capital")
    assert question.keys() == QuestionOut.model_fields.keys()
    assert (len(question["version"]), question["can_try"]) == (16, False)
    choice = {"answer": "no-such-choice"}
    url = f"{api}/questions/{question['pk']}/answers"
    assert client.post(url, choice, content_type="application/json").status_code == 400
    manifest = previews.find(author, address.rpartition("/")[2]).manifest
    asked = next(
        one for page in manifest.pages() for one in page.questions if one.label == "capital"
    )
    turku = next(one for one in asked.feedback if one.answer == "Turku")
    reply = client.post(url, {"answer": turku.key}, content_type="application/json").json()
    assert reply["points"] == 0 and "until about 1812" in reply["feedback"]
    assert not Answer.objects.exists() and not Attempt.objects.exists()
    far = f"{api}/questions/99/answers"
    assert client.post(far, choice, content_type="application/json").status_code == 404
    assert client.get(f"{api}/state/no-page").status_code == 404


def test_nobody_else_may_read_it(as_user, client, author, address):
    api = address.replace("/preview/", "/api/previews/")
    answer = answered(name="sam")
    other = make_user("otto", type="author")
    for user in (answer.enrollment.user, other):
        assert as_user(user).get(f"{address}/cities.html").status_code == 404
        assert as_user(user).get(f"{api}/state/cities").status_code == 404
    client.logout()
    assert client.get(f"{address}/cities.html").url.startswith("/accounts/login/")
    assert client.get(f"{api}/state/cities").status_code == 401
    assert content(as_user(make_user("root", type="admin")).get(f"{address}/cities.html"))


def test_only_what_may_be_published_is_there(as_user, author, address):
    client = as_user(author)
    for path in ("bookbinder.json", "../bookbinder.json", "_sources/cities.rst.txt", "x.html"):
        assert client.get(f"{address}/{path}").status_code == 404, path


def test_it_goes_with_the_next_sync(as_user, author, address, source, data_dir):
    assert sync(source, "--noinput")[0] == 0
    assert as_user(author).get(f"{address}/cities.html").status_code == 404
    assert not list((data_dir / "previews").iterdir())


def test_it_goes_after_a_day(as_user, author, address, source, data_dir):
    (folder,) = (data_dir / "previews").iterdir()
    yesterday = time.time() - 25 * 60 * 60
    os.utime(folder, (yesterday, yesterday))
    assert as_user(author).get(f"{address}/cities.html").status_code == 404
    assert sync(source, "--preview")[0] == 0
    assert not folder.exists()


def test_a_preview_needs_no_lock_and_keeps_no_row(live, source, address):
    code, out, _err = sync(source, "--preview", "--format", "json")
    assert code == 0 and out.startswith("{")


def test_an_author_of_one_book_reads_that_one_alone(as_user, tmp_path):
    question = (
        "\n.. question:: q\n\n   Q?\n\n   .. feedback:: the key\n      :points: 1\n\n      Yes.\n"
    )
    source = builds.write_book(
        tmp_path / "two",
        builds.HEAD + 'bookbinder_layout = "folders"\nbookbinder_non_book_pages = ["index"]\n',
        index="T\n=\n\n.. toctree::\n\n   a/index\n   b/index\n",
        a__index="A\n=\n" + question,
        b__index="B\n=\n" + question,
    )
    assert sync(source, "--noinput")[0] == 0
    ada = make_user("ada")
    Author.objects.create(book=Book.objects.get(url="a"), user=ada)
    _code, out, _err = sync(source, "--preview")
    token = out[out.index("/preview/") :].split("/")[2]
    client = as_user(ada)
    assert b"<h1>A" in content(client.get(f"/preview/{token}/a/index.html"))
    for path in ("b/index.html", "index.html", "searchindex.js", "genindex.html"):
        assert client.get(f"/preview/{token}/{path}").status_code == 404, path
    api = f"/api/previews/{token}"
    assert client.get(f"{api}/state/b/index").status_code == 404
    statuses = [
        client.post(f"{api}/questions/{n}/answers", {"answer": "x"}, "application/json").status_code
        for n in (1, 2)
    ]
    assert statuses == [200, 404]
