"""The errors of this app; their texts are for the person who wrote the note."""


class NoteError(Exception):
    """A note is not taken; the text says why, and what to do."""


class Invalid(NoteError):
    """It does not have the form of a note."""


class TooLong(NoteError):
    """It is longer than a note may be."""


class Refused(NoteError):
    """The person may not write this, or not now."""


class Stale(NoteError):
    """The page or the note has changed since the person saw it."""
