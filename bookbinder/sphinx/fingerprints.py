"""Identifiers that stay the same across editions.

They are the keys of choices and feedback, and the fingerprints of pages and questions.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

KEY_LENGTH = 10
UNASKED = ("try", "decimal_comma")  # options that do not change what is asked


def collapse(text: str) -> str:
    """Return `text` with each run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def key_of(text: str, taken: Iterable[str] = ()) -> str:
    """Return the key of an item: the start of the SHA-256 of its source text, in hex.

    It does not reveal what is correct. If it is among `taken`, `~2`, `~3` and so on is appended.
    """
    key = hashlib.sha256(collapse(text).encode()).hexdigest()[:KEY_LENGTH]
    taken = set(taken)
    copies = (f"{key}~{number}" for number in range(2, len(taken) + 3))
    return key if key not in taken else next(copy for copy in copies if copy not in taken)


def page_fingerprint(text: str) -> str:
    """Return the SHA-256 of a page's text, in hex, ignoring differences in white space."""
    return hashlib.sha256(collapse(text).encode()).hexdigest()


def question_fingerprint(prompt: str, options: dict[str, Any], choices: Iterable[str]) -> str:
    """Return the SHA-256, in hex, of what a question asks, whatever the order of its choices.

    Options that do not change what is asked are left out: who may try it, and how numbers are read.
    """
    asked = {name: value for name, value in options.items() if name not in UNASKED}
    parts = [collapse(prompt), json.dumps(asked, sort_keys=True)]
    parts += sorted(collapse(choice) for choice in choices)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
