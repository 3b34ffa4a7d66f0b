"""The base class of this app's exceptions."""


class GradingError(Exception):
    """An answer or a person cannot be accepted. The text tells that person why."""
