"""A number within the author's tolerance, both ends included."""

from bookbinder.sphinx import numbers


def matches(foreseen: str, answer: str) -> bool:
    try:
        return numbers.parse(answer) in numbers.parse_range(foreseen)
    except numbers.NumberError:
        return False
