"""People in every role, and one row of each kind, for the tests that visit all URLs."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver

from accounts.models import User
from billing.models import Payment, StripeEvent
from books.models import Author, Book, Edition
from conftest import enroll, make_answer, make_course, make_note, make_override, make_user
from grading.models import (
    Attempt,
    Course,
    Grade,
    Instructor,
    Invitation,
    Override,
    Regrade,
    RuleChange,
)

ROLES = (
    "nobody", "stranger", "student of another course", "student",
    "instructor of another course", "instructor", "author of another book", "author", "admin",
)  # fmt: skip


def people(book: Book, course: Course, other: Book) -> dict[str, Any]:
    """Return a user in each role, as seen from `course` and `book`; None for nobody."""
    spring = make_course(book, "Spring", join_code="spring-2026")
    found: dict[str, Any] = {"nobody": None}
    found |= {role: make_user(role.replace(" ", "-")) for role in ROLES[1:-1]}
    enroll(found["student of another course"], Course.objects.get(book=other))
    enroll(found["student"], course)
    Instructor.objects.create(course=spring, user=found["instructor of another course"])
    Instructor.objects.create(course=course, user=found["instructor"])
    Author.objects.create(book=other, user=found["author of another book"])
    Author.objects.create(book=book, user=found["author"])
    found["admin"] = make_user("admin", type="admin")
    return found


def rows(student: User, course: Course, question: Any) -> dict[str, Any]:
    """Create one row of each kind, about the student and the course; return their keys."""
    enrollment = student.enrollments.get()
    answer = make_override(make_answer(enrollment, question), 1)
    attempt = Attempt.objects.get(enrollment=enrollment)
    regrade = Regrade.objects.create(course=course, reason="wrong key")
    address = EmailAddress.objects.create(user=student, email=student.email, verified=True)
    payment = Payment.objects.create(
        user=student, course=course, amount=100, currency="usd", status="failed", session_id="cs_1"
    )
    made = {
        "address": address,
        "answer": answer,
        "attempt": attempt,
        "authenticator": Authenticator.objects.create(user=student, type="totp", data={}),
        "grade": Grade.objects.create(attempt=attempt, points=1),
        "override": Override.objects.get(),
        "regrade": regrade,
        "rule_change": RuleChange.objects.create(course=course, name="attempt_limit"),
        "edition": Edition.objects.create(folder="e1", project="tiny", state="planned"),
        "event": StripeEvent.objects.create(event_id="evt_1", type="x"),
        "invitation": Invitation.objects.create(course=course, email="una@example.org"),
        "payment": payment,
        "enrollment": enrollment,
        "social": SocialAccount.objects.create(user=student, provider="uni", uid="1"),
        "user": student,
    }
    note = make_note(student, question.page, audience="course", course=course)
    made["note"] = note
    made["report"] = make_note(student, question.page, audience="authors", motivation="editing")
    keys: dict[str, Any] = {name: row.pk for name, row in made.items()} | {"uuid": note.uuid}
    kind = ContentType.objects.get_for_model(Course)
    LogEntry.objects.create(
        user=student, content_type=kind, object_id=str(course.pk), action_flag=CHANGE
    )
    return keys | {"kind": kind.pk}


def routes(resolver: Any = None, before: str = "") -> list[str]:
    """Return all URL patterns of the site, as written."""
    found: list[str] = []
    for pattern in (resolver or get_resolver()).url_patterns:
        # Django lists the admin's apps in no particular order.
        route = re.sub(r"\(\?P<app_label>.*?\)", "<app_label>", before + str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            found += routes(pattern, route)
        else:
            found.append(route)
    return found
