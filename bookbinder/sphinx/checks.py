"""Checks of the contents of a manifest: of single values, and of objects by their keys."""

import functools
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import itemgetter
from typing import Any

REPLY_FOLDER = "_feedback"
# Never published: the answer key, the sources that contain it, and Sphinx's own state.
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
# An image or download of a reply, with the name that the extension gave it.
_REPLY_FILE = re.compile(rf"{REPLY_FOLDER}/[0-9a-f]{{20}}(\.[^/]*)?")
MAX_POINTS = Decimal("999999.99")
MAX_INDEX = 2**31 - 1
# An origin, or a folder on it, without any character that could end a directive of a header.
HOST = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?"
    r"(?:/(?:[A-Za-z0-9@._~+-]+/)*)?"
)

# A path in the manifest, as keys and indexes from its top, and what is wrong there.
Fault = tuple[tuple[Any, ...], str]


def text(limit: int) -> Callable[[Any], bool]:
    """Return a check for strings of at most `limit` characters, without NUL."""
    return lambda value: isinstance(value, str) and len(value) <= limit and "\0" not in value


def matches(pattern: re.Pattern[str], *, empty: bool = False) -> Callable[[Any], bool]:
    """Return a check for strings that match `pattern` as a whole; `empty` allows "" as well."""
    return lambda value: (
        isinstance(value, str) and (pattern.fullmatch(value) is not None or (empty and value == ""))
    )


def or_null(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a check for None and for values that pass `check`."""
    return lambda value: value is None or check(value)


def whole(value: Any) -> bool:
    """Return whether `value` is an integer from 0 to `MAX_INDEX`."""
    return type(value) is int and 0 <= value <= MAX_INDEX


def points(value: Any) -> bool:
    """Return whether `value` is a number from 0 to `MAX_POINTS` with at most two decimals."""
    return type(value) in (int, Decimal) and _is_points(value)


@functools.lru_cache(maxsize=1024)
def _is_points(value: int | Decimal) -> bool:
    """Return whether a number is valid as points. Cached, since few different ones occur."""
    if not 0 <= value <= MAX_POINTS:
        return False
    return isinstance(value, int) or value == value.quantize(Decimal("0.01"))


def is_safe_path(value: Any) -> bool:
    """Return whether `value` is a relative path without hidden parts that stays in its folder."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 400
        and "\\" not in value
        and "\0" not in value
        and all(part and not part.startswith(".") for part in value.split("/"))
    )


def is_publishable(value: Any) -> bool:
    """Return whether a release may have a file at the path `value`.

    Private names are refused in every folder, since a build may be inside another one, and
    whatever their case, since some file systems ignore it.
    """
    if not is_safe_path(value):
        return False
    parts = value.casefold().split("/")
    is_private = any(part in PRIVATE_NAMES or part.endswith(PRIVATE_ENDINGS) for part in parts)
    return not is_private or _REPLY_FILE.fullmatch(value) is not None


def is_docname(value: Any) -> bool:
    """Return whether `value` is the name of a document whose page may be published."""
    return isinstance(value, str) and is_publishable(f"{value}.html")


def is_plain_object(value: Any) -> bool:
    """Return whether any database accepts `value` as JSON: no fractions, no NUL in strings."""
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
    """Return whether `value` is an https:// origin, or a folder on one that ends with a slash."""
    return isinstance(value, str) and HOST.fullmatch(value) is not None


def one_of(values: tuple[str, ...]) -> Callable[[Any], bool]:
    """Return a check for strings that are among `values`."""
    return lambda value: isinstance(value, str) and value in values


class Shape:
    """The keys of an object, in the order of its named tuple, each with a check of its value."""

    def __init__(self, keys: dict[str, tuple[Callable[[Any], bool], str]]) -> None:
        self.keys = keys
        self.checks = [check for check, _expected in keys.values()]
        self.take = itemgetter(*keys)

    def values(self, raw: Any) -> list[Any] | None:
        """Return the values of an object that passes all checks, None for anything else."""
        try:
            values = self.take(raw)
        except (KeyError, TypeError):
            return None
        for check, value in zip(self.checks, values, strict=True):
            if not check(value):
                return None
        return list(values)

    def faults(self, raw: Any, where: tuple[Any, ...]) -> Iterator[Fault]:
        """Yield what is wrong with an object at the path `where` in the manifest."""
        if not isinstance(raw, dict):
            yield where, "must be an object"
            return
        for key, (check, expected) in self.keys.items():
            if key not in raw:
                yield (*where, key), "is missing"
            elif not check(raw[key]):
                yield (*where, key), f"must be {expected}"
