"""Seats reserved for e-mail addresses. Nothing here reveals whether an address has an account.

An invitation takes effect when its owner confirms the address, signs in, or presses the button on
the course's page. Until then, it looks the same with an account and without one.
"""

import logging
import smtplib
from datetime import timedelta

from django.conf import settings
from django.core import mail as django_mail
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import letters, mail
from accounts.models import User
from grading import enrolling
from grading.models import Course, Enrollment, Instructor, Invitation

log = logging.getLogger(__name__)
BATCH = 50  # e-mails that are sent over one connection


def reasons_against(course: Course, role: str) -> dict[str, str]:
    """Return the addresses, in lower case, that cannot be invited, each with the reason."""
    invited = course.invitations.filter(role=role).values_list("email", flat=True)
    if role == Invitation.Role.INSTRUCTOR:
        teaching = course.instructors.values_list("user__email", flat=True)
        found = dict.fromkeys(teaching, _("teaches the course already"))
    else:
        enrollments = course.enrollments.exclude(origin="test").values_list("user__email", "status")
        ended = _("has an enrollment that has ended: restore it under Enrollments")
        found = {
            email: ended if status == Enrollment.Status.ENDED else _("is enrolled already")
            for email, status in enrollments
        }
    found = dict.fromkeys(invited, _("has been invited already")) | found
    return {email.lower(): reason for email, reason in found.items()}


def accept_all(user: User) -> list[Invitation]:
    """Accept all invitations to the user's confirmed addresses; return those that took effect."""
    pending = Invitation.objects.pending().of(user).select_related("course__book")
    accepted = []
    for invitation in pending.order_by("pk"):
        try:
            if _accept(user, invitation):
                accepted.append(invitation)
        except enrolling.EnrollError:  # fewer seats than when it was sent
            log.warning("Invitation %s waits for a seat", invitation.pk)
    return accepted


@transaction.atomic
def _accept(user: User, invitation: Invitation) -> bool:
    course = invitation.course
    closed = course.closes_at is not None and course.closes_at <= timezone.now()
    if closed or course.book.release_id is None:
        return False
    # This comes first, since a pending invitation reserves the seat that the enrollment takes. If
    # two tabs do the same, only one of them updates the row.
    own = Invitation.objects.pending().filter(pk=invitation.pk)
    if not own.update(accepted_at=timezone.now(), accepted_by=user):
        return False
    if invitation.role == Invitation.Role.INSTRUCTOR:
        Instructor.objects.get_or_create(course=course, user=user)
    else:
        enrolling.admit(user, course, Enrollment.Origin.INVITED)
    return True


def mail_later(ids: list[int]) -> None:
    """Send the e-mails of these invitations after the transaction has been committed."""
    transaction.on_commit(lambda: send(Invitation.objects.filter(pk__in=ids)) and None)


def send(invitations: QuerySet[Invitation]) -> int:
    """Send e-mails to invited people who have not accepted yet; return how many were sent.

    The `mailed_at` of an invitation is not set if its e-mail could not be sent, so that it can be
    sent again.
    """
    waiting = list(
        invitations.filter(accepted_at__isnull=True).select_related("course__book").order_by("pk")
    )
    sent = 0
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        try:
            messages = [_message(invitation) for invitation in batch]
            django_mail.get_connection().send_messages(messages)
        except (OSError, ValueError, smtplib.SMTPException):
            log.exception("Invitations could not be sent")
            break
        ids = [invitation.pk for invitation in batch]
        Invitation.objects.filter(pk__in=ids).update(mailed_at=timezone.now())
        sent += len(batch)
    return sent


def send_unsent() -> int:
    """Send the e-mails of recent invitations that could not be sent; return how many were sent."""
    now = timezone.now()
    # Not those that are being sent right now.
    span = (now - letters.KEPT_FOR, now - timedelta(minutes=5))
    return send(Invitation.objects.filter(mailed_at=None, created_at__range=span))


def _message(invitation: Invitation) -> django_mail.EmailMessage:
    course = invitation.course
    path = reverse("join-course", args=(course.join_code,))
    context = {
        "invitation": invitation,
        "course": course,
        "url": f"{settings.BOOKBINDER_SITE_URL}{path}",
    }
    return mail.compose("email/invitation.txt", invitation.email, context)
