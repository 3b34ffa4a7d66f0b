"""Decides what is shown of a field that both the source and an admin may change. Pure."""

from typing import TypeVar

from books.sync.plan import Edit, Prefer

Value = TypeVar("Value")


class Merger:
    """Decides row by row which text is shown, and notes each edit that an admin has made.

    Without `prefer` the admin's text is kept if both have changed it, and the field is noted in
    the row's `conflicts` until a person decides.
    """

    def __init__(self, prefer: Prefer | None = None) -> None:
        self.prefer = prefer
        self.edits: list[Edit] = []

    def row(self, kind: str, pk: int, name: str, conflicts: str) -> "RowMerger":
        return RowMerger(self, kind, pk, name, conflicts)


class RowMerger:
    """Decides the fields of one row; `conflicts` are its open ones so far, comma-separated."""

    def __init__(self, merger: Merger, kind: str, pk: int, name: str, conflicts: str) -> None:
        self.merger = merger
        self.kind, self.pk, self.name = kind, pk, name
        self.before = conflicts.split(",") if conflicts else []
        self.open: list[str] = []

    @property
    def conflicts(self) -> str:
        return ",".join(self.open)

    def merged(self, field: str, shown: Value, source: object, new: Value) -> Value:
        """Return `new`, or `shown` if an admin has changed it from what the source said."""
        if shown in (source, new):
            return new
        is_conflict = new != source or field in self.before
        stays = not (is_conflict and self.merger.prefer == "source")
        if is_conflict and self.merger.prefer is None:
            self.open.append(field)
        edit = Edit(
            kind=self.kind,
            pk=self.pk,
            name=self.name,
            field=field,
            shown=_as_text(shown),
            source=_as_text(new),
            is_conflict=is_conflict,
            stays=stays,
        )
        self.merger.edits.append(edit)
        return shown if stays else new


def _as_text(value: object) -> str:
    """Return the value of a field as people read it: of a reply, its text without the markup."""
    if isinstance(value, tuple):
        text, _markup = value
        return str(text)
    return "none" if value is None else str(value)
