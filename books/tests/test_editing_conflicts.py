"""What an admin and the source have both changed: kept, shown side by side, decided."""

import pytest
from django.urls import reverse

from bookbinder.tests.support.admin_pages import change_form, text_of
from bookbinder.tests.support.syncing import change, sync
from books.editing import replies
from books.models import Author, Book, Feedback, Page
from conftest import make_user

pytestmark = [pytest.mark.sphinx, pytest.mark.django_db]


@pytest.fixture
def author(live):
    user = make_user("ada")
    Author.objects.create(book=Book.objects.get(), user=user)
    return user


@pytest.fixture
def both(live, source):
    """A title and a reply that an author edits in the admin, and then in the source."""
    Page.objects.filter(url="cities").update(title="Towns")
    turku = Feedback.objects.get(answer="Turku")
    replies.set_reply(turku, "Once, *long* ago.")
    turku.save()
    change(source, "cities.rst", "Cities\n======", "Great cities\n============")
    change(source, "cities.rst", "It was, until 1812", "It was, until about 1812")
    return source


def page() -> Page:
    return Page.objects.get(url="cities")


def turku() -> Feedback:
    return Feedback.objects.get(answer="Turku")


def test_the_admins_stays_and_both_texts_are_told(both):
    code, out, _err = sync(both, "--noinput")
    assert code == 0
    assert (
        "page cities: title CONFLICT, the admin's text is kept: admin 'Towns', source 'Great cities'"
        in out
    )
    assert "feedback capital: Turku: reply CONFLICT" in out
    assert (page().title, page().source_title, page().conflicts) == (
        "Towns",
        "Great cities",
        "title",
    )
    assert turku().conflicts == "reply" and "long" in turku().feedback
    # It stays open, and is told again, until somebody decides.
    code, out, _err = sync(both, "--dry-run")
    assert code == 0 and "title CONFLICT" in out


def test_prefer_source_takes_the_sources(both):
    assert "the source's text is taken" in sync(both, "--noinput", "--prefer", "source")[1]
    assert (page().title, page().conflicts) == ("Great cities", "")
    assert "until about 1812" in turku().feedback and turku().markup == "sphinx"
    assert sync(both, "--dry-run")[0] == 0


def test_prefer_decides_what_an_earlier_sync_left_open(both):
    assert sync(both, "--noinput")[0] == 0
    assert sync(both, "--dry-run", "--prefer", "source")[0] == 4
    assert sync(both, "--noinput", "--prefer", "admin")[0] == 0
    assert (page().title, page().conflicts, turku().conflicts) == ("Towns", "", "")
    # What is decided stays: the source has not changed again.
    assert sync(both, "--noinput", "--prefer", "source")[0] == 0
    assert page().title == "Towns"


def test_an_edit_of_which_the_source_knows_nothing_stays_whatever_is_preferred(live, source):
    Page.objects.filter(url="cities").update(title="Towns")
    change(source, "numbers.rst", "Nearly.", "Very nearly.")
    assert sync(source, "--noinput", "--prefer", "source")[0] == 0
    assert (page().title, page().conflicts) == ("Towns", "")


def resolve(client, row, **data):
    name = f"admin:books_{row._meta.model_name}_resolve"
    return client.post(reverse(name, args=(row.pk,)), data, follow=True)


def test_an_author_decides_on_the_pages_of_the_admin(both, as_user, author):
    assert sync(both, "--noinput")[0] == 0
    client = as_user(author)
    text = text_of(client.get(change_form(page())))
    assert "Towns" in text and "Great cities" in text
    assert "The conflict has been resolved." in text_of(
        resolve(client, page(), take_source=f"{page().pk}-title")
    )
    assert (page().title, page().conflicts) == ("Great cities", "")
    question = turku().question
    text = text_of(client.get(change_form(question)))
    assert "Once, <em>long</em> ago." in text and "until about 1812" in text
    resolve(client, question, keep_admin=f"{turku().pk}-reply")
    assert turku().conflicts == "" and "long" in turku().feedback
    assert "already been resolved" in text_of(
        resolve(client, question, keep_admin=f"{turku().pk}-reply")
    )


def test_an_edit_by_hand_is_a_decision(both, as_user, author):
    assert sync(both, "--noinput")[0] == 0
    data = {"title": "Cities and towns", "index": page().index}
    data |= {"questions-TOTAL_FORMS": 0, "questions-INITIAL_FORMS": 0}
    response = as_user(author).post(change_form(page()), data)
    assert response.status_code == 302, response.context["errors"]
    assert (page().title, page().conflicts) == ("Cities and towns", "")


def test_nobody_else_decides(both, as_user, other):
    assert sync(both, "--noinput")[0] == 0
    stranger = make_user("eve")
    Author.objects.create(book=other, user=stranger)
    answer = resolve(as_user(stranger), page(), take_source=f"{page().pk}-title")
    assert answer.status_code == 404 and page().title == "Towns"


def test_a_decision_names_a_row_of_this_page(both, as_user, author, other):
    assert sync(both, "--noinput")[0] == 0
    foreign = Page.objects.get(book=other)
    client = as_user(author)
    for value in (f"{foreign.pk}-title", f"{page().pk}-source_id", "x", ""):
        assert resolve(client, page(), take_source=value).status_code == 404


def test_a_reply_of_the_source_cannot_be_deleted_here(live, as_user, author):
    question = Feedback.objects.get(answer="because").question
    row = question.feedback.get()
    data = {"feedback-TOTAL_FORMS": 1, "feedback-INITIAL_FORMS": 1, "feedback-0-id": row.pk}
    data |= {"feedback-0-question": question.pk, "feedback-0-answer": "because"}
    data |= {"feedback-0-points": "1", "feedback-0-text": row.text, "feedback-0-DELETE": "on"}
    text = text_of(as_user(author).post(change_form(question), data))
    assert "comes from the book&#x27;s source: remove it there" in text
    assert question.feedback.exists()


def test_a_reply_is_shown_while_it_is_written(as_user, ada, sam, adding):
    url = reverse("admin:books_question_render")
    answer = as_user(ada).post(url, {"text": "**Well** $x<2$ <script>alert(1)</script>"})
    assert "<strong>Well</strong>" in answer.content.decode()
    assert r'<span class="math">\(x&lt;2\)</span>' in answer.content.decode()
    assert "<script" not in answer.content.decode()
    assert as_user(sam).post(url, {"text": "x"}).status_code == 302
