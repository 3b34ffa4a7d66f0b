"""Courses, people and answers in the admin: each instructor sees their own."""

from grading.admin import answers, courses, people  # noqa: F401 - each registers its classes
