"""The base of this app's errors."""


class GradingError(Exception):
    """An answer or a person cannot be taken; the text says why to that person."""
