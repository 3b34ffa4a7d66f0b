"""Finds a quote word for word: only where there can be no doubt which passage is meant."""

from collections.abc import Mapping

# A quote this long that stands once in a book is taken for the passage itself.
TELLING = 20


def find(
    quote: str, prefix: str, suffix: str, texts: Mapping[str, str]
) -> tuple[str, int, int] | None:
    """Return page, start and end of the one place where the quote stands, or None.

    Alone it counts from 20 characters on; a shorter one, or one that stands more than once,
    counts together with all of its prefix and suffix.
    """
    if not quote.strip():
        return None
    found = _once(quote, texts)
    if found is None and (prefix or suffix):
        found = _once(prefix + quote + suffix, texts)
        found = found and (found[0], found[1] + len(prefix))
    return found and (found[0], found[1], found[1] + len(quote))


def locate(
    text: str, start: int, end: int, exact: str, prefix: str, suffix: str
) -> tuple[int, int] | None:
    """Return where in a page a reader's selection stands; None: it is not on this page."""
    if 0 <= start < end and exact.strip() and text[start:end] == exact:
        return start, end
    found = find(exact, prefix, suffix, {"": text})
    return found and found[1:]


def _once(quote: str, texts: Mapping[str, str]) -> tuple[str, int] | None:
    if len(quote) < TELLING:
        return None
    found = None
    for name, text in texts.items():
        at = text.find(quote)
        if at < 0:
            continue
        if found or text.find(quote, at + 1) >= 0:
            return None
        found = name, at
    return found
