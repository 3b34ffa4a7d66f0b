"""The rows of notes that an edition may change: read before placing, and written after it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotations import page_texts
from annotations.following.placing import Placed, Row, TextDiff
from annotations.models import Annotation, PageRevision
from books.sync import bulk_write

CHUNK = 10_000  # keys in one query: SQLite takes 32,766 parameters
# The columns that say where a note is.
LOCATION = ("page", "revision", "start", "end", "quote", "prefix", "suffix", "state", "suggestion")
COLUMNS = (
    "pk", "user_id", "book_id", "page_id", "fragment", "start", "end", "quote", "prefix", "suffix",
    "state", "orig_quote", "orig_prefix", "orig_suffix", "orig_start", "orig_end",
    "orig_revision__text_sha256", "orig_revision__page_id",
)  # fmt: skip


def on(diffs: Mapping[int, TextDiff]) -> Iterator[Row]:
    """Yield the notes on the changed pages, and every orphan of these books."""
    roots = Annotation.objects.filter(root=None, book__in=diffs).order_by("pk")
    yield from map(_row, roots.filter(state="orphan").values_list(*COLUMNS, named=True))
    placed = roots.exclude(state="orphan")
    pks = sorted(int(key) for diff in diffs.values() for key in diff.pages)
    for start in range(0, len(pks), CHUNK):
        on_pages = placed.filter(page__in=pks[start : start + CHUNK])
        yield from map(_row, on_pages.values_list(*COLUMNS, named=True))


def _key(page: int | None) -> str | None:
    return None if page is None else str(page)


def _row(values: Any) -> Row:
    """Return a note from a named tuple of `COLUMNS`."""
    return Row(
        pk=values.pk,
        user_id=values.user_id,
        book_id=values.book_id,
        key=_key(values.page_id),
        fragment=values.fragment,
        start=values.start,
        end=values.end,
        quote=values.quote,
        prefix=values.prefix,
        suffix=values.suffix,
        state=values.state,
        orig_quote=values.orig_quote,
        orig_prefix=values.orig_prefix,
        orig_suffix=values.orig_suffix,
        orig_key=_key(values.orig_revision__page_id),
        orig_start=values.orig_start,
        orig_end=values.orig_end,
        orig_sha256=values.orig_revision__text_sha256 or "",
    )


def late(diffs: Mapping[int, TextDiff], known: Collection[int]) -> Iterator[Row]:
    """Yield notes that were created on the old texts after the plan was made.

    `known` are the keys of the notes that the plan has. The page of a note may have been deleted.
    """
    old = [pair for diff in diffs.values() for pair in diff.map.old.items()]
    keys = {page_texts.hash_of(text): key for key, text in old}
    roots = Annotation.objects.filter(root=None, book__in=diffs)
    on_page = Q(page__in=[int(key) for key, _text in old])
    missed = roots.exclude(state="orphan").filter(on_page | Q(page=None)).order_by("pk")
    for values in missed.values_list(*COLUMNS, "revision__text_sha256", named=True):
        row, sha256 = _row(values), values.revision__text_sha256
        if row.pk not in known and sha256 is not None:
            yield row if row.key else row._replace(key=keys.get(sha256))


def write(placed: Sequence[Placed], diffs: Mapping[int, TextDiff], pks: Mapping[int, int]) -> None:
    """Write where the notes are now, in few statements, and delete texts that are not used.

    `pks` maps the negative keys of new pages to those of the rows.
    """
    if not placed:
        return
    keys = [key for diff in diffs.values() for key in diff.pages]
    pages = {key: pks.get(int(key), int(key)) for key in keys}
    new = {key: text for diff in diffs.values() for key, text in diff.map.new.items()}
    moved = [note for note in placed if note.key is not None]
    revisions = _revisions({note.key: new[note.key] for note in moved if note.key}, pages)
    _write_moved(moved, pages, revisions)
    lost = [note for note in placed if note.key is None]
    if lost:
        values = [(None, None, "orphan", _suggestion(note, pages), note.row.pk) for note in lost]
        bulk_write.update(Annotation, ("start", "end", "state", "suggestion"), values)
    displaced = [note.row.pk for note in placed if note.outcome in ("changed", "orphan")]
    for start in range(0, len(displaced), CHUNK):
        notes = Annotation.objects.filter(pk__in=displaced[start : start + CHUNK])
        notes.update(displaced_at=timezone.now())
    # Texts that no note refers to any more.
    used = Annotation.objects.filter(Q(revision=OuterRef("pk")) | Q(orig_revision=OuterRef("pk")))
    texts = PageRevision.objects.filter(Q(page__in=list(pages.values())) | Q(page=None))
    texts.filter(~Exists(used)).delete()


def _write_moved(
    moved: Sequence[Placed], pages: Mapping[str, int], revisions: Mapping[str, int]
) -> None:
    if not moved:
        return
    values = [
        (
            pages[note.key or ""], revisions[note.key or ""], note.start, note.end,
            note.quote, note.prefix, note.suffix, note.state, None, note.row.pk,
        )
        for note in moved
    ]  # fmt: skip
    bulk_write.update(Annotation, LOCATION, values)
    elsewhere: dict[int, list[int]] = {}
    for note in moved:
        if note.key != note.row.key:
            elsewhere.setdefault(pages[note.key or ""], []).append(note.row.pk)
    for page, roots in elsewhere.items():
        Annotation.objects.filter(root__in=roots).update(page=page)


def _suggestion(note: Placed, pages: Mapping[str, int]) -> dict[str, Any] | None:
    if note.suggestion is None:
        return None
    key, start, end, quote = note.suggestion
    return {"page": pages[key], "start": start, "end": end, "quote": quote}


def _revisions(new: Mapping[str, str], pages: Mapping[str, int]) -> dict[str, int]:
    """Return the key of the revision with each page's new text; missing ones are created."""
    hashes = {key: page_texts.hash_of(text) for key, text in new.items()}
    wanted = {(pages[key], sha): key for key, sha in hashes.items()}
    revisions: dict[str, int] = {}
    known = PageRevision.objects.filter(page__in=[page for page, _sha in wanted])
    for pk, page, sha in known.values_list("pk", "page", "text_sha256"):
        if (page, sha) in wanted:
            revisions[wanted[page, sha]] = pk
    missing = [(key, page, sha) for (page, sha), key in wanted.items() if key not in revisions]
    created = PageRevision.objects.bulk_create(
        PageRevision(
            page_id=page,
            text_sha256=sha,
            built_at=timezone.now(),
            text=page_texts.pack(new[key]),
        )
        for key, page, sha in missing
    )
    pairs = zip(missing, created, strict=True)
    return revisions | {key: revision.pk for (key, _page, _sha), revision in pairs}
