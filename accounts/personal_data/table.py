"""What happens to the data of a person: one table, filled by each app when it starts.

Each model from which a row leads to a person, an enrollment or a question has an entry, which a
test makes sure of. The export of a person and the erasure of an account read this table.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User

Record = Mapping[str, Any]


class Erasure(enum.Enum):
    """What becomes of rows when their person's account is deleted."""

    DELETED = _("deleted")
    NAMELESS = _("kept without your name")  # or deleted, if nothing keeps the account
    EMPTIED = _("deleted; where others have replied, only the text")
    NOTHING = ""  # they are not about a person


@dataclass(frozen=True)
class PersonalData:
    """What happens to the rows of one model.

    - `title`: what people call the rows; empty if they are not about a person.
    - `person`: the lookup from a row to its person. `find` replaces it if there is no such lookup.
    - `fields`: the lookups that an export contains. `export` replaces them.
    - `erasure`: what becomes of the rows. `erase` does it, if it is more than a deletion; `lock`
      keeps others from writing them meanwhile.
    - `reason_to_stay`: returns why the account of a person stays without a name, or "".
    - `named_in`: fields that name who has done something to the row. They are emptied.
    - `is_archived`: whether a sync that deletes the rows writes them to its archive.
    - `is_copied`: whether a copy of a course has the rows.
    - `enrollment`: the lookup to an enrollment, by which figures leave test students out.
    """

    model: type[Model]
    title: Any = ""
    person: str = ""
    find: Callable[[User], QuerySet[Any]] | None = None
    fields: tuple[str, ...] = ()
    export: Callable[[User], Iterable[Record]] | None = None
    erasure: Erasure = Erasure.NOTHING
    erase: Callable[[User], None] | None = None
    lock: Callable[[User], None] | None = None
    reason_to_stay: Callable[[User], Any] | None = None
    named_in: tuple[str, ...] = ()
    is_archived: bool = False
    is_copied: bool = False
    enrollment: str = ""

    def rows_of(self, user: User) -> QuerySet[Any]:
        """Return the person's rows."""
        if self.find:
            return self.find(user)
        rows = self.model._base_manager.all()
        return rows.filter(**{self.person: user.pk}) if self.person else rows.none()

    def records_of(self, user: User) -> Iterator[Record]:
        """Yield the person's rows for the export, each as a mapping from names to values."""
        if self.export:
            yield from self.export(user)
        elif self.fields:
            names = [name.replace("__", ".") for name in self.fields]
            rows = self.rows_of(user).order_by("pk").values_list(*self.fields)
            for values in rows.iterator(chunk_size=2_000):
                yield dict(zip(names, values, strict=True))

    @property
    def is_exported(self) -> bool:
        return bool(self.fields or self.export)


_entries: list[PersonalData] = []
_files: dict[str, Callable[[User], bytes]] = {}


def register(*entries: PersonalData) -> None:
    """Add entries to the table."""
    _entries.extend(entries)


def register_file(name: str, write: Callable[[User], bytes]) -> None:
    """Add a file for people to read to the export of each person; `write` returns its contents."""
    _files[name] = write


def entries() -> tuple[PersonalData, ...]:
    return tuple(_entries)


def files() -> dict[str, Callable[[User], bytes]]:
    return dict(_files)
