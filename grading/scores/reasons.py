"""What a score's reasons say to people; see `grading.scores.derivation` for what they contain."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grading.points import plain

HOUR = 3600


def _attempt(number: int, count: int) -> str:
    return _("attempt %(number)d of %(count)d") % {"number": number, "count": count}


def _hints(cost: str) -> str:
    return _("%(points)s points off for hints") % {"points": plain(Decimal(cost))}


def _late(seconds: int, left: str) -> str:
    if seconds < HOUR:
        how = ngettext("%(n)d minute late", "%(n)d minutes late", seconds // 60)
        text = how % {"n": seconds // 60}
    elif seconds < 24 * HOUR:
        how = ngettext("%(n)d hour late", "%(n)d hours late", seconds // HOUR)
        text = how % {"n": seconds // HOUR}
    else:
        days = plain(Decimal(seconds * 2 // (24 * HOUR)) / 2)
        text = _("%(n)s days late") % {"n": days}
    share = plain(Decimal(left))
    return _("%(late)s: %(share)s %% of the points") % {"late": text, "share": share}


def _practice(count: int) -> str:
    text = ngettext(
        "%(n)d attempt after the last date, for practice",
        "%(n)d attempts after the last date, for practice",
        count,
    )
    return text % {"n": count}


def _waits(count: int) -> str:
    text = ngettext("%(n)d attempt waits for a grade", "%(n)d attempts wait for a grade", count)
    return text % {"n": count}


def _override(reason: str) -> str:
    if not reason:
        return _("set by an instructor")
    return _("set by an instructor: %(reason)s") % {"reason": reason}


_TEXTS: dict[str, Callable[..., str]] = {
    "attempt": _attempt,
    "grade": lambda: _("graded by a person"),
    "regrade": lambda: _("regraded"),
    "hints": _hints,
    "late": _late,
    "practice": _practice,
    "full": lambda: _("full points for everybody"),
    "override": _override,
    "waits": _waits,
}


def in_words(reasons: Iterable[Sequence[Any]]) -> list[str]:
    """Return a text for each reason, in the language that is active."""
    return [_TEXTS[code](*values) for code, *values in reasons]
