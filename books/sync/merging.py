"""What is shown of a field that both the source and an admin may change. Pure."""

from typing import Any

from books.sync.changes import KeptEdit


class Merger:
    """Decides field by field, and keeps a note of each edit that stays."""

    def __init__(self) -> None:
        self.kept: list[KeptEdit] = []

    def merged(
        self, kind: str, pk: int, name: str, field: str, shown: Any, source: Any, new: Any
    ) -> Any:
        """Return `new`, or `shown` where an admin has changed it from what the source said."""
        if shown in (source, new):
            return new
        self.kept.append(KeptEdit(kind, pk, name, field, is_conflict=new != source))
        return shown
