"""Comparing our payments with Stripe's: mends what a lost webhook left."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from billing import checkout, fulfil, stripe_client
from billing.models import Payment


@dataclass(frozen=True)
class Mended:
    payment: Payment
    before: str


def reconcile(since: datetime) -> Iterator[Mended]:
    """Yield the payments that were not as Stripe has them; they are now. Raises StripeProblem."""
    before = {payment.pk: payment.status for payment in Payment.objects.all()}
    pending = Payment.objects.filter(status=Payment.Status.PENDING)
    known = set(pending.exclude(session_id="").values_list("session_id", flat=True))
    touched = dict.fromkeys(stripe_client.sessions_touched(int(since.timestamp())))
    for session_id in touched | dict.fromkeys(sorted(known)):
        payment = _settled(session_id)
        if payment is not None and before.get(payment.pk) != payment.status:
            yield Mended(payment, before.get(payment.pk, ""))
    old = timezone.now() - checkout.OPEN_FOR
    for payment in pending.filter(session_id="", created_at__lt=old):
        checkout.abandon(payment)
        yield Mended(payment, Payment.Status.PENDING)


def _settled(session_id: str) -> Payment | None:
    try:
        return fulfil.settle(session_id)
    except stripe_client.NotFound:
        return None
