"""The answers that an author foresees: what a grader can read of them. For builds and the admin."""

from bookbinder.sphinx.kinds import number, regex

ANYTHING_ELSE = "*"


def fault_of(grader: str, answer: str) -> str | None:
    """Return what is wrong with a foreseen answer for its grader, or None."""
    if answer == ANYTHING_ELSE:
        return None
    if grader == "number":
        try:
            number.parse_range(answer)
        except number.NumberError as error:
            return f"no number ({error})"
    if grader == "regex":
        try:
            regex.compile(answer)
        except regex.PatternError as error:
            return f"no pattern that RE2 takes ({error})"
    return None
