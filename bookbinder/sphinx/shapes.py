"""The keys of the objects in a manifest: the check of each value, and what it must be."""

import re
from collections.abc import Callable
from typing import Any

from bookbinder.sphinx.checks import (
    Shape,
    is_docname,
    is_plain_object,
    is_safe_path,
    matches,
    one_of,
    or_null,
    points,
    text,
    whole,
)
from bookbinder.sphinx.kinds import KINDS

MARKUPS = ("sphinx", "md")
ACCESSES = ("", "public")

SLUG = re.compile(r"(?=.{1,100}$)[a-z0-9]+(?:[-_][a-z0-9]+)*")
PAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
BOOK_URL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}")
WAS = re.compile(rf"(?:[^#]{{1,400}}#)?{LABEL.pattern}")
SHA256 = re.compile(r"[0-9a-f]{64}")

LONG = 1_000_000
FEEDBACK = Shape(
    {
        "key": (or_null(text(64)), "a text of at most 64 characters, or null"),
        "answer": (text(10_000), "a text of at most 10,000 characters"),
        "feedback": (text(LONG), "a text"),
        "text": (text(LONG), "a text"),
        "markup": (one_of(MARKUPS), "sphinx or md"),
        "line": (whole, "a line number"),
        "points": (points, "a number of at most two decimals, not negative"),
    }
)
QUESTION = Shape(
    {
        "label": (matches(LABEL), "letters, digits and - _ . :, at most 100"),
        "grader": (one_of(tuple(KINDS)), f"one of {', '.join(KINDS)}"),
        "points_possible": (points, "a number of at most two decimals, not negative"),
        "prompt": (text(LONG), "a text"),
        "options": (is_plain_object, "an object of texts, whole numbers, lists and objects"),
        "fingerprint": (matches(SHA256), "a SHA-256 in hex"),
        "line": (whole, "a line number"),
        "feedback": (lambda value: isinstance(value, list), "a list"),
    }
)
PAGE = Shape(
    {
        "docname": (is_docname, "a relative path without hidden or private parts"),
        "url": (is_safe_path, "a relative path without hidden parts"),
        "title": (text(500), "a text of at most 500 characters"),
        "source": (text(1_000), "a path"),
        "page_id": (or_null(matches(PAGE_ID)), "letters, digits, - and _, at most 64, or null"),
        "index": (or_null(whole), "a whole number, or null"),
        "access": (one_of(ACCESSES), "public or empty"),
        "sha256": (matches(SHA256), "a SHA-256 in hex"),
        "fingerprint": (matches(SHA256), "a SHA-256 in hex"),
        "questions": (lambda value: isinstance(value, list), "a list"),
    }
)
BOOK = Shape(
    {
        "url": (matches(BOOK_URL, empty=True), "letters, digits and - _ ., at most 100"),
        "title": (text(500), "a text of at most 500 characters"),
        "pages": (lambda value: isinstance(value, list), "a list"),
    }
)
# Keys that may be missing: the default of each, its check, and what its value must be.
OptionalKeys = dict[str, tuple[Any, Callable[[Any], bool], str]]
FORMER_NAME = "a former name"
OPTIONAL_OF_QUESTION: OptionalKeys = {"was": (None, or_null(matches(WAS)), FORMER_NAME)}
OPTIONAL_OF_PAGE: OptionalKeys = {
    "was": (None, or_null(is_safe_path), FORMER_NAME),
    "level": (0, whole, "a whole number"),
    "caption": ("", text(500), "a text of at most 500 characters"),
}
OPTIONAL_OF_BOOK: OptionalKeys = {
    "description": ("", text(2_000), "a text of at most 2,000 characters"),
    "author": ("", text(500), "a text of at most 500 characters"),
    "cover": (None, or_null(is_safe_path), "a relative path without hidden parts"),
}
OPTIONAL = OPTIONAL_OF_QUESTION.keys() | OPTIONAL_OF_PAGE.keys() | OPTIONAL_OF_BOOK.keys()
FILE = Shape(
    {
        "sha256": (matches(SHA256), "a SHA-256 in hex"),
        "docnames": (
            lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
            "a list of docnames",
        ),
    }
)
MANIFEST = Shape(
    {
        "project": (matches(SLUG), "lower-case letters, digits, - and _"),
        "books": (lambda value: isinstance(value, list), "a list"),
        "files": (lambda value: isinstance(value, dict), "an object"),
    }
)
