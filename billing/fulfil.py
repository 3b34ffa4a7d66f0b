"""What follows from the state of a Stripe session: the payment's status, and the enrollment.

The webhook, the return page and the reconciliation all call `update_from_stripe`. It reads the
session from Stripe again and trusts nothing else, so events that are out of order, repeated or
forged make no difference.
"""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import mail, stripe_client
from billing.errors import BillingError
from billing.models import Payment, StripeEvent
from billing.stripe_client import Checkout
from grading import enrolling
from grading.models import Enrollment

log = logging.getLogger(__name__)
Status = Payment.Status
TRIES = 4  # attempts to read from Stripe while others write


def status_of(facts: Checkout) -> str:
    """Return the payment's status according to the state of its session."""
    if facts.status == "expired":
        return Status.EXPIRED
    if facts.status != "complete":
        return Status.PENDING
    if facts.payment_status == "unpaid":
        # A bank debit, which is in progress for days and may be refused in the end.
        failed = facts.intent_status in ("requires_payment_method", "canceled")
        return Status.FAILED if failed else Status.PENDING
    if facts.is_given_back:
        return Status.REFUNDED
    return Status.DISPUTED if facts.dispute == "open" else Status.PAID


class _Stale(BillingError):
    """The payment has been changed since Stripe was asked."""


def update_from_stripe(session_id: str, event: StripeEvent | None = None) -> Payment | None:
    """Update the payment and the enrollment from the session; return the payment.

    Returns None if the session does not belong to this site. A second payment for the same
    enrollment is refunded. Raises StripeProblem if Stripe does not respond properly, or if the
    payment keeps changing; `event` is then not marked as done, so that Stripe sends it again.
    """
    for _try in range(TRIES):
        seen = Payment.objects.filter(session_id=session_id).values_list("updated_at", flat=True)
        version = seen.first()
        facts = stripe_client.retrieve(session_id)  # outside the transaction, since it is slow
        try:
            payment, is_second = follow(facts, version, event)
        except _Stale:
            continue
        if not is_second:
            return payment
        left = facts.amount - facts.refunded
        log.warning("Stripe: session %s is a second payment: refunding", session_id)
        stripe_client.refund(facts.intent_id, amount=left, key=f"second-{facts.intent_id}-{left}")
    raise stripe_client.StripeProblem(_("The payment is being changed. Try again in a while."))


@transaction.atomic
def follow(
    facts: Checkout, version: datetime | None, event: StripeEvent | None = None
) -> tuple[Payment | None, bool]:
    """Write what follows from `facts`; return the payment, and whether it has to be refunded.

    `version` is the payment's `updated_at` before Stripe was asked. Raises _Stale if the payment
    has been changed since then, so that older facts never replace newer ones.
    """
    found = _find(facts)
    if found is None:
        log.warning("Stripe: session %s is not a payment of this site", facts.session_id)
        _mark_done(event)
        return None, False
    # The course is locked first, as everywhere, so that two requests never deadlock.
    enrolling.lock(found.course_id)
    locked = Payment.objects.select_for_update(of=("self",)).select_related("user", "course__book")
    payment = locked.get(pk=found.pk)
    if version != (payment.updated_at if payment.session_id else None):
        raise _Stale
    before, after = payment.status, _after(payment, facts)
    if after not in Payment.LIVE or before in Payment.LIVE or _make_way(payment, after):
        _write(payment, facts, after)
        _mark_done(event)
        if before != after:
            _act(payment, facts, before)
        elif after == Status.PENDING and facts.status == "complete":
            enrolling.keep_reserved(payment.user, payment.course)
        return payment, False
    _write(payment, facts, before)
    # The event is done once the money has been refunded; until then, Stripe has to send it again.
    return payment, after == Status.PAID and facts.amount > facts.refunded


def _mark_done(event: StripeEvent | None) -> None:
    if event is not None:
        StripeEvent.objects.filter(pk=event.pk).update(done_at=timezone.now())


def _find(facts: Checkout) -> Payment | None:
    payment = Payment.objects.filter(session_id=facts.session_id).first()
    if payment is not None:
        return payment
    # Stripe was faster than this site: the session's id has not been stored yet.
    waiting = Payment.objects.filter(session_id="", reference=facts.reference)
    return waiting.first() if facts.reference else None


def _after(payment: Payment, facts: Checkout) -> str:
    """Return the payment's next status.

    An open session does not revive a payment that was given up; it is expired instead.
    """
    after = status_of(facts)
    if facts.status == "open" and payment.status not in Payment.LIVE:
        transaction.on_commit(lambda: _expire(facts.session_id), robust=True)
        return payment.status
    return after


def _write(payment: Payment, facts: Checkout, status: str) -> None:
    """Save the values that have changed. If none has, `updated_at` stays as it is."""
    values: dict[str, object] = {"status": status, "session_id": facts.session_id}
    values["payment_intent_id"] = facts.intent_id or payment.payment_intent_id
    values["charge_id"] = facts.charge_id or payment.charge_id
    if facts.status == "complete" and facts.payment_status != "unpaid":
        # What was actually paid: with taxes, and less the discount of a promotion code.
        back = facts.amount if facts.dispute == "lost" else min(facts.refunded, facts.amount)
        values |= {"amount": facts.amount, "currency": facts.currency, "refunded_amount": back}
    changed = {name: value for name, value in values.items() if getattr(payment, name) != value}
    for name, value in changed.items():
        setattr(payment, name, value)
    if changed:
        payment.save()


def _make_way(payment: Payment, after: str) -> bool:
    """Return whether a payment that was given up may count again: people pay only once.

    If it has been paid, another payment that is still pending is expired.
    """
    others = Payment.objects.filter(user=payment.user_id, course=payment.course_id)
    other = others.filter(status__in=Payment.LIVE).exclude(pk=payment.pk).first()
    if other is None:
        return True
    if other.status != Status.PENDING or after != Status.PAID:
        return False
    other.status = Status.EXPIRED
    other.save(update_fields=["status", "updated_at"])
    transaction.on_commit(lambda: _expire(other.session_id), robust=True)
    return True


def _expire(session_id: str) -> None:
    """Expire a session that is no longer needed; if it was paid, its webhook reports that."""
    if session_id:
        try:
            stripe_client.expire(session_id)
        except stripe_client.StripeProblem:
            log.warning("Stripe: session %s could not be ended", session_id)


def _act(payment: Payment, facts: Checkout, before: str) -> None:
    """Update the person's enrollment, and send them an e-mail."""
    log.info("Payment %s: %s, then %s", payment.pk, before, payment.status)
    if before in (Status.REFUNDED, Status.DISPUTED) and payment.status == Status.PAID:
        _open_again(payment)
    elif payment.status == Status.PAID:
        enrolling.activate(payment.user, payment.course)
    elif before == Status.PAID:
        payment.place_ended_at = timezone.now()
        enrolling.end(_enrollment(payment).filter(origin="paid"), payment.place_ended_at)
        payment.save(update_fields=["place_ended_at", "updated_at"])
    elif before == Status.PENDING:
        enrolling.release(payment.user, payment.course)
    elif payment.status == Status.PENDING:
        _reserve_again(payment)
    transaction.on_commit(lambda: mail.send_status(payment, facts, before), robust=True)


def _enrollment(payment: Payment) -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(course=payment.course, user=payment.user)


def _open_again(payment: Payment) -> None:
    """Restore the enrollment if this payment ended it, after a won dispute or a failed refund."""
    if _enrollment(payment).filter(ended_at=payment.place_ended_at, status="ended").exists():
        enrolling.activate(payment.user, payment.course)


def _reserve_again(payment: Payment) -> None:
    """Reserve a seat for a bank debit that began after the seat had been given up."""
    try:
        enrolling.reserve(payment.user, payment.course, None)
    except enrolling.EnrollError:
        log.warning("Payment %s is under way without a seat", payment.pk)


@transaction.atomic
def give_up(payment: Payment) -> None:
    """Give up a payment that Stripe does not know or has never answered, and release its seat."""
    enrolling.lock(payment.course_id)
    own = Payment.objects.filter(pk=payment.pk, updated_at=payment.updated_at)
    if own.filter(status=Status.PENDING).update(status=Status.EXPIRED, updated_at=timezone.now()):
        enrolling.release(payment.user, payment.course)
