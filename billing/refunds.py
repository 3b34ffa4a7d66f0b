"""Refunds. `Checkout.is_given_back` defines when a payment counts as refunded."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import fulfil, stripe_client
from billing.errors import BillingError
from billing.models import Payment

KNOWN_WITHIN = timedelta(minutes=10)  # the longest that a refund is tried, by far


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
    _claim(payment, shown, form)
    key = f"refund-{payment.payment_intent_id}-{shown}-{amount}-{form}"
    try:
        stripe_client.refund(payment.payment_intent_id, amount=amount, key=key)
    except stripe_client.Declined:
        _disclaim(payment)
        raise
    payment = fulfil.update_from_stripe(payment.session_id) or payment
    if payment.refunded_amount != shown:
        _disclaim(payment)
    return payment


def _claim(payment: Payment, shown: int, form: str) -> None:
    """Make sure that of two forms that show the same amount, one is sent to Stripe.

    Raises RefundError if the other one was faster. A claim whose result is not known ends after
    `KNOWN_WITHIN`: what Stripe has refunded is then among what is shown.
    """
    now = timezone.now()
    is_free = Q(refund_sent_at=None) | Q(refund_sent_at__lt=now - KNOWN_WITHIN)
    unchanged = Payment.objects.filter(pk=payment.pk, refunded_amount=shown)
    mine = unchanged.filter(is_free | Q(refund_form=form))
    if not mine.update(refund_form=form, refund_sent_at=now):
        raise RefundError(
            _("Somebody else is refunding this payment. Check it again in a few minutes.")
        )


def _disclaim(payment: Payment) -> None:
    Payment.objects.filter(pk=payment.pk).update(refund_form="", refund_sent_at=None)
