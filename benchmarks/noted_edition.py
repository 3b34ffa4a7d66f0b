"""A new edition that changes 100 pages with 10,000 notes: its time before and in the transaction.

The pages are those of `anchoring.effort`, written as a build, with 5 % of the words changed and two
sections of each page moved. The time before the transaction includes all work of the sync, also
for files and policies.
"""

import hashlib
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from annotations import page_texts
from annotations.models import Annotation, PageRevision
from annotations.rendering import body_fields
from benchmarks import prose
from benchmarks.anchoring import by_page, few_words, quotes
from benchmarks.edits import Book as Edited
from benchmarks.edits import Spot
from benchmarks.figures import Bound, Figure, alternate
from bookbinder.sphinx import manifest as m
from bookbinder.tests.support import noting
from books.models import Book, Page
from books.sync import lock, pipeline
from books.sync.pipeline import Prepared

PAGES, NOTES, PEOPLE = 100, 10_000, 200
PAGE_SIZE = 14_000
PROJECT = "noted"
BODY = body_fields("Hm.")


class Times(NamedTuple):
    """The seconds that a sync takes before its transaction, and in it."""

    before: float
    inside: float


def write_build(folder: Path, pages: dict[str, str]) -> pipeline.Build:
    """Write pages, which are HTML by docname, as the build of a book."""
    folder.mkdir()
    rows = []
    for number, (name, html) in enumerate(pages.items()):
        file = folder / f"{name}.html"
        file.parent.mkdir(exist_ok=True)
        file.write_text(html, encoding="utf-8")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        rows.append(
            m.Page(
                name, name, name, f"{name}.rst", f"noted{number}", None, "", digest, digest, ()
            )
        )  # fmt: skip
    book = m.Book(PROJECT, "Noted", tuple(rows))
    (folder / m.FILE_NAME).write_bytes(m.dumps(m.Manifest(PROJECT, (book,), {})))
    return pipeline.read_build(folder)


def bring_in(build: pipeline.Build) -> tuple[Prepared, Times]:
    """Sync a build, and return its times."""
    with lock.sync_lock():
        start = time.perf_counter()
        prepared = pipeline.prepare([build], stage=True)
        planned = time.perf_counter()
        pipeline.publish(prepared)
        return prepared, Times(planned - start, time.perf_counter() - planned)


def write_notes(edited: Edited) -> None:
    """Create notes on random runs of words on all pages, by people in turn."""
    book = Book.objects.get(project=PROJECT)
    people = User.objects.bulk_create(
        User(email=f"n{n}@example.org", username=f"n{n}", first_name="N", last_name=f"L{n}")
        for n in range(PEOPLE)
    )
    pages = {
        page.url: page for page in Page.objects.filter(book=book).select_related("book__release")
    }
    notes: list[Annotation] = []
    for name, spots in by_page(edited.spots()).items():
        text = page_texts.of(pages[name])
        revision = page_texts.revision_of(pages[name], text)
        for quote in quotes(spots, edited.random, NOTES // PAGES):
            user = people[len(notes) % PEOPLE]
            notes.append(note(user, pages[name], revision, text.text, quote))
    Annotation.objects.bulk_create(notes, batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def note(
    user: User, page: Page, revision: PageRevision, text: str, quote: list[Spot]
) -> Annotation:
    """Return an unsaved note on a quote; `text` is the canonical text of the page."""
    start, end = quote[0].start, quote[-1].end
    passage = {"start": start, "end": end, "quote": text[start:end]}
    passage |= {"prefix": text[max(start - 32, 0) : start], "suffix": text[end : end + 32]}
    return Annotation(
        **passage, **{f"orig_{name}": value for name, value in passage.items()},
        user=user, book=page.book, page=page, revision=revision, orig_revision=revision,
        motivation="commenting", audience="private", **BODY, created_at=timezone.now(),
    )  # fmt: skip


def write_alone() -> None:
    """Update as many passages without reading or deciding anything, and roll back."""
    with suppress(ZeroDivisionError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            'UPDATE annotations_annotation SET start = start + 1, "end" = "end" + 1,'
            " quote = quote || 'x' WHERE start IS NOT NULL"
        )
        raise ZeroDivisionError


def measure() -> list[Figure | Bound]:
    edited = Edited(dict(list(prose.library(PAGE_SIZE).items())[:PAGES]), 1)
    with tempfile.TemporaryDirectory() as folder:
        first = write_build(Path(folder) / "first", edited.html())
        bring_in(first)
        write_notes(edited)
        few_words(edited)
        second = write_build(Path(folder) / "second", edited.html())
        found = [bring_in(build) for build in (second, first, second)]
    noting.check_places()
    spans = [times for _prepared, times in found]
    _ours, floor = alternate(bool, write_alone, runs=3)
    states = Counter(Annotation.objects.values_list("state", flat=True))
    note = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    size = f"edition that changes {PAGES} pages with {Annotation.objects.count():,} notes"
    return [
        Bound(f"{size}: before its transaction", max(one.before for one in spans), "s", 20, note),
        Figure(f"{size}: in its transaction", min(one.inside for one in spans),
               "one UPDATE of the notes", floor, None),
    ]  # fmt: skip
