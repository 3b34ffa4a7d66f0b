"""Comparing our payments with Stripe's: mends what a lost webhook left."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from billing import checkout, fulfil, stripe_client
from billing.models import Payment

REFUNDS_FAIL_FOR = timedelta(days=60)


@dataclass(frozen=True)
class Mended:
    payment: Payment
    before: str


def reconcile(since: datetime) -> Iterator[Mended | str]:
    """Yield the payments that were not as Stripe has them, and are now; else what went wrong.

    One session that cannot be read stops no other.
    """
    before = dict(Payment.objects.values_list("pk", "status"))
    for payment in Payment.objects.filter(status=Payment.Status.PENDING, session_id=""):
        if checkout.is_old(payment):
            fulfil.give_up(payment)
            payment.refresh_from_db()
            yield Mended(payment, Payment.Status.PENDING)
    done: set[str] = set()
    for session_id in _sessions(since):
        if session_id in done:
            continue
        done.add(session_id)
        try:
            found = _updated(session_id)
        except stripe_client.StripeProblem as problem:
            yield f"{session_id}: {problem}"
            continue
        if found is not None and before.get(found.pk) != found.status:
            yield Mended(found, before.get(found.pk, ""))


def _sessions(since: datetime) -> Iterator[str]:
    """Yield what is unsettled here, then what Stripe lists."""
    late = timezone.now() - REFUNDS_FAIL_FOR
    unsettled = Payment.objects.exclude(session_id="").filter(
        Q(status__in=(Payment.Status.PENDING, Payment.Status.DISPUTED))
        | Q(status=Payment.Status.REFUNDED, updated_at__gte=late)
        # Paid beside another, and not given back yet.
        | Q(status=Payment.Status.EXPIRED) & ~Q(payment_intent_id="")
    )
    yield from list(unsettled.order_by("pk").values_list("session_id", flat=True))
    yield from stripe_client.sessions_touched(int(since.timestamp()))


def _updated(session_id: str) -> Payment | None:
    """Settle a session; one that Stripe does not know and that is old is given up."""
    try:
        return fulfil.update_from_stripe(session_id)
    except stripe_client.NotFound:
        payment = Payment.objects.filter(session_id=session_id).first()
        if payment is not None and checkout.is_old(payment):
            fulfil.give_up(payment)
            payment.refresh_from_db()
        return payment
