"""What is shown of a field that both the source and an admin may change. Pure."""

from typing import Any

from books.sync.plan import Edit, Prefer


class Merger:
    """Decides row by row, and keeps a note of each edit that an admin has made.

    Without `prefer` the admin's text stays where both have changed it, and the field is noted in
    the row's `conflicts` until somebody decides.
    """

    def __init__(self, prefer: Prefer | None = None) -> None:
        self.prefer = prefer
        self.edits: list[Edit] = []

    def row(self, kind: str, pk: int, name: str, conflicts: str) -> "RowMerger":
        return RowMerger(self, kind, pk, name, conflicts)


class RowMerger:
    """The fields of one row; `conflicts` are those that nobody has decided yet, by commas."""

    def __init__(self, merger: Merger, kind: str, pk: int, name: str, conflicts: str) -> None:
        self.merger = merger
        self.named = (kind, pk, name)
        self.before = conflicts.split(",") if conflicts else []
        self.open: list[str] = []

    @property
    def conflicts(self) -> str:
        return ",".join(self.open)

    def merged(self, field: str, shown: Any, source: Any, new: Any) -> Any:
        """Return `new`, or `shown` where an admin has changed it from what the source said."""
        if shown in (source, new):
            return new
        is_conflict = new != source or field in self.before
        stays = not (is_conflict and self.merger.prefer == "source")
        if is_conflict and self.merger.prefer is None:
            self.open.append(field)
        self.merger.edits.append(
            Edit(*self.named, field, _told(shown), _told(new), is_conflict, stays)
        )
        return shown if stays else new


def _told(value: Any) -> str:
    """Return a field's value as a person reads it: a reply is its text, without its markup."""
    if isinstance(value, tuple):
        return str(value[0])
    return "none" if value is None else str(value)
