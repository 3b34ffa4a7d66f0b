"""The models of courses, answers and points."""

from grading.models.answers import Answer, Attempt, Repeat
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
from grading.models.points import Grade, Override, Regrade, RegradedAttempt, RuleChange

__all__ = [
    "Answer",
    "Attempt",
    "Course",
    "Enrollment",
    "Grade",
    "Instructor",
    "Interactive",
    "Invitation",
    "Override",
    "Regrade",
    "RegradedAttempt",
    "Repeat",
    "RuleChange",
    "check_join_code",
    "check_time_zone",
    "new_join_code",
]
