"""Two inboxes: notes that a course's instructors read, and problems that authors are told of."""

from annotations.admin import notes, reports  # noqa: F401 - each registers its classes
