"""The reader's texts in the languages that there are."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation import override

from bookbinder.site.reader_texts import TEXTS, texts
from conftest import lay_page, make_note, make_page

CATALOGS = sorted(settings.LOCALE_PATHS[0].glob("*/LC_MESSAGES/django.po"))
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)[sd]|<[^>]+>")


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.parts[-3])
def test_a_catalog_has_each_of_the_readers_texts_and_keeps_their_placeholders(path: Path):
    catalog = read_po(io.BytesIO(path.read_bytes()))
    with override(None):
        english = texts()
    for message in [*english.values(), *(one.id for one in catalog if one.id)]:
        told = catalog.get(message)
        assert told and told.string and not told.fuzzy, message
        assert placeholders(str(told.string)) == placeholders(str(message))


def test_catalogs_are_compiled():
    for path in CATALOGS:
        assert path.with_suffix(".mo").is_file(), f"compile {path}: make test does so"


def test_a_number_has_its_text_for_one_and_for_many():
    ones = {key.removesuffix("_one") for key in TEXTS if key.endswith("_one")}
    many = {key.removesuffix("_many") for key in TEXTS if key.endswith("_many")}
    assert ones == many
    assert not ones & set(TEXTS)


@pytest.mark.parametrize(
    ("asked", "language", "feedback"),
    [
        ("de", "de", "Rückmeldung"),
        ("fi", "en", "Feedback"),
        ("de-CH,fi;q=0.5", "de", "Rückmeldung"),
    ],
)
def test_the_state_is_in_the_language_that_the_page_asks_for(
    client, book, asked, language, feedback
):
    make_page(book, "front", access="public")
    reply = client.get("/api/state/tiny/front", headers={"accept-language": asked})
    assert reply.headers["Content-Language"] == language
    assert reply.json()["texts"]["feedback"] == feedback


def test_a_refusal_is_in_the_language_that_the_page_asks_for(client, eve, adding, as_user):
    data = {"answer": "4", "client_key": "4f6d4b1a-8f4e-4f9e-9b1e-0a5a6f1d2c3b"}
    path = f"/api/questions/{adding.pk}/answers"
    headers = {"accept-language": "de"}
    reply = as_user(eve).post(path, data, content_type="application/json", headers=headers)
    assert reply.status_code == 403
    assert reply.json()["detail"] == "Sie sind in keinem Kurs dieses Buchs."


def test_the_pages_of_notes_are_in_german_throughout(as_user, sam, page, course):
    lay_page(page, "<p>Ein Fuchs schläft.</p>")
    make_note(sam, page, "", motivation="highlighting", audience="course", course=course)
    make_note(sam, page, "", state="orphan", start=None, end=None)
    client = as_user(sam)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    told = ""
    for path in ("/notes/", "/notes/?q=none", "/notes/on/tiny/numbers", "/books/tiny/"):
        told += client.get(path).content.decode()
    told += client.post("/notes/on/tiny/numbers", {"readers": "private"}).content.decode()
    words = re.sub(r"<script.*?</script>|<[^>]+>", " ", told, flags=re.DOTALL)
    english = re.findall(r"\b(?:the|you|your|note|notes|page|to|who|and|of|is)\b", words)
    assert not english, english
