"""Giving money back. `Checkout.is_given_back` says when a payment counts as refunded."""

from django.utils.translation import gettext as _

from billing import fulfil, stripe_client
from billing.errors import BillingError
from billing.models import Payment


class RefundError(BillingError):
    """This cannot be refunded; the text says why."""


def refund(payment: Payment, amount: int, *, shown: int, form: str) -> Payment:
    """Give `amount` of a payment back, in the smallest unit. All of it ends the enrollment.

    `shown` is how much had been given back when the form was shown, `form` names the form: sent
    twice, it is one refund. Raises RefundError, StripeProblem.
    """
    # By this, what was given back and not yet told is known too.
    payment = (
        fulfil.update_from_stripe(payment.session_id) or payment if payment.session_id else payment
    )
    if payment.refunded_amount != shown:
        raise RefundError(_("Money has been given back meanwhile. Look at the payment again."))
    is_paid = payment.status in (Payment.Status.PAID, Payment.Status.EXPIRED)
    if not is_paid or not payment.payment_intent_id:
        raise RefundError(_("Nothing was paid here that could be given back."))
    if not 0 < amount <= payment.refundable:
        raise RefundError(_("More than is left of this payment cannot be given back."))
    key = f"refund-{payment.payment_intent_id}-{shown}-{amount}-{form}"
    stripe_client.refund(payment.payment_intent_id, amount=amount, key=key)
    return fulfil.update_from_stripe(payment.session_id) or payment
