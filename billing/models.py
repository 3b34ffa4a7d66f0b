import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from grading.models import Course


def new_reference() -> str:
    return f"bookbinder-{uuid.uuid4()}"


class Payment(models.Model):
    """What a person paid, or is about to pay, for a course.

    Amounts are integers in the currency's smallest unit.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")
        REFUNDED = "refunded", _("refunded")
        DISPUTED = "disputed", _("disputed")

    # While a payment has one of these statuses, the person cannot pay for the course again.
    LIVE = (Status.PENDING, Status.PAID, Status.DISPUTED)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("user"), related_name="payments"
    )
    course = models.ForeignKey(
        Course, models.PROTECT, verbose_name=_("course"), related_name="payments"
    )
    amount = models.PositiveIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PENDING
    )
    # Identifies the payment in Stripe's session, even if several sites share a Stripe account.
    reference = models.CharField(_("reference"), max_length=50, default=new_reference)
    session_id = models.CharField(_("Stripe's session"), max_length=255, blank=True)
    payment_intent_id = models.CharField(_("payment intent"), max_length=255, blank=True)
    charge_id = models.CharField(_("charge"), max_length=255, blank=True)
    # When this payment ended the enrollment. It only restores an enrollment that it ended itself.
    place_ended_at = models.DateTimeField(_("enrollment ended"), null=True, blank=True)
    refunded_amount = models.PositiveIntegerField(_("refunded"), default=0)
    # The form whose refund has been sent to Stripe, until its result is known, and since when.
    refund_form = models.CharField(max_length=36, blank=True, default="", editable=False)
    refund_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "course"),
                condition=Q(status__in=("pending", "paid", "disputed")),
                name="uq_payment_user_course",
            ),
            models.UniqueConstraint(
                fields=("session_id",), condition=~Q(session_id=""), name="uq_payment_session_id"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=("pending", "paid", "failed", "expired", "refunded", "disputed")
                ),
                name="ck_payment_status",
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__lte=F("amount")), name="ck_payment_refunded_amount"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.course}"

    @property
    def refundable(self) -> int:
        """Return the part of the amount that has not been refunded."""
        return self.amount - self.refunded_amount


class StripeEvent(models.Model):
    """An event from Stripe. Each is stored and processed only once."""

    event_id = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    received_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        constraints = (
            models.UniqueConstraint(fields=("event_id",), name="uq_stripeevent_event_id"),
        )

    def __str__(self) -> str:
        return self.event_id
