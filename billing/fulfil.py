"""What follows from what Stripe says of a session: the payment's status, and the place.

Whoever learns of a change first (webhook, return page, reconciliation) calls `settle`: it reads the
session from Stripe again and believes nothing else, so that the order of events, repeats and
forgeries make no difference.
"""

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone

from billing import letters, stripe_client
from billing.models import Payment, StripeEvent
from billing.stripe_client import Checkout
from grading import enrolling
from grading.models import Enrollment

log = logging.getLogger(__name__)
Status = Payment.Status


def status_of(facts: Checkout) -> str:
    """Return the status of the payment that a session stands for."""
    if facts.status == "expired":
        return Status.EXPIRED
    if facts.status != "complete":
        return Status.PENDING
    if facts.payment_status == "unpaid":
        # A bank debit: under way for days, or refused in the end.
        failed = facts.intent_status in ("requires_payment_method", "canceled")
        return Status.FAILED if failed else Status.PENDING
    if facts.dispute in ("open", "lost"):
        return Status.DISPUTED
    if facts.amount and facts.refunded >= facts.amount:
        return Status.REFUNDED
    return Status.PAID


def settle(session_id: str, event: StripeEvent | None = None) -> Payment | None:
    """Let payment and place follow what Stripe says of a session; None if it is not ours.

    Raises StripeProblem, and has changed nothing then.
    """
    facts = stripe_client.look(session_id)  # outside the transaction: it takes its time
    return follow(facts, event)


@transaction.atomic
def follow(facts: Checkout, event: StripeEvent | None = None) -> Payment | None:
    """Write what follows from `facts`; `event` is marked done in the same transaction."""
    if event is not None:
        StripeEvent.objects.filter(pk=event.pk).update(done_at=timezone.now())
    found = _find(facts)
    if found is None:
        log.warning("Stripe: session %s is no payment of this site", facts.session_id)
        return None
    # The course first, as everywhere: so that two who change one payment never wait in a ring.
    enrolling.lock(found.course_id)
    locked = Payment.objects.select_for_update(of=("self",)).select_related("user", "course__book")
    payment = locked.get(pk=found.pk)
    before, after = payment.status, status_of(facts)
    if after in Payment.LIVE and before not in Payment.LIVE and not _make_way(payment, facts):
        return payment
    _write(payment, facts, after)
    if before != after:
        log.info("Payment %s: %s, then %s", payment.pk, before, after)
        _place(payment, before, after)
        transaction.on_commit(partial(letters.tell, payment, facts))
    return payment


def _find(facts: Checkout) -> Payment | None:
    payment = Payment.objects.filter(session_id=facts.session_id).first()
    if payment is not None:
        return payment
    # Stripe was faster than we: the session's id is not written down yet.
    waiting = Payment.objects.filter(session_id="", reference=facts.reference)
    return waiting.first() if facts.reference else None


def _write(payment: Payment, facts: Checkout, status: str) -> None:
    payment.status = status
    payment.session_id = facts.session_id
    payment.payment_intent_id = facts.intent_id or payment.payment_intent_id
    payment.charge_id = facts.charge_id or payment.charge_id
    if status in (Status.PAID, Status.REFUNDED, Status.DISPUTED):
        # What was paid, with taxes and without what a promotion code took off.
        payment.amount, payment.currency = facts.amount, facts.currency
        payment.refunded_amount = min(facts.refunded, facts.amount)
    payment.save()


def _make_way(payment: Payment, facts: Checkout) -> bool:
    """Whether a payment that had been given up may count again: a person pays once.

    Where they have paid by another session, this one's money goes back.
    """
    others = Payment.objects.filter(user=payment.user_id, course=payment.course_id)
    other = others.filter(status__in=Payment.LIVE).exclude(pk=payment.pk).first()
    if other is None:
        return True
    is_paid = facts.payment_status != "unpaid" and facts.status == "complete"
    if other.status == Status.PENDING and is_paid:
        others.filter(pk=other.pk).update(status=Status.EXPIRED)
        transaction.on_commit(partial(_expire, other.session_id))
        return True
    if is_paid and facts.intent_id:
        log.warning("Payment %s was made beside payment %s: refunded", payment.pk, other.pk)
        transaction.on_commit(partial(_refund_second, payment.pk, facts))
    return False


def _expire(session_id: str) -> None:
    """End a session that is needed no more; if it has been paid, its webhook says so."""
    if session_id:
        try:
            stripe_client.expire(session_id)
        except stripe_client.StripeProblem:
            log.warning("Stripe: session %s could not be ended", session_id)


def _refund_second(payment_id: int, facts: Checkout) -> None:
    try:
        left = facts.amount - facts.refunded
        stripe_client.refund(facts.intent_id, amount=left, key=f"second-{facts.intent_id}")
        settle(facts.session_id)
    except stripe_client.StripeProblem:
        log.error("Payment %s was made twice and is not refunded yet", payment_id)


def _place(payment: Payment, before: str, after: str) -> None:
    """Let the person's place in the course follow."""
    if after == Status.PAID:
        enrolling.activate(payment.user, payment.course)
    elif before in (Status.PAID, Status.DISPUTED) and after in (Status.REFUNDED, Status.DISPUTED):
        places = Enrollment.objects.filter(course=payment.course, user=payment.user, origin="paid")
        enrolling.end(places)
    elif before == Status.PENDING and after != Status.PENDING:
        enrolling.release(payment.user, payment.course)
