"""What goes and what comes, where they are so alike that they may be one. Pure.

A hint for the author, who settles it with `:was:`; nothing is matched by it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bookbinder.sphinx import manifest as m
from books.sync.content_rows import PageRow, QuestionRow
from books.sync.plan import NearMiss
from books.sync.snapshot import Snapshot

ALIKE = 60  # of 100, by RapidFuzz's ratio
MOST = 200  # of each side that are looked at
BEGINNING = 1_000  # characters of a text: the time grows with the square
SHORT = 4  # letters: in a shorter word one of them makes another word, as in not and now


def is_typo(old: str, new: str) -> bool:
    """Whether two texts differ by a slip of the pen: by one letter inside one word.

    Never in a number or a sign: `x < y` and `x <= y` are two answers.
    """
    before, now = old.split(), new.split()
    wrong = [pair for pair in zip(before, now, strict=False) if pair[0] != pair[1]]
    return len(before) == len(now) and len(wrong) == 1 and _is_slip(*wrong[0])


def _is_slip(old: str, new: str) -> bool:
    old, new = old.rstrip(".,;:"), new.rstrip(".,;:")
    return (
        min(len(old), len(new)) >= SHORT
        and old.isalpha()
        and new.isalpha()
        and old[0].casefold() == new[0].casefold()
        # A letter more, less or another, or two that changed places.
        and OSA.distance(old, new) <= 1
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
    left = {n: text_of_item(item)[:BEGINNING] for n, item in enumerate(new[:MOST])}
    for row in old[:MOST]:
        text = text_of_row(row)[:BEGINNING]
        best = process.extractOne(text, left, scorer=fuzz.ratio, score_cutoff=ALIKE)
        if text and best is not None:
            del left[best[2]]
            yield row, new[best[2]]
