"""Paying for a course, from the button on the site to Stripe's page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from billing import fulfil, money, stripe_client
from billing.errors import BillingError
from billing.models import Payment
from billing.stripe_client import Order
from grading import enrolling
from grading.models import Course

# How long a session is open and its seat is reserved; Stripe requires at least 30 minutes.
OPEN_FOR = timedelta(minutes=35)
# How long an order that Stripe has not answered can be sent again: after that, less than Stripe's
# minimum would remain until it expires.
FRESH = timedelta(minutes=4)


class CheckoutError(BillingError):
    """The payment cannot be started. The text tells the person why."""


@dataclass(frozen=True)
class Addresses:
    """The absolute URLs to which Stripe sends the person back."""

    paid: str
    given_up: str


def reason_against(course: Course) -> str | None:
    """Return why nobody can pay for the course now, or None if people can."""
    if not stripe_client.is_set_up():
        return _("This course costs money, but payment is not set up on this site.")
    return enrolling.reason_against(course)


def start(user: User, course: Course, *, seen: int, addresses: Addresses) -> str:
    """Return the URL of Stripe's page on which `user` pays for the course.

    If the course has been paid for already, this is the page to come back to. `seen` is the amount
    that the person was shown, in the currency's smallest unit. Raises CheckoutError if the person
    cannot pay now, and StripeProblem if Stripe does not create a session.
    """
    reason = reason_against(course)
    if reason:
        raise CheckoutError(reason)
    for _try in range(3):
        live = Payment.objects.filter(user=user, course=course, status__in=Payment.LIVE).first()
        if live is not None:
            url = _go_on(live, seen, addresses)
        else:
            begun = _begin(user, course, seen)
            url = _open(begun, addresses) if begun else None  # another tab was faster
        if url is not None:
            return url
    raise CheckoutError(_("Another payment of yours is in progress. Try again in a minute."))


def _begin(user: User, course: Course, seen: int) -> Payment | None:
    """Reserve a seat and create the payment, before anything is sent to Stripe.

    Returns None if another request has just created a payment. Raises CheckoutError.
    """
    if course.is_free:
        raise CheckoutError(_("This course is free: you can join it without paying."))
    if seen != course.amount:
        price = money.in_words(course.amount, settings.BOOKBINDER_CURRENCY)
        raise CheckoutError(_("The price has changed to %(price)s.") % {"price": price})
    try:
        with transaction.atomic():
            enrolling.reserve(user, course, timezone.now() + OPEN_FOR)
            return Payment.objects.create(
                user=user,
                course=course,
                amount=course.amount,
                currency=settings.BOOKBINDER_CURRENCY,
            )
    except enrolling.EnrollError as error:
        raise CheckoutError(str(error)) from None
    except IntegrityError:
        return None


def _go_on(payment: Payment, seen: int, addresses: Addresses) -> str | None:
    """Return the URL at which an existing payment continues, or None if a new one has to begin.

    Two tabs share one session, so that nobody pays twice.
    """
    if payment.session_id:
        return _go_on_at(payment, seen, addresses)
    if payment.amount == seen and timezone.now() - payment.created_at < FRESH:
        return _open(payment, addresses)
    fulfil.give_up(payment)
    return None


def _go_on_at(payment: Payment, seen: int, addresses: Addresses) -> str | None:
    try:
        found = fulfil.update_from_stripe(payment.session_id)
    except stripe_client.NotFound:
        if not is_old(payment):
            raise
        fulfil.give_up(payment)  # it belongs to another account or to test mode
        return None
    payment = found or payment
    is_enrolled = enrolling.enrollments_of(payment.user, payment.course.enrollments.all()).exists()
    if payment.status == Payment.Status.PAID:
        if not is_enrolled:
            raise CheckoutError(_("Your enrollment in this course has ended. Ask your instructor."))
        return addresses.paid.replace("{CHECKOUT_SESSION_ID}", payment.session_id)
    if payment.status == Payment.Status.DISPUTED:
        raise CheckoutError(_("Your payment is disputed. Write to the people who run this site."))
    if payment.status != Payment.Status.PENDING:
        return None
    return _go_on_paying(payment, seen, is_enrolled)


def _go_on_paying(payment: Payment, seen: int, is_enrolled: bool) -> str | None:
    facts = stripe_client.retrieve(payment.session_id)
    if facts.status == "complete":
        raise CheckoutError(_("Your payment is under way. You get an e-mail when it has arrived."))
    if facts.status == "open" and payment.amount == seen and not is_enrolled:
        return facts.url
    # The price has changed, or the person has been enrolled in another way.
    if facts.status == "open":
        stripe_client.expire(facts.session_id)
    fulfil.update_from_stripe(facts.session_id)
    if is_enrolled:
        raise CheckoutError(_("You are enrolled in this course."))
    return None


def is_old(payment: Payment) -> bool:
    """Return whether the payment's session must have expired by now."""
    return timezone.now() - payment.created_at > OPEN_FOR


def _open(payment: Payment, addresses: Addresses) -> str | None:
    """Create the payment's session, and return its URL.

    Returns None if the payment has changed in the meantime. Raises StripeProblem.
    """
    course = payment.course
    order = Order(
        reference=payment.reference,
        amount=payment.amount,
        currency=payment.currency,
        title=f"{course.book.title}: {course.name}",
        email=payment.user.email,
        success_url=addresses.paid,
        cancel_url=addresses.given_up,
        expires_at=int((payment.created_at + OPEN_FOR).timestamp()),
    )
    try:
        facts = stripe_client.create_session(order)
    except stripe_client.Declined:
        fulfil.give_up(payment)
        raise
    own = Payment.objects.filter(pk=payment.pk, status=Payment.Status.PENDING, session_id="")
    if own.update(session_id=facts.session_id, updated_at=timezone.now()):
        return facts.url
    # Another tab has stored the session, or the payment was given up; then the session is expired.
    fulfil.update_from_stripe(facts.session_id)
    return None


Build = Callable[[str], str]


def addresses(absolute: Build, paid: str, given_up: str) -> Addresses:
    """Return the URLs to come back to; Stripe inserts the session's id into the first.

    `absolute` makes an absolute URL from a path, such as `paid` and `given_up`.
    """
    return Addresses(absolute(paid) + "?session={CHECKOUT_SESSION_ID}", absolute(given_up))
