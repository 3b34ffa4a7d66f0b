"""Finds deleted and new rows that are so similar that they may be the same. Pure.

They are hints for the author, who decides with `:was:`. Nothing is matched by them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bookbinder.sphinx import manifest as m
from books.sync.content_rows import PageRow, QuestionRow
from books.sync.plan import NearMiss
from books.sync.snapshot import Snapshot

Old = TypeVar("Old")
New = TypeVar("New")

ALIKE = 60  # of 100, by RapidFuzz's ratio
MOST = 200  # rows of each side that are compared
BEGINNING = 1_000  # characters of a text that are compared: the time grows with their square
SHORT = 4  # letters: in a shorter word, another letter makes another word (not, now)


@dataclass(frozen=True)
class NewQuestion:
    """A question of the manifest with its page, the key of that page's row, and its index."""

    page_pk: int
    page: m.Page
    index: int
    question: m.Question


def is_typo(old: str, new: str) -> bool:
    """Whether two texts differ by a typing error: one letter within one word.

    Numbers and signs must be equal: `x < y` and `x <= y` are different answers.
    """
    before, now = old.split(), new.split()
    different = [pair for pair in zip(before, now, strict=False) if pair[0] != pair[1]]
    if len(before) != len(now) or len(different) != 1:
        return False
    old, new = (word.rstrip(".,;:") for word in different[0])
    return (
        min(len(old), len(new)) >= SHORT
        and old.isalpha()
        and new.isalpha()
        and old[0].casefold() == new[0].casefold()
        # One letter is added, removed or replaced, or two adjacent letters are swapped.
        and OSA.distance(old, new) <= 1
    )


def questions(
    old: Sequence[QuestionRow],
    new: Sequence[NewQuestion],
    pages: Mapping[int, PageRow],
    snapshot: Snapshot,
) -> Iterator[NearMiss]:
    """Yield each deleted question that is similar to a new one, with the most similar."""
    for row, item in _pairs(old, new, lambda row: row.prompt, lambda item: item.question.prompt):
        counts = snapshot.counts.get(row.pk, {})
        old_url, label = pages[row.page_id].url, item.question.label
        name = label if item.page.url == old_url else f"{item.page.url}#{label}"
        # A label alone refers to a question on the same page.
        is_same_page = item.page_pk == row.page_id
        was = row.label if is_same_page else f"{_old_docname(item.page, old_url)}#{row.label}"
        yield NearMiss("question", f"{old_url}#{row.label}", name, f":was: {was}", counts)


def pages(old: Sequence[PageRow], new: Sequence[m.Page], snapshot: Snapshot) -> Iterator[NearMiss]:
    """Yield each deleted page with the new one that has most of its questions, if there is one.

    Titles say little: a large book has many an overview and introduction.
    """
    asked: dict[str, list[tuple[int, m.Question]]] = defaultdict(list)  # by label and by text
    for number, page in enumerate(new[:MOST]):
        for question in page.questions:
            for name in {question.label, question.fingerprint}:
                asked[name].append((number, question))
    left = set(range(len(new)))
    for row in old[:MOST]:
        rows = snapshot.questions.get(row.pk, [])
        shared = Counter(number for one in rows for number in _pages_with(one, asked) & left)
        best = max(shared, key=lambda number: (shared[number], -number), default=None)
        if best is None or 2 * shared[best] <= len(rows):
            continue
        left.remove(best)
        counts: Counter[str] = Counter()
        for one in rows:
            counts.update(snapshot.counts.get(one.pk, {}))
        page = new[best]
        was = f":was: {_old_docname(page, row.url)}"
        yield NearMiss("page", row.url, page.url, was, dict(counts))


def _pages_with(
    row: QuestionRow, asked: Mapping[str, Sequence[tuple[int, m.Question]]]
) -> set[int]:
    """Return the numbers of the pages that have a question: its text, or its label and the like."""
    found = {number for number, _question in asked.get(row.fingerprint, ())}
    return found | {
        number
        for number, question in asked.get(row.label, ())
        if fuzz.ratio(row.prompt[:BEGINNING], question.prompt[:BEGINNING]) >= ALIKE
    }


def _old_docname(page: m.Page, url: str) -> str:
    """Return the docname of another url in the book of a page, as an author writes it."""
    return page.docname.removesuffix(page.url) + url


def _pairs(
    old: Sequence[Old],
    new: Sequence[New],
    text_of_row: Callable[[Old], str],
    text_of_item: Callable[[New], str],
) -> Iterator[tuple[Old, New]]:
    """Yield each old row with the most similar new item; no item is used twice."""
    left = {n: text_of_item(item)[:BEGINNING] for n, item in enumerate(new[:MOST])}
    for row in old[:MOST]:
        text = text_of_row(row)[:BEGINNING]
        best = process.extractOne(text, left, scorer=fuzz.ratio, score_cutoff=ALIKE)
        if text and best is not None:
            _text, _score, number = best
            del left[number]
            yield row, new[number]
