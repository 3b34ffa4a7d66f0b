"""What authors edit in the admin: who did it, links that are checked, conflicts in lists."""

import re

import pytest

from bookbinder.tests.support.admin_pages import (
    change_form,
    changelist,
    course_data,
    feedback_data,
    text_of,
)
from books.models import Book, Feedback, Page, Question
from conftest import make_page


def only(adding) -> Feedback:
    """Leave a question one feedback, and return it."""
    adding.feedback.exclude(answer="4").delete()
    return adding.feedback.get()


def edit(client, adding, text: str):
    """Change the reply of the only feedback of a question in the admin."""
    row: dict[str, object] = {"answer": "4", "points": "1", "text": text}
    return client.post(change_form(adding), feedback_data(adding, row))


def test_an_edited_reply_says_who_has_edited_it(as_user, ada, ines, adding):
    feedback = only(adding)
    Feedback.objects.update(origin="source", source_answer="4", source_points=2)
    client = as_user(ada)
    assert "edited by" not in text_of(client.get(change_form(adding)))
    assert edit(client, adding, "Well done.").status_code == 302
    assert re.search(
        "the book.{1,6}s source; edited by Ada Tester, ", text_of(client.get(change_form(adding)))
    )
    ada.delete()
    feedback.refresh_from_db()
    assert feedback.edited_by is None and feedback.edited_at
    assert edit(as_user(ines), adding, "No right").status_code == 403
    feedback.refresh_from_db()
    assert feedback.text == "Well done."


@pytest.fixture
def files(book, page, data_dir):
    """A second page, with a file of each."""
    make_page(book, "front")
    names = {f"{name}.html": {"sha256": "0" * 64, "docnames": [name], "public": False}
             for name in ("numbers", "front")}  # fmt: skip
    type(book.release).objects.filter(pk=book.release_id).update(files=names)


@pytest.mark.parametrize(
    "link",
    [
        "front.html",
        "front.html#top",
        "#adding",
        "/books/tiny/front.html",
        "https://example.org/x",
        "mailto:a@b.org",
        "../tiny/front.html",
    ],
)
def test_a_link_that_leads_somewhere_is_taken(as_user, ada, adding, files, link):
    only(adding)
    assert edit(as_user(ada), adding, f"See [this]({link}).").status_code == 302


@pytest.mark.parametrize(
    "text",
    [
        "[a](nothing.html)",
        "[a](front)",
        "![a](x.png)",
        "[a](/admin/)",
        "[a](../../front.html)",
        "[a]: no.html\n\nSee [a].",
    ],
)
def test_a_relative_link_to_nothing_is_named(as_user, ada, adding, files, text):
    feedback = only(adding)
    shown = text_of(edit(as_user(ada), adding, text))
    assert "leads to nothing in this book. Links are relative to /books/tiny/numbers.html." in shown
    feedback.refresh_from_db()
    assert feedback.text != text


@pytest.mark.parametrize("model", [Book, Page, Question])
def test_lists_show_and_filter_conflicts(as_user, ada, adding, model):
    feedback = only(adding)
    client = as_user(ada)
    assert "0 results" in text_of(client.get(f"{changelist(model)}?conflicts=open"))
    for row in (adding.page.book, adding.page, feedback):
        field = "reply" if row == feedback else "title"
        type(row).objects.filter(pk=row.pk).update(conflicts=field)
    shown = text_of(client.get(f"{changelist(model)}?conflicts=open"))
    assert "1 result" in shown
    assert re.search(r'field-conflict_count">(1|Yes)<', shown)


def test_a_course_has_its_join_address_to_copy_and_a_list_of_time_zones(
    as_user, ines, course, settings
):
    settings.BOOKBINDER_SITE_URL = "https://books.example.org"
    shown = text_of(as_user(ines).get(change_form(course)))
    address = f"https://books.example.org/join/{course.join_code}/"
    assert f'<a href="{address}">{address}</a>' in shown
    assert f'data-copy="{address}"' in shown
    assert '<optgroup label="Europe">' in shown
    assert '<option value="America/New_York">America/New York</option>' in shown
    for zone, status in (("Asia/Tokyo", 302), ("Mars/Olympus", 200)):
        sent = course_data(course, time_zone=zone)
        assert as_user(ines).post(change_form(course), sent).status_code == status
    course.refresh_from_db()
    assert course.time_zone == "Asia/Tokyo"
