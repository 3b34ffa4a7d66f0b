"""The base class of this app's exceptions."""


class BooksError(Exception):
    """A build, a source or an edition cannot be used; the message says why and what to do."""
