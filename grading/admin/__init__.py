"""Courses, people and answers in the admin. Instructors see only those of their own courses."""

from grading.admin import answers, courses, people  # noqa: F401 - each registers its classes
