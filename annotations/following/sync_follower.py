"""What a sync does to notes: each follows its passage to the new text. None is ever deleted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations import page_texts
from annotations.anchoring import map_pages
from annotations.following import placing
from annotations.following import rows as note_rows
from annotations.following.placing import Placed, TextDiff
from annotations.models import Annotation
from annotations.presenting import readable
from books.models import Book, Page
from books.sync.apply import ChangedError
from books.sync.follower import Counts, Effects
from books.sync.plan import Options, Plan
from books.sync.report.totals import FIRST, shortened

OUTCOMES = ("kept", "found", "moved", "changed", "orphan")
# The plan did not include the pages of that book, since it had no notes.
FIRST_NOTE = gettext_lazy(
    "Somebody has made the first note on a book. Nothing was changed: sync again."
)
SHORT = 60  # characters of a sentence that are shown


@dataclass(frozen=True)
class _Rows:
    """What was computed for the notes; `noted` are the keys of the books that had notes then."""

    placed: tuple[Placed, ...]
    diffs: Mapping[int, TextDiff]
    noted: frozenset[int]


class AnnotationsFollower:
    """Takes notes along in a sync; implements `books.sync.follower.Follower`."""

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
        noted = _noted_books(plan)
        diffs = _diffs(plan, noted, old_files, new_files)
        rows = list(note_rows.on(diffs)) if diffs else []
        each = options.each(rows, _("following the notes"), len(rows)) if rows else ()
        placed = tuple(placing.place_all(each, diffs))
        return Effects(
            lines=tuple(_lines(placed)),
            figures=_figures(placed) if diffs else {},
            rows=_Rows(placed, diffs, frozenset(noted)),
        )

    def going(self, plan: Plan) -> Iterator[QuerySet[Any]]:
        """No note is deleted."""
        return iter(())

    def mark(self, plan: Plan) -> object:
        """No note is deleted."""
        return None

    def lock_rows(self, plan: Plan) -> None:
        """Lock the plan's books, so that new notes on them wait; SQLite does this by itself.

        Whoever writes a note locks its book before anything else, and then notices that the page's
        text is outdated.
        """
        if connection.features.has_select_for_update:
            books = Book.objects.filter(project__in=plan.projects).order_by("pk")
            list(books.select_for_update(no_key=True).values_list("pk"))

    def drop(self, plan: Plan) -> None:
        """No note is deleted."""

    def follow(self, plan: Plan, effects: Effects, pks: Mapping[int, int]) -> None:
        rows = effects.rows
        assert isinstance(rows, _Rows)
        if not rows.noted >= _noted_books(plan).keys():
            raise ChangedError(str(FIRST_NOTE))
        late = note_rows.late(rows.diffs, {placed.row.pk for placed in rows.placed})
        everything = [*rows.placed, *placing.place_all(late, rows.diffs)]
        note_rows.write(everything, rows.diffs, pks)

    def in_this_version(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows  # no note is in an archive

    def restored(self, rows: Sequence[Model]) -> None:
        pass


def _noted_books(plan: Plan) -> dict[int, Book]:
    """Return the books with notes among those whose files change."""
    notes = Annotation.objects.filter(book__project__in=plan.releases).order_by()
    return {book.pk: book for book in Book.objects.filter(pk__in=notes.values("book"))}


@dataclass(frozen=True)
class _ChangedPage:
    """A page whose file changes; a new page has no old docname, a deleted one no new docname."""

    pk: int
    book: Book
    old_docname: str | None
    new_docname: str | None


def _changed_pages(plan: Plan, noted: Mapping[int, Book]) -> Iterator[_ChangedPage]:
    new_urls = {old.pk: new.url for old, new in plan.pages.update}
    deleted = {row.pk for row in plan.pages.delete}
    for pk, book_id, url in Page.objects.filter(book__in=noted).values_list("pk", "book", "url"):
        book = noted[book_id]
        before, after = book.docname_of(url), book.docname_of(new_urls.get(pk, url))
        files = plan.releases[book.project]
        path = f"{after}.html"
        if pk in deleted:
            yield _ChangedPage(pk, book, before, None)
        elif before != after or path in files.changed or path in files.added:
            yield _ChangedPage(pk, book, before, after)
    for row in plan.pages.create:
        if row.book_id in noted:
            book = noted[row.book_id]
            yield _ChangedPage(row.pk, book, None, book.docname_of(row.url))


def _diffs(
    plan: Plan,
    noted: Mapping[int, Book],
    old_files: Mapping[str, Path],
    new_files: Mapping[str, Path],
) -> dict[int, TextDiff]:
    """Return both texts of all changed pages, for each book with notes that has such pages."""
    old: dict[int, dict[str, str]] = defaultdict(dict)
    new: dict[int, dict[str, str]] = defaultdict(dict)
    keys: dict[int, set[str]] = defaultdict(set)
    for page in _changed_pages(plan, noted):
        book, key = page.book, str(page.pk)
        keys[book.pk].add(key)
        old_html = _html(old_files.get(book.project), page.old_docname)
        new_html = _html(new_files.get(book.project), page.new_docname)
        if old_html is not None:
            old[book.pk][key] = old_html
        if new_html is not None:
            new[book.pk][key] = new_html
    diffs = {}
    for book_pk, pages in keys.items():
        page_map = map_pages(old[book_pk], new[book_pk])
        diffs[book_pk] = TextDiff(
            map=page_map,
            ids={key: page_texts.ids_in(html) for key, html in new[book_pk].items()},
            pages=frozenset(pages),
            homes={page_texts.hash_of(text): key for key, text in page_map.new.items()},
        )
    return diffs


def _html(folder: Path | None, docname: str | None) -> str | None:
    if folder is None or docname is None:
        return None
    file = folder / f"{docname}.html"
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _lines(placed: Sequence[Placed]) -> Iterator[str]:
    """Yield lines for people: how many notes change and how, and the passages they are on."""
    if not placed:
        return
    counts = Counter(note.outcome for note in placed)
    people = len({note.row.user_id for note in placed})
    values = {
        "notes": ngettext("%(n)s note", "%(n)s notes", len(placed)) % {"n": f"{len(placed):,}"},
        "people": ngettext("%(n)s person", "%(n)s people", people) % {"n": f"{people:,}"},
        "outcomes": ", ".join(
            f"{counts[outcome]:,} {_in_words(outcome, counts[outcome])}"
            for outcome in OUTCOMES
            if counts[outcome]
        ),
    }
    yield _("notes on pages that change: %(notes)s of %(people)s: %(outcomes)s.") % values
    sentences: dict[tuple[str, str], int] = defaultdict(int)
    for note in placed:
        if note.outcome in ("orphan", "changed"):
            words = readable(note.row.quote or note.row.fragment or _("the whole page"))
            sentences[note.outcome, shortened(words, SHORT)] += 1
    ordered = sorted(sentences.items(), key=lambda item: item[0][0] != "orphan")
    for (outcome, words), count in ordered[:FIRST]:
        more = " " + _("(%(n)d notes)") % {"n": count} if count > 1 else ""
        yield f"  {_in_words(outcome, 1)}: “{words}”{more}"
    left = len(ordered) - FIRST
    if left > 0:
        text = ngettext("… and %(n)d more passage", "… and %(n)d more passages", left)
        yield f"  {text % {'n': left}}"


def _in_words(outcome: str, count: int) -> str:
    """Return a phrase that says what happens to `count` notes."""
    return {
        "kept": ngettext("stays", "stay", count),
        "found": ngettext("has its passage again", "have their passage again", count),
        "moved": ngettext("moves", "move", count),
        "changed": ngettext("is on changed words", "are on changed words", count),
        "orphan": ngettext("loses its passage", "lose their passage", count),
    }[outcome]


def _figures(placed: Sequence[Placed]) -> Mapping[str, float]:
    counts = Counter(note.outcome for note in placed)
    people = {note.row.user_id for note in placed}
    return {"people": len(people)} | {outcome: counts[outcome] for outcome in OUTCOMES}
