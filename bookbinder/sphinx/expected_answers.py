"""Checks of the answers that an author expects, for builds and for the admin."""

from collections.abc import Mapping
from typing import Any

from bookbinder.sphinx import kinds

ANYTHING_ELSE = "*"


def fault_of(grader: str, answer: str, options: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an expected answer for its grader and options, or None.

    The text completes a sentence that begins with "The answer is".
    """
    return None if answer == ANYTHING_ELSE else kinds.of(grader).fault_of(answer, options)
