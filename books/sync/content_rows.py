"""The rows of a book's content as plain values: snapshots contain them, and plans write them."""

from decimal import Decimal
from typing import Any, NamedTuple


class BookRow(NamedTuple):
    pk: int
    project: str
    url: str
    title: str
    source_title: str
    release_id: int | None
    description: str
    author: str
    cover: str
    conflicts: str


class PageRow(NamedTuple):
    pk: int
    book_id: int
    url: str
    title: str
    source_title: str
    index: int | None  # type: ignore[assignment]
    source_index: int | None
    position: int
    level: int
    caption: str
    source_id: str
    fingerprint: str
    access: str
    conflicts: str


class QuestionRow(NamedTuple):
    pk: int
    page_id: int
    label: str
    index: int  # type: ignore[assignment]
    points_possible: Decimal
    grader: str
    prompt: str
    options: dict[str, Any]
    fingerprint: str
    former_labels: list[str]


class FeedbackRow(NamedTuple):
    pk: int
    question_id: int
    index: int  # type: ignore[assignment]
    key: str | None
    answer: str
    feedback: str
    text: str
    markup: str
    points: Decimal
    origin: str
    source_answer: str | None
    source_feedback: str | None
    source_text: str | None
    source_markup: str | None
    source_points: Decimal | None
    conflicts: str
