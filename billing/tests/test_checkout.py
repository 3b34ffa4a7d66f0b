"""Paying for a course, through the real SDK and the stand-in for Stripe."""

import logging
import threading
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from billing import fulfil, stripe_client
from billing.checkout import CheckoutError
from billing.models import Payment
from bookbinder.tests.support.stripe import KEY, SECRET, session_id, start
from conftest import enroll, make_course, make_user
from grading import enrolling
from grading.models import Course, Enrollment


def test_a_session_asks_for_what_the_course_costs(eve, paid_course, peer, settings):
    settings.BOOKBINDER_PROMOTION_CODES = settings.BOOKBINDER_AUTOMATIC_TAX = True
    url = start(eve, paid_course)
    assert url == f"{peer.base}/pay/{session_id()}"
    ((method, path, asked),) = peer.requests
    assert (method, path) == ("POST", "/checkout/sessions")
    price = asked["line_items"]["0"]["price_data"]
    assert (price["unit_amount"], price["currency"]) == ("2490", "usd")
    assert price["product_data"]["name"] == "Tiny: Paid"
    assert asked["customer_email"] == "eve@example.org"
    assert asked["allow_promotion_codes"] == asked["automatic_tax"]["enabled"] == "true"
    enrollment = Enrollment.objects.get()
    assert (enrollment.user, enrollment.status) == (eve, "reserved")
    assert not eve.has_perm("books.view_page", paid_course.book.pages.first())


def test_without_a_price_of_its_own_a_course_costs_what_the_book_does(eve, book, peer, settings):
    settings.BOOKBINDER_CURRENCY = "jpy"
    book.price = 900
    book.save()
    start(eve, make_course(book, "As the book"), seen=900)
    payment = Payment.objects.get()
    assert (payment.amount, payment.currency) == (900, "jpy")


def test_the_stand_in_refuses_what_stripe_does_not_know(peer):
    client = stripe_client._client()
    with pytest.raises(Exception, match="unknown parameter"):
        client.v1.checkout.sessions.create({"mode": "payment", "colour": "red"})
    with pytest.raises(Exception, match="mode: must be one of"):
        client.v1.checkout.sessions.create({"mode": "gift"})


def test_paying_gives_a_place_and_a_letter_once(eve, paid_course, page, peer, send, as_user):
    start(eve, paid_course)
    peer.account.pay(session_id())
    assert send().status_code == 200
    enrollment = Enrollment.objects.get()
    assert (enrollment.origin, enrollment.status) == ("paid", "active")
    assert eve.has_perm("books.view_page", page)
    client = as_user(eve)
    for _visit in range(2):  # a bookmarked return page gives nothing twice
        response = client.get("/billing/return/", {"session": session_id()})
        assert response.url == paid_course.book.get_absolute_url()
    assert send().status_code == 200
    assert Enrollment.objects.count() == Payment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_letter_links_the_receipt(eve, paid_course, peer):
    start(eve, paid_course)
    peer.account.pay(session_id())
    for _time in range(2):
        fulfil.update_from_stripe(session_id())
    (letter,) = mail.outbox
    assert letter.to == [eve.email] and "$24.90" in letter.body
    assert f"{peer.base}/receipts/" in letter.body
    ((html, kind),) = letter.alternatives
    assert kind == "text/html" and "/receipts/" in html


def test_an_ended_place_is_not_opened_again_by_a_bookmark(eve, paid_course, peer, as_user):
    start(eve, paid_course)
    peer.account.pay(session_id())
    fulfil.update_from_stripe(session_id())
    enrolling.end(Enrollment.objects.all())
    as_user(eve).get("/billing/return/", {"session": session_id()})
    assert Enrollment.objects.get().status == "ended"


def test_the_return_page_knows_nobody_elses_payment(eve, sam, paid_course, peer, as_user, client):
    start(eve, paid_course)
    peer.account.pay(session_id())
    where = {"session": session_id()}
    assert client.get("/billing/return/", where).status_code == 302
    assert as_user(sam).get("/billing/return/", where).status_code == 404
    assert as_user(eve).get("/billing/return/", {"session": ""}).status_code == 404
    assert Payment.objects.get().status == "pending"


def test_the_return_page_of_who_has_not_paid_says_so(eve, paid_course, peer, as_user):
    start(eve, paid_course)
    page = as_user(eve).get("/billing/return/", {"session": session_id()})
    assert "under way" in page.content.decode()
    peer.account.expire(session_id())
    page = as_user(eve).get("/billing/return/", {"session": session_id()})
    assert "Nothing was paid" in page.content.decode()
    assert not Enrollment.objects.exists()


def test_two_tabs_share_one_session(eve, paid_course, peer):
    assert start(eve, paid_course) == start(eve, paid_course)
    assert Payment.objects.count() == len(peer.account.sessions) == 1


def test_an_answer_that_was_lost_makes_no_second_session(eve, paid_course, peer):
    peer.drop_next = 1
    start(eve, paid_course)
    assert len(peer.account.sessions) == 1


def test_when_stripe_is_down_nothing_is_lost(eve, paid_course, peer, settings):
    peer.fail_next = [500] * 3
    with pytest.raises(stripe_client.StripeProblem, match="Try again"):
        start(eve, paid_course)
    first = Payment.objects.get()
    assert first.session_id == ""
    assert start(eve, paid_course)
    assert Payment.objects.get().pk == first.pk


def test_a_new_price_is_shown_before_it_is_paid(eve, paid_course, peer):
    start(eve, paid_course)
    Course.objects.update(price=3000)
    paid_course.refresh_from_db()
    first = session_id()
    # The tab that showed the old price goes on at it: people pay what they saw.
    assert start(eve, paid_course, seen=2490).endswith(first)
    start(eve, paid_course, seen=3000)
    assert peer.account.sessions[first]["status"] == "expired"
    assert peer.account.sessions[session_id()]["amount_total"] == 3000
    with pytest.raises(CheckoutError, match=r"changed to \$30\.00"):
        start(make_user("una"), paid_course, seen=2490)


def test_a_price_that_changes_meanwhile_changes_nothing_for_who_is_paying(eve, paid_course, peer):
    start(eve, paid_course)
    Course.objects.update(price=99_000)
    peer.account.pay(session_id())
    fulfil.update_from_stripe(session_id())
    assert Payment.objects.get().amount == 2490
    assert Enrollment.objects.get().status == "active"


def test_a_promotion_code_can_make_it_free(eve, paid_course, peer):
    start(eve, paid_course)
    peer.account.pay(session_id(), discount=2490)
    fulfil.update_from_stripe(session_id())
    payment = Payment.objects.get()
    assert (payment.status, payment.amount) == ("paid", 0)
    assert Enrollment.objects.get().status == "active"


def test_a_seat_is_kept_while_somebody_pays_and_given_up_with_the_session(eve, paid_course, peer):
    start(eve, paid_course)
    start(make_user("una"), paid_course)
    with pytest.raises(CheckoutError, match="All seats"):
        start(make_user("tom"), paid_course)
    una = Payment.objects.get(user__username="una")
    peer.account.expire(una.session_id)
    fulfil.update_from_stripe(una.session_id)
    assert start(make_user("tim"), paid_course)


def test_who_pays_after_the_seat_was_given_up_gets_in(eve, paid_course, peer):
    start(eve, paid_course)
    first = session_id()
    Payment.objects.update(status="expired")
    enrolling.release(eve, paid_course)
    peer.account.pay(first)
    fulfil.update_from_stripe(first)
    assert Enrollment.objects.get().status == "active"


@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_payments_is_given_back(eve, paid_course, peer):
    start(eve, paid_course)
    first = session_id()
    Payment.objects.update(status="expired")
    start(eve, paid_course)
    second = session_id()
    assert first != second
    peer.account.pay(first)
    peer.account.pay(second)
    fulfil.update_from_stripe(second)
    fulfil.update_from_stripe(first)
    states = dict(Payment.objects.values_list("session_id", "status"))
    assert states == {first: "refunded", second: "paid"}
    (back,) = peer.account.refunds.values()
    assert back["amount"] == 2490
    assert ["refund" in letter.subject for letter in mail.outbox] == [False, True]
    fulfil.update_from_stripe(first)
    assert len(peer.account.refunds) == 1
    assert Enrollment.objects.get().status == "active"


@pytest.mark.django_db(transaction=True)
def test_paying_in_one_tab_ends_the_session_of_the_other(eve, paid_course, peer):
    start(eve, paid_course)
    first = session_id()
    Payment.objects.update(status="expired")
    start(eve, paid_course)
    second = session_id()
    peer.account.pay(first)
    fulfil.update_from_stripe(first)
    assert peer.account.sessions[second]["status"] == "expired"
    assert dict(Payment.objects.values_list("session_id", "status")) == {
        first: "paid",
        second: "expired",
    }


def test_the_database_holds_one_live_payment(eve, paid_course, peer):
    start(eve, paid_course)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(user=eve, course=paid_course, amount=1, currency="usd")


def test_who_has_paid_is_led_on_and_pays_no_second_time(eve, paid_course, peer):
    start(eve, paid_course)
    peer.account.pay(session_id())
    assert start(eve, paid_course).endswith(f"return/?session={session_id()}")
    assert len(peer.account.sessions) == 1


@pytest.mark.parametrize(
    ("arrange", "told"),
    [
        (lambda user, course: enroll(user, course), "You are enrolled"),
        (lambda user, course: enroll(user, course, origin="test"), "test student"),
        (lambda user, course: enroll(user, course, status="ended"), "has ended"),
        (lambda user, course: Course.objects.update(closes_at=timezone.now()), "not open"),
        (lambda user, course: Course.objects.update(price=0), "is free"),
    ],
)
def test_who_may_not_buy_is_told_why(eve, paid_course, peer, arrange, told):
    arrange(eve, paid_course)
    paid_course.refresh_from_db()
    with pytest.raises(CheckoutError, match=told):
        start(eve, paid_course)
    assert not peer.requests


def test_a_bank_debit_arrives_days_later(eve, paid_course, page, peer, send):
    start(eve, paid_course)
    peer.account.pay(session_id(), delayed=True)
    send()
    assert Payment.objects.get().status == "pending"
    assert Enrollment.objects.get().status == "reserved"
    assert not eve.has_perm("books.view_page", page)
    with pytest.raises(CheckoutError, match="under way"):
        start(eve, paid_course)
    peer.account.decide(session_id(), arrives=True)
    send()
    assert Payment.objects.get().status == "paid"
    assert Enrollment.objects.get().status == "active"


@pytest.mark.django_db(transaction=True)
def test_a_bank_debit_that_fails_gives_the_seat_up(eve, paid_course, peer, send):
    start(eve, paid_course)
    peer.account.pay(session_id(), delayed=True)
    peer.account.decide(session_id(), arrives=False)
    send()
    assert Payment.objects.get().status == "failed"
    assert not Enrollment.objects.exists()
    assert "has failed" in mail.outbox[0].subject
    assert start(eve, paid_course)


def test_without_keys_a_paid_course_says_so(eve, paid_course, as_user, settings):
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(CheckoutError, match="payment is not set up"):
        start(eve, paid_course)
    page = as_user(eve).get(f"/billing/buy/{paid_course.pk}/").content.decode()
    assert "payment is not set up" in page and "<button" not in page.partition("<main")[2]


def test_the_key_is_in_no_log_error_or_page(eve, paid_course, peer, as_user, caplog, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong_and_secret"
    caplog.set_level(logging.DEBUG)
    client = as_user(eve)
    where = f"/billing/buy/{paid_course.pk}/"
    page = client.post(where, {"seen": "2490"}, follow=True).content.decode()
    assert "is not responding as it should" in page
    for text in (page, caplog.text):
        assert "wrong_and_secret" not in text and KEY not in text and SECRET not in text


def test_buying_by_the_page(eve, paid_course, peer, as_user, client):
    where = f"/billing/buy/{paid_course.pk}/"
    assert "Sign up" in client.get(where).content.decode()
    assert client.post(where, {"seen": "2490"}).url.startswith("/accounts/login/")
    client = as_user(eve)
    assert "$24.90" in client.get(where).content.decode()
    assert not Payment.objects.exists()  # a GET buys nothing
    assert client.post(where, {"seen": "2490"}).url.startswith(f"{peer.base}/pay/")
    for nonsense in ("", "-1", "²", "9" * 30):
        assert client.post(where, {"seen": nonsense}).status_code == 302
    session = peer.account.sessions[session_id()]
    assert session["success_url"].startswith("http://testserver/billing/return/?session={")
    assert client.get("/billing/buy/999999/").status_code == 404


def test_a_payment_that_stripe_never_answered_is_given_up(eve, paid_course, peer):
    with transaction.atomic():
        enrolling.reserve(eve, paid_course, None)
        Payment.objects.create(user=eve, course=paid_course, amount=2490, currency="usd")
    Payment.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert start(eve, paid_course)
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["expired", "pending"]
    assert Enrollment.objects.get().status == "reserved"


@pytest.mark.django_db(transaction=True)
def test_many_press_the_button_at_once_and_one_payment_begins(eve, paid_course, peer):
    results = []

    def press() -> None:
        try:
            results.append(start(eve, paid_course))
        except (CheckoutError, stripe_client.StripeProblem) as error:
            results.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _n in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert Payment.objects.filter(status__in=Payment.LIVE).count() == 1
    assert len({url for url in results if url.startswith("http")}) == 1
    assert len([one for one in peer.account.sessions.values() if one["status"] == "open"]) == 1
