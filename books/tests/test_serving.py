"""What is served of a release, and to whom."""

import hashlib

import pytest

from bookbinder.tests.support.files import put_away
from books.models import Book, Page
from books.releases import folders, page_head, serving
from conftest import enroll, make_book, make_feedback, make_page, make_user
from grading.models import Attempt, Interactive

PICTURE = f"_feedback/{'ab' * 10}.png"
PAGES = ("numbers", "front")


@pytest.fixture
def files(book, page, data_dir):
    """A release with a protected and a public page, and one file of each kind."""
    make_page(book, "front", access="public", index=2)
    rights = {
        "numbers.html": (["numbers"], False),
        "front.html": (["front"], False),
        "_static/theme.css": ([], True),
        "_static/own.csv": ([], False),
        "_images/both.png": (["numbers", "front"], False),
        "_images/one.png": (["numbers"], False),
        "_downloads/ab/film.mp4": (["numbers"], False),
        PICTURE: ([], False),
        "searchindex.js": ([], False),
        "search.html": ([], False),
    }
    folder = folders.html_folder("tiny", "r1")
    entries = {}
    for path, (docnames, public) in rights.items():
        data = f"<p>{path}</p>".encode()
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        entries[path] = {"sha256": digest, "docnames": docnames, "public": public}
    (folder / "bookbinder.json").write_text("the key")
    book.release.files = entries
    book.release.save()
    return folder


def status(client, path: str, project: str = "tiny") -> int:
    response = client.get(f"/books/{project}/{path}")
    put_away(response)
    return response.status_code


PUBLIC = {"front.html", "_static/theme.css", "_images/both.png"}
CLOSED = {"numbers.html", "_images/one.png", "_downloads/ab/film.mp4"}
OF_PROJECT = {"_static/own.csv", "searchindex.js", "search.html"}


@pytest.mark.parametrize("name", [None, "eve"])
def test_a_stranger_gets_public_files_alone(client, as_user, files, name, request):
    if name:
        as_user(request.getfixturevalue(name))
    assert {status(client, path) for path in PUBLIC} == {200}
    assert {status(client, path) for path in CLOSED | OF_PROJECT} == {403}
    assert status(client, PICTURE) == 404


def test_the_search_of_a_public_book_is_for_everybody(client, files, book):
    book.pages.update(access="public")
    assert {status(client, path) for path in OF_PROJECT} == {200}
    make_page(make_book("second", project="tiny", url="second"), "closed")
    assert {status(client, path) for path in OF_PROJECT} == {403}


@pytest.mark.parametrize("name", ["sam", "ines", "ada", "root"])
def test_members_get_the_book_and_the_projects_files(as_user, files, name, request):
    client = as_user(request.getfixturevalue(name))
    assert {status(client, path) for path in PUBLIC | CLOSED | OF_PROJECT} == {200}


def test_a_student_of_another_book_gets_public_files_alone(as_user, files, sam, db):
    other = make_book("other")
    make_page(other, "numbers")
    client = as_user(make_user("olaf"))
    enroll(make_user("otto"), other.courses.create(name="X"))
    client = as_user(other.courses.get().enrollments.get().user)
    assert status(client, "numbers.html") == 403
    assert status(client, "searchindex.js") == 403
    assert status(client, "_images/one.png") == 403


def test_nobody_learns_which_files_a_closed_book_has(client, as_user, files, sam):
    one, none = (client.get(f"/books/tiny/_images/{name}.png") for name in ("one", "none"))
    assert one.content.replace(b"one.png", b"none.png") == none.content
    assert status(as_user(sam), "_images/none.png") == 404


@pytest.mark.parametrize(
    "path", ["search.html", "genindex.html", "_images/one.png", "_static/own.csv"]
)
def test_search_and_files_lead_strangers_on(client, as_user, files, eve, path):
    shown = client.get(f"/books/tiny/{path}").content.decode()
    assert "/accounts/login/?next=/books/tiny/" in shown
    assert 'href="/books/tiny/#courses"' in shown
    shown = as_user(eve).get(f"/books/tiny/{path}").content.decode()
    assert "You are signed in, but not enrolled." in shown
    assert 'href="/books/tiny/#courses"' in shown


def test_a_closed_download_that_is_html_is_no_page(client, files, book):
    entry = {"sha256": "0" * 64, "docnames": ["numbers"], "public": False}
    release = type(book.release).objects.get(pk=book.release_id)
    release.files["_downloads/cd/demo.html"] = entry
    release.save()
    serving._files.cache_clear()
    there, not_there = (
        client.get(f"/books/tiny/_downloads/cd/{name}.html").content for name in ("demo", "none")
    )
    assert there.replace(b"demo", b"none") == not_there


def test_what_a_book_does_not_have_leads_to_the_book(client, files):
    missing = client.get("/books/tiny/nothing.html")
    assert missing.status_code == 404
    assert 'href="/books/tiny/"' in missing.content.decode()
    assert 'href="/books/nothing/"' not in client.get("/books/nothing/x.html").content.decode()


def test_a_closed_page_says_how_to_come_in(client, files, page):
    response = client.get("/books/tiny/numbers.html")
    text = response.content.decode()
    assert "is for people who are enrolled in one of its courses" in text
    assert "/accounts/login/?next=/books/tiny/numbers.html" in text
    assert "<p>numbers.html</p>" not in text


@pytest.mark.parametrize(
    "path",
    [
        "bookbinder.json",
        "../bookbinder.json",
        "..%2f..%2f..%2fdb.sqlite3",
        ".doctrees/environment.pickle",
        "_sources/numbers.rst.txt",
        "nothing.html",
    ],
)
def test_what_is_not_in_the_release_does_not_exist(as_user, root, files, path):
    assert status(as_user(root), path) == 404


def test_a_withdrawn_book_is_not_served(as_user, root, files):
    Book.objects.update(release=None)
    assert status(as_user(root), "front.html") == 404


def test_a_file_of_feedback_is_for_who_was_shown_it(
    as_user, files, adding, enrollment, course, eve
):
    shown = make_feedback(adding, "6", feedback=f'<img src="{PICTURE}">', index=3)
    assert status(as_user(enrollment.user), PICTURE) == 404
    Attempt.objects.create(enrollment=enrollment, question=adding, string="6", feedback=shown)
    assert status(as_user(enrollment.user), PICTURE) == 200
    assert status(as_user(eve), PICTURE) == 404
    Interactive.objects.create(course=course, question=adding, provide_feedback=False)
    assert status(as_user(enrollment.user), PICTURE) == 404


def test_a_file_of_a_choices_feedback_is_for_who_took_it(as_user, files, adding, enrollment):
    adding.grader, adding.options = "choice", {"multiple": True}
    adding.save()
    make_feedback(adding, "a", key="a", feedback=f'<img src="{PICTURE}">', index=3)
    Attempt.objects.create(enrollment=enrollment, question=adding, string='["aa", "b"]')
    assert status(as_user(enrollment.user), PICTURE) == 404
    Attempt.objects.create(enrollment=enrollment, question=adding, string='["A", "b"]')
    assert status(as_user(enrollment.user), PICTURE) == 404
    Attempt.objects.create(enrollment=enrollment, question=adding, string='["a", "b"]')
    assert status(as_user(enrollment.user), PICTURE) == 200
    enrollment.status = "ended"
    enrollment.save()
    assert status(as_user(enrollment.user), PICTURE) == 404


def test_authors_see_files_of_feedback(as_user, files, adding, ada):
    make_feedback(adding, "6", feedback=f'<img src="{PICTURE}">', index=3)
    assert status(as_user(ada), PICTURE) == 200


def test_protected_files_are_kept_by_nobody_and_asked_for_again(as_user, files, sam):
    client = as_user(sam)
    response = client.get("/books/tiny/numbers.html")
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Content-Type"] == "text/html; charset=utf-8"
    again = client.get("/books/tiny/numbers.html", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    public = client.get("/books/tiny/_static/theme.css")
    assert "public" in public["Cache-Control"]
    for one in (response, public):
        put_away(one)


@pytest.mark.parametrize(
    ("asked", "code", "content"),
    [
        ("bytes=3-6", 206, b"_dow"),
        ("bytes=-4", 206, b"</p>"),
        ("bytes=21-", 206, b".mp4</p>"),
        ("bytes=3-999", 206, b"_downloads/ab/film.mp4</p>"),
        ("bytes=500-600", 200, b"<p>_downloads/ab/film.mp4</p>"),
        ("lines=1-2", 200, b"<p>_downloads/ab/film.mp4</p>"),
        ("bytes=-", 200, b"<p>_downloads/ab/film.mp4</p>"),
    ],
)
def test_a_part_of_a_film_can_be_asked_for(as_user, files, sam, asked, code, content):
    response = as_user(sam).get("/books/tiny/_downloads/ab/film.mp4", headers={"Range": asked})
    assert response.status_code == code
    assert b"".join(response.streaming_content) == content
    put_away(response)


def test_behind_nginx_the_file_is_handed_over(as_user, files, sam, settings):
    settings.X_ACCEL_PREFIX = "/protected/"
    response = as_user(sam).get("/books/tiny/_images/one.png")
    assert response["X-Accel-Redirect"] == "/protected/tiny/r1/html/_images/one.png"
    assert (response["Content-Type"], response.content) == ("image/png", b"")
    assert status(as_user(make_user("eva")), "_images/one.png") == 403


def test_a_page_costs_four_queries(as_user, files, sam, django_assert_max_num_queries):
    client = as_user(sam)
    status(client, "numbers.html")
    with django_assert_max_num_queries(4):
        assert status(client, "numbers.html") == 200


def test_a_themes_file_costs_one_query(as_user, files, sam, django_assert_max_num_queries):
    client = as_user(sam)
    status(client, "numbers.html")
    with django_assert_max_num_queries(1):
        assert status(client, "_static/theme.css") == 200


def test_a_page_is_found_by_its_document_in_each_layout(db):
    one, folder, free = (
        make_book("one"),
        make_book("many", url="algebra"),
        make_book("many2", url=""),
    )
    for book, url in ((one, "a/b"), (folder, "a/b"), (free, "about")):
        make_page(book, url, title=f"{book.project} {url}")
    assert Page.objects.at("one", "a/b").get().title == "one a/b"
    assert Page.objects.at("many", "algebra/a/b").get().title == "many a/b"
    assert Page.objects.at("many2", "about").get().docname == "about"
    assert not Page.objects.at("many", "a/b").exists()
    assert not Page.objects.at("one", "one/a/b").exists()
    assert Page.objects.at("many", "algebra/a/b").get().docname == "algebra/a/b"


def test_the_script_and_the_stylesheet_are_added_once():
    html = page_head.add(b"<html><head><title>x</title></head><body></head></body></html>")
    assert html.count(b"reader.js") == 1
    assert html.index(b"reader.js") < html.index(b"<body>")
    assert b"reader.js" in page_head.add(b"no head")


@pytest.mark.parametrize(
    "path", ["v2/bookbinder.json", "v2/_sources/a.txt", "v2/_feedback/x.png", "_feedback/x.png"]
)
def test_a_release_of_an_older_version_serves_no_build_in_a_build(as_user, root, files, path):
    (files / path).parent.mkdir(parents=True, exist_ok=True)
    (files / path).write_text("the key")
    release = Book.objects.get(project="tiny").release
    release.files[path] = {"sha256": "0" * 64, "docnames": [], "public": True}
    release.save()
    serving._files.cache_clear()
    assert status(as_user(root), path) == 404
