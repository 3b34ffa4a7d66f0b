"""Finds a quote word for word, if there is no doubt which passage is meant."""

from collections.abc import Mapping

# A quote of at least this many characters is enough to find a passage, if it occurs only once.
TELLING = 20


def find(
    quote: str, prefix: str, suffix: str, texts: Mapping[str, str]
) -> tuple[str, int, int] | None:
    """Return page, start and end of the only occurrence of a quote in `texts`, or None.

    A quote that is shorter than `TELLING`, or that occurs more than once, is searched for together
    with its whole prefix and suffix.
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
    """Return start and end of a reader's selection in the text of a page, or None.

    The offsets that were sent are used if the text has `exact` there; else it is searched for.
    """
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
