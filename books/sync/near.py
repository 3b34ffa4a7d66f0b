"""What goes and what comes, where they are so alike that they may be one. Pure.

A hint for the author, who settles it with `:was:`; nothing is matched by it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz, process

from bookbinder.sphinx import manifest as m
from books.sync.changes import NearMiss
from books.sync.snapshot import PageRow, QuestionRow, Snapshot

ALIKE = 60  # of 100, by RapidFuzz's ratio
TYPO = 80
MOST = 200  # of each side that are looked at
_DIGITS = re.compile(r"\d+")


def is_typo(old: str, new: str) -> bool:
    """Whether two short texts differ by a typo: as many words, the same numbers, nearly equal."""
    return (
        len(old.split()) == len(new.split())
        and _DIGITS.findall(old) == _DIGITS.findall(new)
        and fuzz.ratio(old, new) >= TYPO
    )


def questions(
    old: Sequence[QuestionRow],
    new: Sequence[tuple[int, m.Page, m.Question]],
    pages: Mapping[int, PageRow],
    snapshot: Snapshot,
) -> Iterator[NearMiss]:
    """Yield each question that goes with the most similar of those that come.

    `new` are those with their pages, and the keys of the pages' rows.
    """
    for row, found in _pairs(old, new, lambda row: row.prompt, lambda item: item[2].prompt):
        page_pk, page, item = found
        counts = snapshot.counts.get(row.pk, {})
        old_url = pages[row.page_id].url
        name = item.label if page.url == old_url else f"{page.url}#{item.label}"
        # A label alone is looked for on the question's own page, where another may have it.
        is_here = page_pk == row.page_id
        was = row.label if is_here else f"{_former(page, old_url)}#{row.label}"
        yield NearMiss("question", f"{old_url}#{row.label}", name, f":was: {was}", counts)


def _former(page: m.Page, url: str) -> str:
    """Return the docname that a page of the same book had: what an author writes."""
    return page.docname.removesuffix(page.url) + url


def pages(old: Sequence[PageRow], new: Sequence[m.Page], snapshot: Snapshot) -> Iterator[NearMiss]:
    """Yield each page that goes with the most similar of those that come: by title and labels."""

    def text_of_row(row: PageRow) -> str:
        labels = sorted(one.label for one in snapshot.questions.get(row.pk, []))
        return " ".join([row.source_title, *labels])

    def text_of_item(page: m.Page) -> str:
        return " ".join([page.title, *sorted(one.label for one in page.questions)])

    for row, page in _pairs(old, new, text_of_row, text_of_item):
        counts: Counter[str] = Counter()
        for question in snapshot.questions.get(row.pk, []):
            counts.update(snapshot.counts.get(question.pk, {}))
        was = f":was: {_former(page, row.url)}"
        yield NearMiss("page", row.url, page.url, was, dict(counts))


def _pairs(
    old: Sequence[Any],
    new: Sequence[Any],
    text_of_row: Callable[[Any], str],
    text_of_item: Callable[[Any], str],
) -> Iterator[tuple[Any, Any]]:
    left = {number: text_of_item(item) for number, item in enumerate(new[:MOST])}
    for row in old[:MOST]:
        text = text_of_row(row)
        best = process.extractOne(text, left, scorer=fuzz.ratio, score_cutoff=ALIKE)
        if text and best is not None:
            del left[best[2]]
            yield row, new[best[2]]
