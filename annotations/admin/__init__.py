"""Two inboxes: shared notes for the instructors of a course, and problem reports for authors."""

from annotations.admin import notes, reports  # noqa: F401 - each registers its classes
