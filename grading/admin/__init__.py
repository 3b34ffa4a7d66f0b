"""Courses, people and answers in the admin. Instructors see only those of their own courses."""

from grading.admin import answers, courses, given, people, regrades  # noqa: F401 - each registers its classes
