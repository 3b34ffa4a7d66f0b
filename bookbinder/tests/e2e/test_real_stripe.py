"""The same as test_buying.py at the real Stripe: `make test-stripe`, with a key of its test mode."""

import os
import time

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from billing import refunds, stripe_client
from billing.models import Payment
from bookbinder.tests.e2e.reading import sign_in
from books.models import Book
from conftest import make_course, make_user
from grading.models import Enrollment

KEY = os.environ.get("STRIPE_SECRET_KEY", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.sphinx,
    pytest.mark.stripe,
    pytest.mark.skipif(
        not KEY.startswith(("sk_test_", "rk_test_")), reason="needs STRIPE_SECRET_KEY"
    ),
]
CARD = {
    "#cardNumber": "4242424242424242",
    "#cardExpiry": "1234",
    "#cardCvc": "123",
    "#billingName": "Nora",
}


@pytest.fixture
def shop(published, settings):
    cache.clear()
    # Stripe's messages do not reach this machine: the return page has to do.
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, "whsec_unused"
    user = make_user("nora")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return make_course(Book.objects.get(), "Paid", price=2490)


def pay_by_card(page: Page) -> None:
    """Fill in Stripe's own page with the card of its documentation."""
    page.wait_for_selector("#cardNumber", timeout=60_000)
    for field, value in CARD.items():
        page.locator(field).fill(value)
    if page.locator("#billingPostalCode").count():
        page.locator("#billingPostalCode").fill("10001")
    page.get_by_test_id("hosted-payment-submit-button").click()


def test_a_student_buys_a_place_and_gets_the_money_back(visit, shop):
    page = visit()
    sign_in(page, "nora@example.org")
    page.goto(f"/billing/buy/{shop.pk}/")
    page.get_by_role("button", name="Pay $24.90").click()
    pay_by_card(page)
    expect(page.get_by_text("You have paid. Welcome!")).to_be_visible(timeout=60_000)
    payment = Payment.objects.get()
    assert (payment.status, payment.amount, payment.currency) == ("paid", 2490, "usd")
    assert Enrollment.objects.get().status == "active"
    assert stripe_client.session_of(payment.payment_intent_id) == payment.session_id
    assert payment.session_id in set(stripe_client.sessions_touched(int(time.time()) - 600))
    refunds.refund(payment, 2490)
    payment.refresh_from_db()
    assert payment.status == "refunded"
    assert Enrollment.objects.get().status == "ended"
