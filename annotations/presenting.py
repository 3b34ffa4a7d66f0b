"""Old words beside new ones, for a passage that an edition has changed."""

import functools
import re
from difflib import SequenceMatcher

from annotations.anchoring.text import FORMULA

_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")


@functools.lru_cache(maxsize=1024)
def changes(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of "=", "-" or "+" and the words that stayed, went or came, in order."""
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    found: list[tuple[str, str]] = []
    # Space joins no passages: without it as a seed a long one takes a quarter of the time.
    matcher = SequenceMatcher(str.isspace, before, after, autojunk=False)
    for kind, i, j, k, n in matcher.get_opcodes():
        if kind == "equal":
            found.append(("=", "".join(before[i:j])))
            continue
        if j > i:
            found.append(("-", "".join(before[i:j])))
        if n > k:
            found.append(("+", "".join(after[k:n])))
    return tuple(found)


def readable(text: str) -> str:
    """Return a passage as people read it, where a formula has no words."""
    return text.replace(FORMULA, "[…]")
