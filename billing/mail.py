"""E-mails about payments. Stripe issues the receipts; our e-mails link to them."""

from accounts import letters, mail
from billing import money
from billing.models import Payment
from billing.stripe_client import Checkout

Status = Payment.Status
UNPAID = (Status.PENDING, Status.EXPIRED, Status.FAILED)
# For each new status, the template, and the previous statuses after which it is sent. Nothing is
# sent when a dispute ends, since the person's bank reports that.
TEMPLATES = {
    Status.PAID: ("email/paid.txt", UNPAID),
    Status.REFUNDED: ("email/refunded.txt", (*UNPAID, Status.PAID)),
    Status.FAILED: ("email/payment_failed.txt", UNPAID),
}


def send_status(payment: Payment, facts: Checkout, before: str) -> None:
    """E-mail the person about the new status of their payment, if it matters to them."""
    template, after = TEMPLATES.get(Status(payment.status), ("", ()))
    if before not in after:
        return
    context = {
        "payment": payment,
        "course": payment.course,
        "amount": money.in_words(payment.amount, payment.currency),
        "receipt_url": facts.receipt_url,
    }
    letters.send(mail.compose(template, payment.user.email, context))
