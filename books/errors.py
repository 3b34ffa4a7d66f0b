"""The base of this app's errors."""


class BooksError(Exception):
    """A build, a source or an edition cannot be used; the text says why and what to do."""
