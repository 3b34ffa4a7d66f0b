"""Compares payments with Stripe, and corrects those for which a webhook was lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from billing import checkout, fulfil, stripe_client
from billing.models import Payment

REFUNDS_FAIL_FOR = timedelta(days=60)  # how long a refund can still fail


@dataclass(frozen=True)
class Mended:
    """A payment that was corrected, and its status before that."""

    payment: Payment
    before: str


def reconcile(since: datetime) -> Iterator[Mended | str]:
    """Yield each payment that has been corrected, and a text for each session that cannot be read.

    A session that cannot be read does not stop the others. Sessions that have been created,
    refunded or disputed since `since` are included. Raises StripeProblem if Stripe does not list
    them.
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


def end_old() -> tuple[int, int]:
    """End payments whose sessions have expired, and the reservations of their seats.

    Returns how many, and of how many Stripe could not be asked. Their seats are free anyway.
    """
    ended = unread = 0
    for payment in Payment.objects.filter(status=Payment.Status.PENDING).order_by("pk"):
        if not checkout.is_old(payment):
            continue
        try:
            if not payment.session_id:
                fulfil.give_up(payment)
            else:
                _updated(payment.session_id)
        except stripe_client.StripeProblem:
            unread += 1
            continue
        payment.refresh_from_db()
        ended += payment.status != Payment.Status.PENDING
    return ended, unread


def _sessions(since: datetime) -> Iterator[str]:
    """Yield the ids of sessions that are unsettled here, then of those that Stripe lists."""
    late = timezone.now() - REFUNDS_FAIL_FOR
    unsettled = Payment.objects.exclude(session_id="").filter(
        Q(status__in=(Payment.Status.PENDING, Payment.Status.DISPUTED))
        | Q(status=Payment.Status.REFUNDED, updated_at__gte=late)
        # A second payment that may not have been refunded yet.
        | Q(status=Payment.Status.EXPIRED) & ~Q(payment_intent_id="")
    )
    yield from list(unsettled.order_by("pk").values_list("session_id", flat=True))
    yield from stripe_client.sessions_touched(int(since.timestamp()))


def _updated(session_id: str) -> Payment | None:
    """Update a session's payment and return it, or None if it is not ours.

    An old payment whose session Stripe does not know is given up.
    """
    try:
        return fulfil.update_from_stripe(session_id)
    except stripe_client.NotFound:
        payment = Payment.objects.filter(session_id=session_id).first()
        if payment is not None and checkout.is_old(payment):
            fulfil.give_up(payment)
            payment.refresh_from_db()
        return payment
