"""What waits for people who run courses and books.

The admin counts it in its head and on its first page, and an e-mail tells of it once a day. Each
app says what it has: `add` is called when the app starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.subscriptions import Subscription

LETTERS = Subscription("wants_waiting_letters", "accounts.waiting", "stop-waiting-letters")


@dataclass(frozen=True)
class Kind:
    """Something that waits, such as problem reports.

    `words` returns a text for a number of them, and `rows` those that wait for a user. `began` is
    the field with the time since when a row waits, or "" if it is not known. `url` is the name of
    the list in the admin, and `query` its filter, which shows the same rows.
    """

    words: Callable[[int], str]
    rows: Callable[[User], "QuerySet"]
    began: str
    url: str
    query: str = ""


@dataclass(frozen=True)
class Waiting:
    """A number of things of one kind that wait for a person."""

    number: int
    text: str
    path: str


_kinds: list[Kind] = []


def add(kind: Kind) -> None:
    """Add a kind to the table."""
    _kinds.append(kind)


@dataclass(frozen=True)
class ForPerson:
    """What waits for a person, without kinds of which nothing does."""

    kinds: list[Waiting]

    @property
    def total(self) -> int:
        return sum(one.number for one in self.kinds)


def for_person(user: User) -> ForPerson:
    """Return what waits for `user`."""
    counted = [(kind, kind.rows(user).count()) for kind in _kinds]
    return ForPerson(
        [
            Waiting(number, kind.words(number), f"{reverse(kind.url)}{kind.query}")
            for kind, number in counted
            if number
        ]
    )


def has_come(user: User, since: datetime) -> bool:
    """Return whether anything that waits for `user` has come since a time."""
    dated = (kind for kind in _kinds if kind.began)
    return any(kind.rows(user).filter(**{f"{kind.began}__gt": since}).exists() for kind in dated)
