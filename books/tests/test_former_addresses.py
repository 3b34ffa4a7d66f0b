"""Old addresses of pages lead to where the pages are now, or say that they are gone."""

import hashlib

import pytest

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.manifests import make_feedback, make_manifest, make_question
from bookbinder.tests.support.manifests import make_page as new_page
from bookbinder.tests.support.syncing import sync
from books.models import Book, FormerAddress, Page, Question
from conftest import enroll, make_course, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bring_in(tmp_path):
    """Return a function that publishes an edition whose pages are given as `id=url`."""

    def publish(access: str = "", labels: dict[str, str] | None = None, **urls: str) -> None:
        pages: list[m.Page] = []
        for page_id, url in urls.items():
            html = f"<html><head></head><body><p>{page_id}</p></body></html>"
            (tmp_path / f"{url}.html").parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / f"{url}.html").write_text(html)
            label = (labels or {}).get(page_id, page_id)
            was = {"was": page_id} if label != page_id else {}
            questions = (make_question(label=label, feedback=(make_feedback(),), **was),)
            sha256 = hashlib.sha256(html.encode()).hexdigest()
            pages.append(
                new_page(
                    url, page_id=page_id, access=access, sha256=sha256, index=len(pages) + 1,
                    title=page_id.title(), questions=questions,
                )
            )  # fmt: skip
        (tmp_path / m.FILE_NAME).write_bytes(m.dumps(make_manifest(*pages, files={})))
        code, out, err = sync(tmp_path, "--noinput", "--delete-user-data")
        assert code == 0, out + err

    return publish


@pytest.fixture
def reader(client, bring_in):
    """A student's test client, after the first edition."""
    bring_in(acids="acids", bases="bases", salts="salts")
    client.force_login(member(), backend="accounts.access.RulesBackend")
    return client


def member():
    user = make_user("sam")
    enroll(user, make_course(Book.objects.get()))
    return user


def target(client, url: str, query: str = "") -> str:
    """Return where an address leads, in one step."""
    response = client.get(f"/books/tiny/{url}.html{query}")
    if response.status_code == 200:
        return f"here: {b''.join(response.streaming_content).decode().partition('<p>')[2][:5]}"
    if response.status_code == 302:
        assert response["Cache-Control"] == "no-cache"
        return response.url
    return str(response.status_code)


def test_an_old_address_leads_to_the_page_in_one_step_after_several_renames(reader, bring_in):
    for url in ("one", "two/three", "four"):
        bring_in(acids=url, bases="bases", salts="salts")
    for url in ("acids", "one", "two/three"):
        assert target(reader, url) == "/books/tiny/four.html"
    assert target(reader, "acids", "?course=1") == "/books/tiny/four.html?course=1"
    assert target(reader, "four") == "here: acids"
    assert target(reader, "never") == "404"


def test_an_address_that_a_page_has_today_is_that_page(reader, bring_in):
    bring_in(acids="bases", bases="acids", salts="salts")
    assert target(reader, "acids") == "here: bases"
    assert target(reader, "bases") == "here: acids"
    bring_in(acids="salts", bases="acids", salts="bases")
    assert [target(reader, url) for url in ("acids", "bases", "salts")] == [
        "here: bases", "here: salts", "here: acids",
    ]  # fmt: skip


def test_of_two_pages_the_one_that_had_it_last_counts(reader, bring_in):
    bring_in(acids="new", bases="bases", salts="salts")
    bring_in(acids="new", bases="acids", salts="salts")
    bring_in(acids="new", bases="bases", salts="salts")
    assert target(reader, "acids") == "/books/tiny/bases.html"


def test_a_site_that_goes_back_has_the_old_addresses(reader, bring_in):
    bring_in(acids="new", bases="bases", salts="salts")
    bring_in(acids="acids", bases="bases", salts="salts")
    assert target(reader, "acids") == "here: acids"
    assert target(reader, "new") == "/books/tiny/acids.html"


def test_a_page_that_is_gone_says_so_with_the_contents(reader, bring_in):
    bring_in(acids="new", bases="bases", salts="salts")
    bring_in(bases="bases", salts="salts")
    for url in ("acids", "new"):
        response = reader.get(f"/books/tiny/{url}.html")
        assert (response.status_code, response["Cache-Control"]) == (410, "no-cache")
        assert 'href="/books/tiny/bases.html"' in response.content.decode()


def test_rights_are_checked_first(reader, client, bring_in):
    bring_in(acids="new", bases="bases")
    client.logout()
    for user in (None, make_user("eve")):
        if user:
            client.force_login(user, backend="accounts.access.RulesBackend")
        response = client.get("/books/tiny/acids.html")
        assert response.status_code == 403 and "new.html" not in response.content.decode()
        assert client.get("/books/tiny/salts.html").status_code == 404
        assert client.get("/answer/tiny/acids").status_code in (302, 403)


def test_anybody_is_led_to_public_pages_and_told_that_they_are_gone(client, db, bring_in):
    bring_in("public", acids="acids", bases="bases")
    bring_in("public", acids="new")
    assert target(client, "acids") == "/books/tiny/new.html"
    assert target(client, "bases") == "410"


def test_the_pages_without_javascript_move_too(reader, bring_in):
    bring_in(acids="new", bases="bases", salts="salts")
    assert reader.get("/answer/tiny/acids").url == "/answer/tiny/new"
    assert reader.get("/notes/on/tiny/acids").url == "/notes/on/tiny/new"


def test_an_address_that_is_somebody_elses_now_leads_nobody_away(reader, client, bring_in):
    """A page has the address, but this person may not read it."""
    bring_in(acids="new", bases="acids", salts="salts")
    Page.objects.filter(url="new").update(access="public")
    client.logout()
    client.force_login(make_user("eve"), backend="accounts.access.RulesBackend")
    assert client.get("/answer/tiny/acids").status_code == 404


def test_former_labels_of_questions_are_told(reader, bring_in):
    bring_in(acids="acids", bases="bases", salts="salts", labels={"acids": "ph"})
    question = Question.objects.get(label="ph")
    assert question.former_labels == ["acids"]
    state = reader.get("/api/state/tiny/acids").json()
    assert [(one["label"], one["former_labels"]) for one in state["questions"]] == [
        ("ph", ["acids"])
    ]
    bring_in(acids="acids", bases="bases", salts="salts")  # back, by its text
    question.refresh_from_db()
    assert (question.label, question.former_labels) == ("acids", ["ph"])


def test_withdrawn_books_lead_nowhere(reader, bring_in):
    bring_in(acids="new", bases="bases", salts="salts")
    Book.objects.update(release=None)
    assert FormerAddress.objects.exists() and target(reader, "acids") == "404"
