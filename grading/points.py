"""Formats points for display."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def plain(points: Decimal) -> str:
    """Return points without needless decimals: 2, not 2.00; 0.5, not 0.50."""
    return f"{points.normalize():f}"


def verdict(points: Decimal | None, possible: Decimal) -> str:
    """Return whether an answer is correct, or "" if its points do not tell."""
    if points is None or possible == 0:
        return ""
    if points >= possible:
        return _("Correct.")
    return _("Partly correct.") if points > 0 else _("Incorrect.")


def in_words(points: Decimal | None, possible: Decimal) -> str:
    """Return "1 of 2 points" or, if `points` is None, that a person will grade the answer."""
    if points is None:
        return _("Received. It will be graded by a person.")
    count = 1 if possible == 1 else 2
    text = ngettext("%(points)s of %(possible)s point", "%(points)s of %(possible)s points", count)
    return text % {"points": plain(points), "possible": plain(possible)}
