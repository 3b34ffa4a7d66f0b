"""The answers that an author foresees: what a grader can read of them. For builds and the admin."""

from bookbinder.sphinx import kinds

ANYTHING_ELSE = "*"


def fault_of(grader: str, answer: str) -> str | None:
    """Return what is wrong with a foreseen answer for its grader, or None."""
    return None if answer == ANYTHING_ELSE else kinds.of(grader).fault_of(answer)
