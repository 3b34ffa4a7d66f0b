"""E-mails about payments. Receipts are Stripe's: ours link them."""

from accounts import mail
from billing import money
from billing.models import Payment
from billing.stripe_client import Checkout

Status = Payment.Status
UNPAID = (Status.PENDING, Status.EXPIRED, Status.FAILED)
# By what the payment was before: a dispute that ends is its bank's to tell.
TEMPLATES = {
    Status.PAID: ("email/paid.txt", UNPAID),
    Status.REFUNDED: ("email/refunded.txt", (*UNPAID, Status.PAID)),
    Status.FAILED: ("email/payment_failed.txt", UNPAID),
}


def send_status(payment: Payment, facts: Checkout, before: str) -> None:
    """Write to the person what has become of their payment, where it matters to them."""
    template, after = TEMPLATES.get(Status(payment.status), ("", ()))
    if before not in after:
        return
    context = {
        "payment": payment,
        "course": payment.course,
        "amount": money.in_words(payment.amount, payment.currency),
        "receipt_url": facts.receipt_url,
    }
    mail.send(mail.compose(template, payment.user.email, context))
