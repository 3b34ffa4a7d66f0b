"""The confirmation of a deletion in the admin counts what would go, and does not load it."""

import re

import pytest
from django.contrib.admin.utils import NestedObjects
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.admin import deletion
from annotations.models import Annotation
from billing.models import Payment
from bookbinder.tests.support.admin_pages import text_of
from conftest import enroll, make_answer, make_note, make_override, make_user
from grading.models import Answer, Attempt, Grade, Interactive, Regrade, RegradedAttempt, Repeat


@pytest.fixture
def life(enrollment, adding, ines, page, course):
    """Let a student have rows of each kind that can refer to a person, course or question."""
    sam = enrollment.user
    attempts = [
        Attempt.objects.create(enrollment=enrollment, question=adding, string=str(n))
        for n in range(2)
    ]
    Repeat.objects.create(enrollment=enrollment, attempt=attempts[0], client_key="0" * 32)
    answer = make_answer(enrollment, adding)
    make_override(answer, 1)
    regrade = Regrade.objects.create(course=course, reason="?")
    RegradedAttempt.objects.create(regrade=regrade, attempt=attempts[0])
    Grade.objects.create(attempt=attempts[0], points=1)
    Interactive.objects.create(course=course, question=adding)
    shared = {"audience": "course", "course": course}
    note = make_note(sam, page, **shared)
    reply = make_note(ines, page, root=note, parent=note, **shared)
    make_note(sam, page, root=note, parent=reply, **shared)
    return {"person": sam, "course": course, "question": adding, "page": adding.page}


@pytest.mark.parametrize("what", ["person", "course", "question", "page"])
def test_the_counts_are_those_of_what_django_would_delete(life, what):
    row = life[what]
    collector = NestedObjects(using="default", origin=[row])
    collector.collect([row])
    expected = {model: len(rows) for model, rows in collector.model_objs.items()}
    assert deletion.count(type(row), [row]).deleted == expected
    assert len(expected) > 3


def test_what_protects_a_row_is_counted_too(life, book):
    Payment.objects.create(user=life["person"], course=life["course"], amount=1, currency="usd")
    assert deletion.count(type(life["person"]), [life["person"]]).protecting == {Payment: 1}
    protecting = deletion.count(type(book), [book]).protecting
    assert {model.__name__: n for model, n in protecting.items()} == {"Course": 1, "Annotation": 3}


def confirmation(client, row) -> str:
    path = f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/delete/"
    return text_of(client.get(path))


def test_the_page_shows_counts_and_loads_no_attempt(as_user, root, life, enrollment, adding):
    Attempt.objects.bulk_create(
        Attempt(enrollment=enrollment, question=adding, string=f"secret {n}") for n in range(500)
    )
    client = as_user(root)
    client.get("/admin/")
    expected = {
        "person": "only loses its name",
        "course": "permission to delete the following types of objects",
    }
    for name, told in expected.items():
        with CaptureQueriesContext(connection) as asked:
            page = confirmation(client, life[name])
        assert told in page
        assert ("attempts: 503" in re.sub(r"\s+", " ", page)) is (name == "course")
        assert "secret" not in page
        read = [one["sql"] for one in asked if '"grading_attempt"."string"' in one["sql"]]
        assert read == []
        assert len(asked) < 60


def test_who_has_written_nothing_can_be_deleted(as_user, root, course):
    enroll(make_user("una"), course)
    una = make_user("una2")
    client = as_user(root)
    assert "Are you sure" in confirmation(client, una)
    assert client.post(f"/admin/accounts/user/{una.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not type(una).objects.filter(pk=una.pk).exists()


def test_who_must_not_delete_is_told_no_counts(as_user, life, ines, sam, ada):
    for person in (ines, sam, ada):
        path = f"/admin/accounts/user/{life['person'].pk}/delete/"
        assert as_user(person).get(path, follow=True).status_code in (302, 403, 404)
    assert Answer.objects.exists() and Annotation.objects.exists()
