"""Makes manifests and their parts for tests."""

from decimal import Decimal
from typing import Any

from bookbinder.sphinx import manifest as m

HASH = "a" * 64


def make_feedback(**over) -> m.Feedback:
    fields: dict[str, Any] = {
        "key": None,
        "answer": "4",
        "feedback": "<p>Yes</p>",
        "text": "Yes",
        "markup": "sphinx",
        "line": 7,
        "points": Decimal("1.5"),
    }
    return m.Feedback(**fields | over)


def make_question(**over) -> m.Question:
    fields: dict[str, Any] = {
        "label": "adding",
        "grader": "number",
        "points_possible": Decimal(2),
        "prompt": "2 + 2?",
        "options": {},
        "fingerprint": HASH,
        "line": 5,
        "feedback": (make_feedback(),),
    }
    return m.Question(**fields | over)


def make_page(docname: str = "numbers", **over) -> m.Page:
    fields: dict[str, Any] = {
        "docname": docname,
        "url": docname,
        "title": docname.title(),
        "source": f"{docname}.rst",
        "page_id": None,
        "index": 1,
        "access": "",
        "sha256": HASH,
        "fingerprint": HASH,
        "questions": (make_question(),),
    }
    return m.Page(**fields | over)


def make_manifest(*pages: m.Page, **over) -> m.Manifest:
    books = (m.Book("tiny", "Tiny", pages or (make_page(),)),)
    fields: dict[str, Any] = {
        "project": "tiny",
        "books": books,
        "files": {"_static/a.css": m.File(HASH)},
    }
    return m.Manifest(**fields | over)
