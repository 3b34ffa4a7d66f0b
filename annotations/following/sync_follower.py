"""What a sync does to annotations: follows each to the new text. None is ever deleted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from annotations import page_texts
from annotations.anchoring import map_pages
from annotations.following import placing
from annotations.following import rows as note_rows
from annotations.following.placing import Editions, Placed
from annotations.following.rows import Followed
from annotations.models import Annotation
from annotations.presenting import readable
from books.models import Book, Page
from books.releases.contents import FileChanges
from books.sync.apply import ChangedError
from books.sync.follower import Counts, Effects
from books.sync.plan import Options, Plan
from books.sync.report.text import FIRST

OUTCOMES = {
    "kept": ("stays", "stay"),
    "found": ("has its place again", "have their place again"),
    "moved": ("moves", "move"),
    "changed": ("is on changed words", "are on changed words"),
    "orphan": ("loses its place", "lose their place"),
}
# Its page was not read for this plan: nothing could follow it.
FIRST_NOTE = "Somebody has made the first note on a book. Nothing was changed: sync again."
SHORT = 60  # code points of a sentence that are shown


class AnnotationsFollower:
    name = "annotations"

    def counts(self, projects: Iterable[str]) -> Counts:
        rows = Annotation.objects.filter(book__project__in=projects).order_by()
        return Counts(kept_books=frozenset(rows.values_list("book", flat=True).distinct()))

    def compute_effects(
        self,
        plan: Plan,
        old_files: Mapping[str, Path],
        new_files: Mapping[str, Path],
        options: Options,
    ) -> Effects:
        noted = _noted(plan)
        editions = _editions(plan, noted, old_files, new_files)
        rows = list(note_rows.on(editions)) if editions else []
        each = options.each(rows, "following the notes", len(rows)) if rows else ()
        placed = tuple(placing.place_all(each, editions))
        return Effects(
            lines=tuple(_lines(placed)),
            figures=_figures(placed) if editions else {},
            rows=Followed(placed, editions, frozenset(noted)),
        )

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        return iter(())

    def mark(self, plan: Plan) -> Any:
        """No annotation goes."""

    def lock_rows(self, plan: Plan) -> None:
        """Let notes on the plan's books wait, as SQLite does by itself.

        A note locks its book before all else, and finds afterwards that its text is an old one.
        """
        if connection.features.has_select_for_update:
            books = Book.objects.filter(project__in=plan.projects).order_by("pk")
            list(books.select_for_update(no_key=True).values_list("pk"))

    def drop(self, plan: Plan) -> None:
        """No annotation goes."""

    def follow(self, plan: Plan, effects: Effects, pks: Mapping[int, int]) -> None:
        placed, editions, noted = effects.rows
        if not noted >= _noted(plan).keys():
            raise ChangedError(FIRST_NOTE)
        late = note_rows.late(editions, {one.row.pk for one in placed})
        everything = [*placed, *placing.place_all(late, editions)]
        note_rows.write(everything, editions, pks)


def _pages_that_differ(
    plan: Plan, noted: Mapping[int, Book]
) -> Iterator[tuple[int, Book, str | None, str | None]]:
    """Yield pk, book, old and new docname of the pages whose files are not what they were.

    A page that comes has no old name, one that goes no new one.
    """
    become = {was.pk: now.url for was, now in plan.pages.update}
    gone = {row.pk for row in plan.pages.delete}
    present = Page.objects.filter(book__in=noted).values_list("pk", "book", "url")
    for pk, book_id, url in present:
        book = noted[book_id]
        before, after = book.docname_of(url), book.docname_of(become.get(pk, url))
        if pk in gone:
            yield pk, book, before, None
        elif before != after or _differs(after, plan.releases[book.project]):
            yield pk, book, before, after
    for row in plan.pages.create:
        if row.book_id in noted:
            book = noted[row.book_id]
            yield row.pk, book, None, book.docname_of(row.url)


def _differs(docname: str, changes: FileChanges) -> bool:
    path = f"{docname}.html"
    return path in changes.changed or path in changes.added


def _html(folder: Path | None, docname: str | None) -> str | None:
    if folder is None or docname is None:
        return None
    file = folder / f"{docname}.html"
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _noted(plan: Plan) -> dict[int, Book]:
    """Return the books with notes among those whose files change."""
    notes = Annotation.objects.filter(book__project__in=plan.releases).order_by()
    return {book.pk: book for book in Book.objects.filter(pk__in=notes.values("book"))}


def _editions(
    plan: Plan,
    noted: Mapping[int, Book],
    old_files: Mapping[str, Path],
    new_files: Mapping[str, Path],
) -> dict[int, Editions]:
    """Read both texts of all pages that differ, of each book with notes that has such pages."""
    old: dict[int, dict[str, str]] = defaultdict(dict)
    new: dict[int, dict[str, str]] = defaultdict(dict)
    pages: dict[int, set[str]] = defaultdict(set)
    for pk, book, before, after in _pages_that_differ(plan, noted):
        key = str(pk)
        pages[book.pk].add(key)
        was = _html(old_files.get(book.project), before)
        now = _html(new_files.get(book.project), after)
        if was is not None:
            old[book.pk][key] = was
        if now is not None:
            new[book.pk][key] = now
    return {pk: _edition(old[pk], new[pk], keys) for pk, keys in pages.items()}


def _edition(old: Mapping[str, str], new: Mapping[str, str], pages: Iterable[str]) -> Editions:
    ids = {key: page_texts.ids_in(html) for key, html in new.items()}
    found = map_pages(old, new)
    homes = {page_texts.hash_of(text): key for key, text in found.new.items()}
    return Editions(found, ids, frozenset(pages), homes)


def _lines(placed: Sequence[Placed]) -> Iterator[str]:
    """Tell how many notes of how many people go where, and which sentences they are on."""
    if not placed:
        return
    counts = Counter(one.outcome for one in placed)
    told = [(counts[name], *words) for name, words in OUTCOMES.items() if counts[name]]
    parts = [f"{n:,} {one if n == 1 else many}" for n, one, many in told]
    people = len({one.row.user_id for one in placed})
    total = _counted(len(placed), "note", "notes")
    of = _counted(people, "person", "people")
    yield f"notes on pages that change: {total} of {of}: {', '.join(parts)}."
    yield from _sentences(placed)


def _counted(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _sentences(placed: Sequence[Placed]) -> Iterator[str]:
    told: dict[tuple[str, str], int] = defaultdict(int)
    for one in placed:
        if one.outcome in ("orphan", "changed"):
            words = readable(one.row.quote or one.row.fragment or "the whole page")
            short = words if len(words) <= SHORT else f"{words[: SHORT - 1]}…"
            told[one.outcome, short] += 1
    order = sorted(told.items(), key=lambda item: item[0][0] != "orphan")
    for (outcome, words), count in order[:FIRST]:
        times = f" ({count} notes)" if count > 1 else ""
        yield f"  {OUTCOMES[outcome][0]}: “{words}”{times}"
    if len(order) > FIRST:
        yield f"  … and {len(order) - FIRST} more passages"


def _figures(placed: Sequence[Placed]) -> dict[str, Any]:
    counts = Counter(one.outcome for one in placed)
    people = {one.row.user_id for one in placed}
    return {"people": len(people)} | {name: counts[name] for name in OUTCOMES}
