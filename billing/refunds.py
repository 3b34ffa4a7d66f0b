"""Giving money back."""

from django.utils.translation import gettext as _

from billing import fulfil, stripe_client
from billing.models import Payment


class RefundError(Exception):
    """This cannot be refunded; the text says why."""


def refund(payment: Payment, amount: int) -> Payment:
    """Give `amount` of a payment back, in the smallest unit. All of it ends the place.

    Raises RefundError, StripeProblem.
    """
    if payment.status != Payment.Status.PAID or not payment.payment_intent_id:
        raise RefundError(_("Nothing was paid here that could be given back."))
    if not 0 < amount <= payment.refundable:
        raise RefundError(_("More than is left of this payment cannot be given back."))
    # Pressed twice, it is one refund: the second finds the same key.
    key = f"refund-{payment.payment_intent_id}-{payment.refunded_amount}-{amount}"
    stripe_client.refund(payment.payment_intent_id, amount=amount, key=key)
    return fulfil.settle(payment.session_id) or payment
