from datetime import datetime
from typing import Self

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import access
from accounts.access import Person


class CourseQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> Self:
        """Return the courses that `user` runs."""
        return self.filter(access.rows(user, "grading.view_course"))

    def open(self) -> Self:
        """Return the courses that are open now, according to their dates."""
        now = timezone.now()
        return self.filter(
            Q(opens_at__isnull=True) | Q(opens_at__lte=now),
            Q(closes_at__isnull=True) | Q(closes_at__gt=now),
        )


class EnrollmentQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(status="active")

    def in_gradebook(self) -> Self:
        """Return the active students, without test students, in the gradebook's order."""
        return (
            self.active()
            .exclude(origin="test")
            .order_by("user__last_name", "user__first_name", "user__email")
        )

    def seated(self) -> Self:
        """Return the enrollments that take a seat: active, or reserved during a payment.

        A reservation ends by the clock, even if nobody hears from the payment again.
        """
        is_over = Q(status="reserved", reserved_until__lte=timezone.now())
        return self.filter(~is_over, status__in=("active", "reserved")).exclude(origin="test")


class InvitationQuerySet(models.QuerySet):
    def pending(self) -> Self:
        return self.filter(accepted_at__isnull=True)

    def of(self, user: Person) -> Self:
        """Return the invitations to addresses that `user` has confirmed."""
        if not user.is_authenticated:
            return self.none()
        addresses = EmailAddress.objects.filter(user=user.pk, verified=True)
        return self.alias(lower=Lower("email")).filter(
            lower__in=addresses.annotate(lower=Lower("email")).values("lower")
        )


class AnswerQuerySet(models.QuerySet):
    def ungraded(self) -> Self:
        """Return the answers of students that a person has to grade."""
        waiting = self.filter(waits=True, enrollment__status="active")
        return waiting.exclude(enrollment__origin="test")


class KeptQuerySet(models.QuerySet):
    """Rows that are ended by newer ones, and never changed otherwise."""

    def active(self) -> Self:
        return self.filter(ended_at=None)

    def end(self, by: Person, at: datetime) -> int:
        """End those that are active; return how many."""
        return self.active().update(ended_at=at, ended_by=by)


class RegradeQuerySet(models.QuerySet):
    def active(self) -> Self:
        """Return the regrades that have not been undone."""
        return self.filter(undone_at=None)
