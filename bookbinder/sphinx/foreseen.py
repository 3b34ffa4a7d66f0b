"""The answers that an author foresees: what a grader can read of them. For builds and the admin."""

from bookbinder.sphinx import numbers, patterns

ANYTHING_ELSE = "*"


def fault_of(grader: str, answer: str) -> str | None:
    """Return what is wrong with a foreseen answer for its grader, or None."""
    if answer == ANYTHING_ELSE:
        return None
    if grader == "number":
        try:
            numbers.parse_range(answer)
        except numbers.NumberError as error:
            return f"no number ({error})"
    if grader == "regex":
        try:
            patterns.compile(answer)
        except patterns.PatternError as error:
            return f"no pattern that RE2 takes ({error})"
    return None
