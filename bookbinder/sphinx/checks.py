"""What may stand in a manifest: tests of single values, and of objects by their keys."""

import functools
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import itemgetter
from typing import Any

REPLY_FOLDER = "_feedback"
# What a build keeps for itself: the answer key, the sources that hold it, and Sphinx' own state.
PRIVATE_NAMES = frozenset(
    {
        "bookbinder.json",
        "bookbinder.tmp",
        "_sources",
        REPLY_FOLDER,
        ".doctrees",
        ".buildinfo",
        "environment.pickle",
    }
)
PRIVATE_ENDINGS = (".doctree", ".feedback", ".pickle")
# A picture or download of a reply, under the name that the extension gave it.
_REPLY_FILE = re.compile(rf"{REPLY_FOLDER}/[0-9a-f]{{20}}(\.[^/]*)?")
MAX_POINTS = Decimal("999999.99")
MAX_INDEX = 2**31 - 1
# An origin, or a folder of it; nothing that could end a directive of a header.
HOST = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?"
    r"(?:/(?:[A-Za-z0-9@._~+-]+/)*)?"
)

Fault = tuple[tuple[Any, ...], str]


def text(limit: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= limit and "\0" not in value


def matches(pattern: re.Pattern[str], *, empty: bool = False) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, str) and (pattern.fullmatch(value) is not None or (empty and value == ""))
    )


def or_null(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


def whole(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_INDEX


def points(value: Any) -> bool:
    return type(value) in (int, Decimal) and _is_points(value)


@functools.lru_cache(maxsize=1024)
def _is_points(value: int | Decimal) -> bool:
    """Cached, since a book has thousands of points and few different ones."""
    if not 0 <= value <= MAX_POINTS:
        return False
    return isinstance(value, int) or value == value.quantize(Decimal("0.01"))


def is_safe_path(value: Any) -> bool:
    """Whether `value` is a relative path without a hidden part or a way out of its folder."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 400
        and "\\" not in value
        and "\0" not in value
        and all(part and not part.startswith(".") for part in value.split("/"))
    )


def is_publishable(value: Any) -> bool:
    """Whether a release may have a file at the path `value`.

    Private names are refused in every folder, since a build may stand inside another; and however
    they are spelt, since some disks fold case.
    """
    if not is_safe_path(value):
        return False
    parts = value.casefold().split("/")
    is_private = any(part in PRIVATE_NAMES or part.endswith(PRIVATE_ENDINGS) for part in parts)
    return not is_private or _REPLY_FILE.fullmatch(value) is not None


def is_docname(value: Any) -> bool:
    """Whether `value` names a document whose page may be published."""
    return isinstance(value, str) and is_publishable(f"{value}.html")


def is_plain_object(value: Any) -> bool:
    """Whether any database takes `value` as JSON: no fraction, and no NUL in a text."""
    return isinstance(value, dict) and _is_plain(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return "\0" not in value
    return value is None or isinstance(value, int)


def is_host(value: object) -> bool:
    return isinstance(value, str) and HOST.fullmatch(value) is not None


def one_of(values: tuple[str, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in values


class Shape:
    """Which keys an object has, in the order of its named tuple, and what each must be."""

    def __init__(self, keys: dict[str, tuple[Callable[[Any], bool], str]]) -> None:
        self.keys = keys
        self.checks = [check for check, _expected in keys.values()]
        self.take = itemgetter(*keys)

    def values(self, raw: Any) -> list[Any] | None:
        """Return the values of a right object, None for another."""
        try:
            values = self.take(raw)
        except (KeyError, TypeError):
            return None
        for check, value in zip(self.checks, values, strict=True):
            if not check(value):
                return None
        return list(values)

    def faults(self, raw: Any, where: tuple[Any, ...]) -> Iterator[Fault]:
        if not isinstance(raw, dict):
            yield where, "must be an object"
            return
        for key, (check, expected) in self.keys.items():
            if key not in raw:
                yield (*where, key), "is missing"
            elif not check(raw[key]):
                yield (*where, key), f"must be {expected}"
