"""The rows of notes that an edition may touch: read for placing, and written as placed."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotations import page_texts
from annotations.following.placing import Editions, Placed, Row
from annotations.models import Annotation, PageRevision
from books.sync import bulk_write as fast

CHUNK = 10_000  # keys that are asked for at once: SQLite takes 32,766 parameters
PLACE = ("page", "revision", "start", "end", "quote", "prefix", "suffix", "state", "suggestion")
COLUMNS = (
    "pk", "user_id", "book_id", "page_id", "fragment", "start", "end", "quote", "prefix", "suffix",
    "state", "orig_quote", "orig_prefix", "orig_suffix", "orig_start", "orig_end",
    "orig_revision__text_sha256", "orig_revision__page_id",
)  # fmt: skip


class Followed(NamedTuple):
    """What a sync computed of the notes; each book's editions, for those made meanwhile.

    `noted` are the books that had notes then.
    """

    placed: tuple[Placed, ...]
    books: Mapping[int, Editions]
    noted: frozenset[int]


def on(books: Mapping[int, Editions]) -> Iterator[Row]:
    """Yield the notes on the pages that differ, and every orphan of these books."""
    roots = Annotation.objects.filter(root=None, book__in=books).order_by("pk")
    yield from map(_row, roots.filter(state="orphan").values_list(*COLUMNS))
    placed = roots.exclude(state="orphan")
    pks = sorted(int(key) for one in books.values() for key in one.pages)
    for start in range(0, len(pks), CHUNK):
        some = placed.filter(page__in=pks[start : start + CHUNK])
        yield from map(_row, some.values_list(*COLUMNS))


def _key(page: int | None) -> str | None:
    return None if page is None else str(page)


def _row(values: tuple[Any, ...]) -> Row:
    pk, user, book, page, *place, start, end, sha256, orig_page = values
    last = (_key(orig_page), start, end, sha256 or "")
    return Row._make((pk, user, book, _key(page), *place, *last))


def late(books: Mapping[int, Editions], known: Collection[int]) -> Iterator[Row]:
    """Yield notes that were made on the old text after the plan was. Their page may be gone."""
    old = [pair for one in books.values() for pair in one.map.old.items()]
    keys = {page_texts.hash_of(text): key for key, text in old}
    roots = Annotation.objects.filter(root=None, book__in=books)
    there = Q(page__in=[int(key) for key, _text in old])
    missed = roots.exclude(state="orphan").filter(there | Q(page=None)).order_by("pk")
    for *values, sha256 in missed.values_list(*COLUMNS, "revision__text_sha256"):
        row = _row(tuple(values))
        if row.pk not in known and sha256 is not None:
            yield row if row.key else row._replace(key=keys.get(sha256))


def write(placed: Sequence[Placed], books: Mapping[int, Editions], pks: Mapping[int, int]) -> None:
    """Write where the notes stand now: a statement for each kind of change, however many notes."""
    if not placed:
        return
    keys = [key for one in books.values() for key in one.pages]
    pages = {key: pks.get(int(key), int(key)) for key in keys}
    new = {key: text for one in books.values() for key, text in one.map.new.items()}
    moved = [one for one in placed if one.key is not None]
    revisions = _revisions({one.key: new[one.key] for one in moved if one.key}, pages)
    _write_moved(moved, pages, revisions)
    lost = [one for one in placed if one.key is None]
    if lost:
        values = [(None, None, "orphan", _suggestion(one, pages), one.row.pk) for one in lost]
        fast.update(Annotation, ("start", "end", "state", "suggestion"), values)
    displaced = [one.row.pk for one in placed if one.outcome in ("changed", "orphan")]
    for start in range(0, len(displaced), CHUNK):
        some = Annotation.objects.filter(pk__in=displaced[start : start + CHUNK])
        some.update(displaced_at=timezone.now())
    _clear(pages.values())


def _write_moved(
    moved: Sequence[Placed], pages: Mapping[str, int], revisions: Mapping[str, int]
) -> None:
    if not moved:
        return
    values = [
        (
            pages[one.key or ""], revisions[one.key or ""], one.start, one.end,
            one.quote, one.prefix, one.suffix, one.state, None, one.row.pk,
        )
        for one in moved
    ]  # fmt: skip
    fast.update(Annotation, PLACE, values)
    elsewhere: dict[int, list[int]] = {}
    for one in moved:
        if one.key != one.row.key:
            elsewhere.setdefault(pages[one.key or ""], []).append(one.row.pk)
    for page, roots in elsewhere.items():
        Annotation.objects.filter(root__in=roots).update(page=page)


def _suggestion(one: Placed, pages: Mapping[str, int]) -> Any:
    if one.suggestion is None:
        return None
    key, start, end, quote = one.suggestion
    return {"page": pages[key], "start": start, "end": end, "quote": quote}


def _revisions(new: Mapping[str, str], pages: Mapping[str, int]) -> dict[str, int]:
    """Return the revision that keeps each page's new text, made where there is none."""
    hashes = {key: page_texts.hash_of(text) for key, text in new.items()}
    wanted = {(pages[key], sha): key for key, sha in hashes.items()}
    found: dict[str, int] = {}
    known = PageRevision.objects.filter(page__in=[page for page, _sha in wanted])
    for pk, page, sha in known.values_list("pk", "page", "text_sha256"):
        if (page, sha) in wanted:
            found[wanted[page, sha]] = pk
    missing = [(key, page, sha) for (page, sha), key in wanted.items() if key not in found]
    made = PageRevision.objects.bulk_create(
        PageRevision(
            page_id=page,
            text_sha256=sha,
            built_at=timezone.now(),
            text=page_texts.pack(new[key]),
        )
        for key, page, sha in missing
    )
    return found | {key: row.pk for (key, _page, _sha), row in zip(missing, made, strict=True)}


def _clear(pages: Iterable[int]) -> None:
    """Delete texts that no note points to any more."""
    used = Annotation.objects.filter(Q(revision=OuterRef("pk")) | Q(orig_revision=OuterRef("pk")))
    here = PageRevision.objects.filter(Q(page__in=list(pages)) | Q(page=None))
    here.filter(~Exists(used)).delete()
