"""The API under requests that are made up: never a 5xx, never an answer outside its schema.

A bounded sample here; `make fuzz` sends 10,000.
"""

import os
import sys
import uuid

import pytest

from bookbinder.tests.support import roles
from bookbinder.tests.support.fuzz import fuzz
from conftest import lay_page, make_note, make_user

pytestmark = pytest.mark.slow

OPERATIONS = 11
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1080"))
EXAMPLES = -(-REQUESTS // (len(roles.ROLES) * OPERATIONS))


@pytest.mark.django_db(transaction=True)
def test_the_api_answers_as_its_schema_says(live_server, book, page, adding, course, other):
    note = make_note(make_user("nora"), page, audience="course", course=course)
    lay_page(page)
    real = {
        "project": ["tiny", "other"],
        "docname": ["numbers", "secret"],
        "question_id": [adding.pk],
        "page_id": [page.pk],
        "uuid": [str(note.uuid)],
        "act": ["resolve", "hide", "flag", "accept"],
        "token": ["x" * 43],
        "number": [1],
    }
    for role, user in roles.people(book, course, other).items():
        statuses = fuzz(live_server.url, user, EXAMPLES, real)
        sys.stdout.write(f"{role}: {dict(sorted(statuses.items()))}\n")
        assert max(statuses) < 500
        assert sum(statuses.values()) >= EXAMPLES


@pytest.mark.django_db(transaction=True)
def test_the_fuzzer_finds_what_it_is_for(live_server, book, adding, monkeypatch):
    """It would notice an answer that the schema does not know."""
    from bookbinder.site import api

    monkeypatch.setattr(api, "_question", lambda *one: {"pk": "no number"})
    with pytest.raises(BaseExceptionGroup):
        real = {
            "project": ["tiny"],
            "docname": ["numbers"],
            "question_id": [adding.pk],
            "page_id": [1],
            "uuid": [str(uuid.uuid4())],
            "act": ["resolve"],
            "token": ["x"],
            "number": [1],
        }
        fuzz(live_server.url, make_user("olga", type="admin"), 50, real)
