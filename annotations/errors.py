"""The errors of this app. Their texts are shown to the person who made the request."""


class NoteError(Exception):
    """A note cannot be saved or changed. The text says why, and what to do."""


class Invalid(NoteError):
    """The request is not valid, or does not apply to this note."""


class TooLong(NoteError):
    """The text or the passage is longer than allowed."""


class Refused(NoteError):
    """The person is not allowed to write this, or not at present."""


class Stale(NoteError):
    """The page or the note has changed since the person saw it."""
