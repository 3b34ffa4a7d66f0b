"""What this app keeps of a person; see `accounts.personal_data.table`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.personal_data.own import addresses_of
from accounts.personal_data.table import (
    Erasure,
    PersonalData,
    Record,
    register,
    register_file,
)
from grading import graders, spreadsheet
from grading.models import (
    Answer,
    Attempt,
    Enrollment,
    Grade,
    Instructor,
    Interactive,
    Invitation,
    Override,
    Regrade,
    RegradedAttempt,
    Repeat,
    RuleChange,
)
from grading.points import plain
from grading.scores import reasons
from grading.spreadsheet import formula_safe

KEPT_FOR = timedelta(days=365)  # after a course has closed


def _reason_to_stay(user: User) -> Any:
    """An instructor may still need the scores of a course."""
    recent = Q(course__closes_at=None) | Q(course__closes_at__gt=timezone.now() - KEPT_FOR)
    found = Enrollment.objects.filter(recent, user=user).exclude(origin="test").exists()
    return _("a course of yours is open, or closed less than a year ago") if found else ""


def _lock(user: User) -> None:
    """Let answers that are under way finish; see `grading.answering`."""
    list(Enrollment.objects.filter(user=user).order_by("pk").select_for_update(of=("self",)))


def _forget_tests(user: User) -> None:
    """Delete what the person did as a test student."""
    Enrollment.objects.filter(user=user, origin="test").delete()


def _invitations_to(user: User) -> QuerySet[Invitation]:
    invitations = Invitation.objects.alias(lower=Lower("email"))
    return invitations.filter(Q(lower__in=addresses_of(user)) | Q(accepted_by=user))


def _given(rows: Any, *fields: str) -> Iterator[Record]:
    """Yield attempts or answers, also in words, since those to choices consist of keys."""
    rows = rows.select_related("enrollment__course", "question__page__book").order_by("pk")
    rows = rows.prefetch_related("question__feedback")
    for row in rows.iterator(chunk_size=500):
        question = row.question
        yield {
            "course": row.enrollment.course.name,
            "book": question.page.book.title,
            "page": question.page.url,
            "question": question.label,
            "answer": row.string,
            "in_words": graders.in_words(row.string, question, list(question.feedback.all())),
            **{name: getattr(row, name) for name in fields},
        }


def _attempts_of(user: User) -> Iterator[Record]:
    attempts = Attempt.objects.filter(enrollment__user=user)
    return _given(attempts, "points", "parts", "received_at", "client_key")


def _answers_of(user: User) -> Iterator[Record]:
    answers = Answer.objects.filter(enrollment__user=user)
    for record in _given(answers, "points", "raw_points", "waits", "reasons", "answered_at"):
        yield {**record, "reasons": reasons.in_words(record["reasons"])}


def _overrides_of(user: User) -> Iterator[Record]:
    """Yield the points that were set for a person, without reasons for instructors only."""
    rows = Override.objects.filter(enrollment__user=user).order_by("pk")
    for row in rows.select_related("enrollment__course", "question__page"):
        yield {
            "course": row.enrollment.course.name,
            "page": row.question.page.url,
            "question": row.question.label,
            "points": row.points,
            "reason": "" if row.is_private else row.reason,
            "created_at": row.created_at,
            "ended_at": row.ended_at,
        }


HEADINGS = ("course", "book", "page", "question", "answer", "points", "answered")


def _answers_csv(user: User) -> bytes:
    """Return the person's answers as a CSV file, or nothing if there are none."""
    rows = []
    for record in _answers_of(user):
        points, at = record["points"], record["answered_at"]
        place = (record["course"], record["book"], record["page"], record["question"])
        given = (record["in_words"], "" if points is None else plain(points))
        cells = (*place, *given, at.isoformat() if at else "")
        rows.append([formula_safe(cell) for cell in cells])
    return spreadsheet.as_csv([HEADINGS, *rows]) if rows else b""


ENTRIES = (
    PersonalData(
        Instructor,
        title=_("Courses that you teach"),
        person="user",
        fields=("course__name", "course__book__title"),
        erasure=Erasure.DELETED,
    ),
    PersonalData(
        Invitation,
        title=_("Invitations to courses"),
        person="accepted_by",
        find=_invitations_to,
        fields=("course__name", "email", "role", "created_at", "mailed_at", "accepted_at"),
        erasure=Erasure.DELETED,
        named_in=("invited_by",),
    ),
    PersonalData(
        Enrollment,
        title=_("Enrollments in courses"),
        person="user",
        fields=(
            "course__name",
            "course__book__title",
            "origin",
            "status",
            "created_at",
            "ended_at",
            "used_at",
            "last_page__url",
        ),
        erasure=Erasure.NAMELESS,
        erase=_forget_tests,
        lock=_lock,
        reason_to_stay=_reason_to_stay,
        enrollment="pk",
    ),
    PersonalData(Interactive, is_archived=True, is_copied=True),
    PersonalData(
        Attempt,
        title=_("Attempts at questions"),
        person="enrollment__user",
        export=_attempts_of,
        erasure=Erasure.NAMELESS,
        is_archived=True,
        enrollment="enrollment",
    ),
    PersonalData(
        Repeat,
        title=_("Attempts that were the same again"),
        person="enrollment__user",
        fields=("attempt__client_key", "client_key", "created_at"),
        erasure=Erasure.NAMELESS,
        is_archived=True,
        enrollment="enrollment",
    ),
    PersonalData(
        Answer,
        title=_("Answers that count"),
        person="enrollment__user",
        export=_answers_of,
        erasure=Erasure.NAMELESS,
        is_archived=True,
        enrollment="enrollment",
    ),
    PersonalData(Regrade, named_in=("created_by", "undone_by")),
    PersonalData(
        RegradedAttempt,
        title=_("Attempts that were regraded"),
        person="attempt__enrollment__user",
        fields=(
            "attempt__client_key",
            "points",
            "parts",
            "regrade__reason",
            "regrade__created_at",
            "regrade__undone_at",
        ),
        erasure=Erasure.NAMELESS,
        is_archived=True,
        enrollment="attempt__enrollment",
    ),
    PersonalData(
        Grade,
        title=_("Grades that a person has given"),
        person="attempt__enrollment__user",
        fields=("attempt__client_key", "points", "items", "comment", "created_at", "ended_at"),
        erasure=Erasure.NAMELESS,
        named_in=("created_by", "ended_by"),
        is_archived=True,
        enrollment="attempt__enrollment",
    ),
    PersonalData(
        Override,
        title=_("Points that a person has set"),
        person="enrollment__user",
        export=_overrides_of,
        erasure=Erasure.NAMELESS,
        named_in=("created_by", "ended_by"),
        is_archived=True,
        enrollment="enrollment",
    ),
    PersonalData(RuleChange, named_in=("created_by",), is_archived=True),
)


def fill() -> None:
    """Add this app's entries to the table."""
    register(*ENTRIES)
    register_file("answers.csv", _answers_csv)
