"""A new edition by hand: previewed, planned, published, and a conflict decided."""

import pytest
from playwright.sync_api import expect

from bookbinder.tests.e2e import axe
from bookbinder.tests.e2e.reading import send_and_read, sign_in
from bookbinder.tests.support import builds
from bookbinder.tests.support.builds import zipped
from bookbinder.tests.support.syncing import change, database_url, sync
from books.models import Author, Book, Edition, Feedback
from conftest import make_user

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]


@pytest.fixture
def admin(published):
    user = make_user("root", type="admin")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    Author.objects.create(book=Book.objects.get(), user=user)
    return user


@pytest.fixture
def changed(source):
    change(source, "cities.rst", "until 1812", "until about 1812")
    return source


def test_an_edition_is_read_before_it_is_live(admin, changed, visit):
    _code, out, _err = sync(changed, "--preview")
    address = next(word for word in out.split() if word.startswith("/preview/"))
    page = visit()
    sign_in(page, admin.email)
    page.goto(address.replace("index.html", "cities.html"))
    expect(page.get_by_role("navigation", name="Book Binder")).to_contain_text("nothing is kept")
    question = page.locator("form[data-label=capital]")
    question.get_by_label("Turku").check()
    send_and_read(question, "until about 1812")
    page.goto("/books/tiny-book/cities.html")
    expect(page.locator("form[data-label=capital]").get_by_role("status")).to_be_empty()


def test_an_upload_is_planned_and_published(admin, changed, visit, tmp_path, monkeypatch, data_dir):
    # The work is done by a real child process, on the tests' own database.
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setenv("BOOKBINDER_DATA_DIR", str(data_dir))
    monkeypatch.setenv("SECRET_KEY", "of the child")
    builds.build(changed, tmp_path / "next")
    (tmp_path / "next.zip").write_bytes(zipped(tmp_path / "next"))
    page = visit()
    sign_in(page, admin.email)
    page.goto("/admin/books/edition/add/")
    assert axe.faults(page) == []
    page.get_by_label("Build").set_input_files(tmp_path / "next.zip")
    page.get_by_role("button", name="Upload and plan").click()
    expect(page.get_by_role("status")).to_contain_text("Waits for approval", timeout=30_000)
    expect(page.locator(".bookbinder-plan")).to_contain_text("feedback: 1 changed")
    assert axe.faults(page) == []
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_contain_text("Published", timeout=30_000)
    assert "until about 1812" in Feedback.objects.get(answer="Turku").feedback
    assert Edition.objects.get().state == "published"


def test_a_reply_is_written_with_a_look_at_it_and_a_conflict_is_decided(admin, changed, visit):
    question = Feedback.objects.get(answer="Turku").question
    page = visit()
    sign_in(page, admin.email)
    page.goto(f"/admin/books/question/{question.pk}/change/")
    row = page.locator("tr", has=page.locator("textarea.bookbinder-reply")).first
    row.locator("textarea.bookbinder-reply").fill("Once, **long** ago.")
    expect(row.locator(".bookbinder-shown strong")).to_have_text("long")
    page.get_by_role("button", name="Save and continue editing").click()
    assert sync(changed, "--noinput")[0] == 0
    page.goto(f"/admin/books/question/{question.pk}/change/")
    conflicts = page.get_by_role("region", name="Changed here and in the source")
    expect(conflicts).to_contain_text("Once, long ago.")
    expect(conflicts).to_contain_text("until about 1812")
    assert axe.faults(page) == []
    conflicts.get_by_role("button", name="Take this").click()
    expect(page.get_by_text("The conflict has been resolved.")).to_be_visible()
    expect(conflicts).to_have_count(0)
    assert Feedback.objects.get(answer="Turku").markup == "sphinx"
