"""The rows of notes that an edition may touch: read for placing, and written as placed."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotations import texts
from annotations.models import Annotation, PageRevision
from annotations.placing import Editions, Placed, Row
from books.sync import rows as fast

CHUNK = 10_000  # keys that are asked for at once: SQLite takes 32,766 parameters
PLACE = ("page", "revision", "start", "end", "quote", "prefix", "suffix", "state", "suggestion")
COLUMNS = (
    "pk", "user_id", "page_id", "fragment", "start", "end", "quote", "prefix", "suffix", "state",
    "orig_quote", "orig_prefix", "orig_suffix", "orig_start", "orig_end",
    "orig_revision__text_sha256", "orig_revision__page_id",
)  # fmt: skip


class Followed(NamedTuple):
    """What a sync computed of the notes, and both texts for those that are made meanwhile."""

    placed: tuple[Placed, ...]
    editions: Editions


def on(projects: Iterable[str], pages: Iterable[str]) -> Iterator[Row]:
    """Yield the notes on these pages, and every orphan of the projects' books."""
    roots = Annotation.objects.filter(root=None, book__project__in=projects).order_by("pk")
    yield from map(_row, roots.filter(state="orphan").values_list(*COLUMNS))
    placed = roots.exclude(state="orphan")
    pks = sorted(map(int, pages))
    for start in range(0, len(pks), CHUNK):
        some = placed.filter(page__in=pks[start : start + CHUNK])
        yield from map(_row, some.values_list(*COLUMNS))


def _key(page: int | None) -> str | None:
    return None if page is None else str(page)


def _row(values: tuple[Any, ...]) -> Row:
    pk, user, page, *place, start, end, sha256, orig_page = values
    return Row._make((pk, user, _key(page), *place, _key(orig_page), start, end, sha256 or ""))


def late(projects: Iterable[str], editions: Editions, known: Collection[int]) -> Iterator[Row]:
    """Yield notes that were made on the old text after the plan was. Their page may be gone."""
    keys = {texts.hash_of(text): key for key, text in editions.map.old.items()}
    roots = Annotation.objects.filter(root=None, book__project__in=projects)
    there = Q(page__in=list(map(int, editions.pages)))
    missed = roots.exclude(state="orphan").filter(there | Q(page=None)).order_by("pk")
    for *values, sha256 in missed.values_list(*COLUMNS, "revision__text_sha256"):
        row = _row(tuple(values))
        if row.pk not in known and sha256 is not None:
            yield row if row.key else row._replace(key=keys.get(sha256))


def write(placed: Sequence[Placed], editions: Editions, pks: Mapping[int, int]) -> None:
    """Write where the notes stand now: a statement for each kind of change, however many notes."""
    if not placed:
        return
    pages = {key: pks.get(int(key), int(key)) for key in editions.pages}
    moved = [one for one in placed if one.key is not None]
    revisions = _revisions({one.key for one in moved if one.key}, editions, pages)
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


def _revisions(keys: set[str], editions: Editions, pages: Mapping[str, int]) -> dict[str, int]:
    """Return the revision that keeps each page's new text, made where there is none."""
    hashes = {key: texts.hash_of(editions.map.new[key]) for key in keys}
    wanted = {(pages[key], sha): key for key, sha in hashes.items()}
    found: dict[str, int] = {}
    known = PageRevision.objects.filter(page__in=[page for page, _sha in wanted])
    for pk, page, sha in known.values_list("pk", "page", "text_sha256"):
        if (page, sha) in wanted:
            found[wanted[page, sha]] = pk
    new = [(key, page, sha) for (page, sha), key in wanted.items() if key not in found]
    made = PageRevision.objects.bulk_create(
        PageRevision(
            page_id=page,
            text_sha256=sha,
            built_at=timezone.now(),
            text=texts.pack(editions.map.new[key]),
        )
        for key, page, sha in new
    )
    return found | {key: row.pk for (key, _page, _sha), row in zip(new, made, strict=True)}


def _clear(pages: Iterable[int]) -> None:
    """Delete texts that no note points to any more."""
    used = Annotation.objects.filter(Q(revision=OuterRef("pk")) | Q(orig_revision=OuterRef("pk")))
    here = PageRevision.objects.filter(Q(page__in=list(pages)) | Q(page=None))
    here.filter(~Exists(used)).delete()
