"""A number within the author's tolerance, both ends included."""

from bookbinder.sphinx.kinds import number


def matches(foreseen: str, answer: str) -> bool:
    try:
        return number.parse(answer) in number.parse_range(foreseen)
    except number.NumberError:
        return False
