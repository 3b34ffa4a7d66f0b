"""Refunds. `Checkout.is_given_back` defines when a payment counts as refunded."""

from django.utils.translation import gettext as _

from billing import fulfil, stripe_client
from billing.errors import BillingError
from billing.models import Payment


class RefundError(BillingError):
    """The payment cannot be refunded. The text says why."""


def refund(payment: Payment, amount: int, *, shown: int, form: str) -> Payment:
    """Refund `amount`, in the smallest unit; return the payment. A full refund ends the enrollment.

    `shown` is the amount that had been refunded when the form was shown, and `form` identifies the
    form: if it is sent twice, only one refund is made. Raises RefundError if the payment cannot be
    refunded or has changed, and StripeProblem if Stripe does not refund it.
    """
    # Update first, to include refunds that Stripe has not reported to this site yet.
    payment = (
        fulfil.update_from_stripe(payment.session_id) or payment if payment.session_id else payment
    )
    if payment.refunded_amount != shown:
        raise RefundError(_("Money has been refunded in the meantime. Check the payment again."))
    is_paid = payment.status in (Payment.Status.PAID, Payment.Status.EXPIRED)
    if not is_paid or not payment.payment_intent_id:
        raise RefundError(_("There is no money that could be refunded."))
    if not 0 < amount <= payment.refundable:
        raise RefundError(_("You cannot refund more than is left of this payment."))
    key = f"refund-{payment.payment_intent_id}-{shown}-{amount}-{form}"
    stripe_client.refund(payment.payment_intent_id, amount=amount, key=key)
    return fulfil.update_from_stripe(payment.session_id) or payment
