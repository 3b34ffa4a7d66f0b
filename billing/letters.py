"""E-mails about payments. Receipts are Stripe's: ours link them."""

from accounts import mail
from billing import money
from billing.models import Payment
from billing.stripe_client import Checkout

Status = Payment.Status
TEMPLATES = {
    Status.PAID: "email/paid.txt",
    Status.REFUNDED: "email/refunded.txt",
    Status.FAILED: "email/payment_failed.txt",
}


def tell(payment: Payment, facts: Checkout) -> None:
    """Write to the person what has become of their payment, where it matters to them."""
    template = TEMPLATES.get(Status(payment.status))
    if template is None:
        return
    context = {
        "payment": payment,
        "course": payment.course,
        "amount": money.told(payment.amount, payment.currency),
        "receipt_url": facts.receipt_url,
    }
    mail.send(mail.compose(template, payment.user.email, context))
