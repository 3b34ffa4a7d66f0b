"""The models of courses and answers."""

from grading.models.answers import Answer, Attempt, Regrade, Repeat
from grading.models.courses import (
    Course,
    Enrollment,
    Instructor,
    Interactive,
    Invitation,
    check_join_code,
    check_time_zone,
    new_join_code,
)

__all__ = [
    "Answer",
    "Attempt",
    "Course",
    "Enrollment",
    "Instructor",
    "Interactive",
    "Invitation",
    "Regrade",
    "Repeat",
    "check_join_code",
    "check_time_zone",
    "new_join_code",
]
