"""Events from Stripe. Each is only a hint that a session should be read again."""

import logging
from collections.abc import Callable

from django.utils import timezone

from billing import fulfil, stripe_client
from billing.models import Payment, StripeEvent
from billing.stripe_client import Event

log = logging.getLogger(__name__)


def _session(event: Event) -> str | None:
    return event.object_id or None


def _session_of_intent(event: Event) -> str | None:
    """Return the id of the session of the event's payment intent, or None.

    Stripe is asked if our own rows do not have it: an event about a refund can arrive before the
    one about the payment.
    """
    if not event.intent_id:
        return None
    known = Payment.objects.filter(payment_intent_id=event.intent_id).exclude(session_id="")
    found = known.values_list("session_id", flat=True).first()
    return found or stripe_client.session_of(event.intent_id)


# For each type of event, a function that returns the id of the session to read.
HANDLERS: dict[str, Callable[[Event], str | None]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "charge.refunded": _session_of_intent,
    "refund.created": _session_of_intent,
    "refund.updated": _session_of_intent,
    "refund.failed": _session_of_intent,
    "charge.dispute.created": _session_of_intent,
    "charge.dispute.updated": _session_of_intent,
    "charge.dispute.closed": _session_of_intent,
    "charge.dispute.funds_reinstated": _session_of_intent,
    "charge.dispute.funds_withdrawn": _session_of_intent,
}


def handle(event: Event) -> None:
    """Process an event once. If this raises StripeProblem, Stripe has to send the event again."""
    row, _made = StripeEvent.objects.get_or_create(
        event_id=event.event_id, defaults={"type": event.type[:100]}
    )
    if row.done_at is not None:
        return
    find = HANDLERS.get(event.type)
    try:
        session_id = find(event) if find else None
        if session_id:
            fulfil.update_from_stripe(session_id, row)
            return
    except stripe_client.NotFound:
        pass
    if find:
        log.warning("Stripe: event %s (%s) matches no payment", event.event_id, event.type)
    StripeEvent.objects.filter(pk=row.pk).update(done_at=timezone.now())
