"""A person's notes in all their books: searching, filtering, and exporting them to files."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from annotations import jsonld
from annotations.models import Annotation
from annotations.presenting import readable
from grading import spreadsheet
from grading.spreadsheet import formula_safe

WORDS = 10  # of a search; further words are ignored


@dataclass(frozen=True)
class Wanted:
    """The criteria of a search in a person's notes. An empty one matches all notes."""

    q: str = ""
    book: str = ""
    tag: str = ""
    audience: str = ""
    state: str = ""

    @property
    def is_all(self) -> bool:
        return self == Wanted()


def find(user: User, wanted: Wanted) -> Any:
    """Return the person's own notes and replies that match, by book and position in the book."""
    rows = Annotation.objects.written_by(user).with_people().with_places().with_rights_of(user)
    rows = rows.with_reply_count().filter(_asked(wanted))
    return rows.order_by("book__title", "book", "page__position", "start", "pk")


def _asked(wanted: Wanted) -> Q:
    found = Q()
    if wanted.book.isdecimal():
        found &= Q(book=int(wanted.book[:18]))
    if wanted.audience in Annotation.Audience.values:
        found &= Q(audience=wanted.audience)
    if wanted.state in Annotation.State.values:
        found &= Q(state=wanted.state)
    for word in wanted.q.replace("\0", "").split()[:WORDS]:
        found &= Q(body__icontains=word) | Q(quote__icontains=word) | _tagged(word)
    return found & _tagged(wanted.tag.replace("\0", ""), is_whole=True) if wanted.tag else found


def _tagged(word: str, *, is_whole: bool = False) -> Q:
    """Return the condition for a tag that contains `word`, or that equals it if `is_whole`.

    Tags are searched as the text of a JSON list, whose characters outside ASCII are escaped by
    SQLite but not by PostgreSQL.
    """
    found = Q()
    for is_ascii in (True, False):
        written = json.dumps(word, ensure_ascii=is_ascii)
        found |= Q(tags__icontains=written if is_whole else written[1:-1])
    return found


def tags_of(user: User) -> list[str]:
    """Return each tag on the person's notes once, sorted."""
    rows = Annotation.objects.written_by(user).exclude(tags=[])
    return sorted({tag for tags in rows.values_list("tags", flat=True) for tag in tags})


# Files


def as_jsonld(rows: Iterable[Any], user: User, site: str) -> bytes:
    """Return the notes as an AnnotationPage in JSON-LD. `rows` come from `find`."""
    items = [jsonld.note(row, user, site) for row in rows]
    data = jsonld.page(items, f"{site}/notes/")
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()


HEADINGS = ("book", "page", "passage", "note", "tags", "audience", "state", "written", "address")


def as_csv(rows: Iterable[Any], user: User, site: str) -> bytes:
    """Return the notes as a CSV file."""
    lines: list[Iterable[str]] = [HEADINGS]
    for row in rows:
        cells = (
            row.book.title,
            _page_title(row),
            readable(row.quote),
            row.body,
            ", ".join(row.tags),
            row.audience,
            row.state,
            row.created_at.isoformat(),
            site + jsonld.address(row.uuid),
        )
        lines.append(map(formula_safe, cells))
    return spreadsheet.as_csv(lines)


def as_markdown(rows: Iterable[Any], user: User, site: str) -> bytes:
    """Return the notes as a Markdown text, with a heading for each book and each page.

    Passages are quotations. The notes of a book, and of a page, must follow one another.
    """
    lines: list[str] = []
    book = page = None
    for row in rows:
        if row.book_id != book:
            book, page = row.book_id, None
            lines += [f"# {row.book.title}", ""]
        if _page_title(row) != page:
            page = _page_title(row)
            lines += [f"## {page}", ""]
        if row.quote:
            lines += [f"> {readable(row.quote)}", ""]
        if row.body:
            lines += [row.body, ""]
        if row.tags:
            lines.append(" ".join(f"`{tag}`" for tag in row.tags))
        lines += [f"*{row.created_at:%Y-%m-%d}, {row.get_audience_display()}*", ""]
    return "\n".join(lines).encode()


def _page_title(row: Any) -> str:
    return row.page.title if row.page else _("Pages that are gone")


Format = Callable[[Iterable[Any], User, str], bytes]
FORMATS: dict[str, tuple[str, Format]] = {
    "md": ("text/markdown; charset=utf-8", as_markdown),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "jsonld": (jsonld.MEDIA_TYPE, as_jsonld),
}
