"""A course is bought in a browser, at the stand-in for Stripe."""

import pytest
from django.core import mail
from playwright.sync_api import expect

from billing.models import Payment
from billing.peer.server import Peer
from bookbinder.tests.e2e import axe
from bookbinder.tests.e2e.reading import read, sign_in
from books.models import Book
from conftest import make_course, make_user
from grading.models import Enrollment

pytestmark = [pytest.mark.browser, pytest.mark.sphinx]


@pytest.fixture
def peer(settings, live_server):
    webhook = f"{live_server.url}/billing/webhook/"
    with Peer(key="sk_test_browser", secret="whsec_browser", webhook=webhook) as peer:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = peer.key, peer.secret
        settings.STRIPE_API_BASE = peer.base
        yield peer


@pytest.fixture
def shop(published, peer):
    user = make_user("nora")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return make_course(Book.objects.get(), "Paid", price=2490)


def test_a_student_buys_a_place_and_reads(visit, shop, peer):
    page = visit()
    page.context.unroute_all()
    sign_in(page, "nora@example.org")
    page.goto("/books/tiny-book/cities.html")
    page.get_by_role("link", name="See the book and its courses").click()
    page.get_by_role("link", name="Enroll: $24.90").click()
    page.get_by_role("button", name="Pay $24.90").click()
    expect(page.get_by_text("This is a stand-in for Stripe")).to_be_visible()
    page.get_by_role("button", name="Go back without paying").click()
    expect(page.get_by_role("button", name="Pay $24.90")).to_be_visible()
    page.get_by_role("button", name="Pay $24.90").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_text("You have paid. Welcome!")).to_be_visible()
    assert axe.faults(page) == []
    read(page, "cities")
    assert Payment.objects.get().status == "paid"
    assert Enrollment.objects.get().origin == "paid"
    assert [letter.subject for letter in mail.outbox] == ["You have paid for Paid"]


def test_who_waits_for_the_bank_is_told_so(visit, shop, peer):
    page = visit()
    page.context.unroute_all()
    sign_in(page, "nora@example.org")
    page.goto(f"/billing/buy/{shop.pk}/")
    page.get_by_role("button", name="Pay $24.90").click()
    page.get_by_role("button", name="Pay by bank (arrives").click()
    expect(page.get_by_text("Your payment is under way")).to_be_visible()
    assert axe.faults(page) == []
    assert not Enrollment.objects.filter(status="active").exists()
    expect(page).to_have_title("Paid · Book Binder")
    for _second in range(30):
        page.wait_for_timeout(1000)
        if Payment.objects.get().status == "paid":
            break
    page.reload()
    expect(page.get_by_text("You have paid. Welcome!")).to_be_visible()
