"""Fixtures for the stand-in for Stripe, which the real SDK calls over HTTP."""

import pytest

from billing import checkout, refunds
from billing.checkout import Addresses
from billing.models import Payment
from billing.peer.server import Peer
from conftest import make_course
from grading.models import Course, Enrollment

KEY, SECRET = "sk_test_of_the_tests", "whsec_of_the_tests"


@pytest.fixture
def peer(settings):
    """The stand-in, which the site uses instead of Stripe."""
    with Peer(key=KEY, secret=SECRET) as peer:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
        settings.STRIPE_API_BASE = peer.base
        yield peer


@pytest.fixture
def paid_course(book) -> Course:
    return make_course(book, "Paid", price=2490, seat_limit=2)


@pytest.fixture
def send(client, peer):
    """Return a function that posts an event to the site's webhook, as Stripe does."""

    def post(event=None, *, at=None):
        payload, headers = peer.packed(event or peer.account.events[-1], at=at)
        sign = headers["Stripe-Signature"]
        return client.post(
            "/billing/webhook/",
            payload,
            content_type="application/json",
            headers={"Stripe-Signature": sign},
        )

    return post


@pytest.fixture
def bought(eve, paid_course, peer, send) -> Payment:
    """The payment for a seat that eve has bought."""

    start(eve, paid_course)
    peer.account.pay(session_id())
    send()
    return Payment.objects.get()


def start(user, course, seen=2490) -> str:
    """Start a payment, and return the URL of the page to pay on."""
    return checkout.start(user, course, seen=seen, addresses=BACK)


def session_id() -> str:
    """Return the id of the checkout session of the last payment."""
    return Payment.objects.latest("pk").session_id


BACK = Addresses(
    "http://testserver/billing/return/?session={CHECKOUT_SESSION_ID}", "http://testserver/"
)


def give_back(payment: Payment, amount: int, shown: int | None = None) -> Payment:
    shown = payment.refunded_amount if shown is None else shown
    return refunds.refund(payment, amount, shown=shown, form="1")


def state() -> tuple[str, str]:
    """Return the status of the only payment and of the only enrollment."""
    return Payment.objects.get().status, Enrollment.objects.get().status
