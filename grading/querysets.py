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
        """Courses that `user` runs."""
        return self.filter(access.rows(user, "grading.view_course"))

    def open(self) -> Self:
        """Courses that can be joined now, by their dates."""
        now = timezone.now()
        return self.filter(
            Q(opens_at__isnull=True) | Q(opens_at__lte=now),
            Q(closes_at__isnull=True) | Q(closes_at__gt=now),
        )


class EnrollmentQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(status="active")

    def in_gradebook(self) -> Self:
        """Active students in the gradebook's order; test students are none."""
        return (
            self.active()
            .exclude(origin="test")
            .order_by("user__last_name", "user__first_name", "user__email")
        )

    def seated(self) -> Self:
        """Enrollments that take a seat: active, or reserved while a payment is under way."""
        return self.filter(status__in=("active", "reserved")).exclude(origin="test")


class InvitationQuerySet(models.QuerySet):
    def pending(self) -> Self:
        return self.filter(accepted_at__isnull=True)

    def of(self, user: Person) -> Self:
        """Invitations of addresses that `user` has confirmed to be theirs."""
        if not user.is_authenticated:
            return self.none()
        addresses = EmailAddress.objects.filter(user=user.pk, verified=True)
        return self.alias(lower=Lower("email")).filter(
            lower__in=addresses.annotate(lower=Lower("email")).values("lower")
        )
