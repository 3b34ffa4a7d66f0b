"""Seats that are reserved end by the clock; of two refunds at the same moment, one is made."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import checkout, fulfil, refunds, stripe_client
from billing.checkout import CheckoutError
from billing.models import Payment
from bookbinder.tests.support.stripe import session_id, start, state
from conftest import make_user
from grading import enrolling
from grading.enrolling import EnrollError
from grading.models import Course, Enrollment

pytestmark = pytest.mark.django_db(transaction=True)


def later(monkeypatch, **span) -> None:
    """Let the clock be later by a timedelta."""
    now = timezone.now() + timedelta(**span)
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def full(paid_course, peer):
    """A course whose three seats are reserved by people who do not pay."""
    paid_course.seat_limit = 3
    paid_course.save()
    for number in range(3):
        start(make_user(f"slow{number}"), paid_course)
    return paid_course


def test_seats_of_people_who_never_pay_are_free_again_without_a_word_from_stripe(
    full, eve, monkeypatch, as_user
):
    with pytest.raises(CheckoutError, match="All seats"):
        start(eve, full)
    later(monkeypatch, minutes=34)
    with pytest.raises(CheckoutError, match="All seats"):
        start(eve, full)
    later(monkeypatch, minutes=2)
    assert enrolling.seats_left(full) == 3
    start(eve, full)
    assert enrolling.seats_left(full) == 2


def test_who_has_lost_the_seat_asks_for_it_again(full, monkeypatch):
    slow = Enrollment.objects.earliest("pk").user
    later(monkeypatch, minutes=36)
    for number in range(3):
        enrolling.reserve(make_user(f"fast{number}"), full, timezone.now() + checkout.OPEN_FOR)
    with pytest.raises(EnrollError, match="All seats"):
        enrolling.reserve(slow, full, None)


def test_who_still_has_the_seat_gets_no_second_one(full):
    slow = Enrollment.objects.earliest("pk")
    enrolling.reserve(slow.user, full, None)
    assert enrolling.seats_left(full) == 0
    slow.refresh_from_db()
    assert slow.reserved_until is None


def test_the_seat_of_a_bank_debit_is_kept_until_it_is_settled(eve, paid_course, peer, monkeypatch):
    Course.objects.update(seat_limit=1)
    start(eve, paid_course)
    peer.account.pay(session_id(), delayed=True)
    fulfil.update_from_stripe(session_id())
    assert state() == ("pending", "reserved")
    later(monkeypatch, days=3)
    with pytest.raises(CheckoutError, match="All seats"):
        start(make_user("mate"), paid_course)


def test_who_pays_after_the_seat_has_ended_is_enrolled_all_the_same(
    eve, paid_course, peer, monkeypatch
):
    Course.objects.update(seat_limit=1)
    start(eve, paid_course)
    paid = session_id()
    later(monkeypatch, minutes=36)
    mate = make_user("mate")
    enrolling.reserve(mate, paid_course, None)
    peer.account.pay(paid)
    fulfil.update_from_stripe(paid)
    assert Enrollment.objects.get(user=eve).status == "active"


def meanwhile(monkeypatch, work) -> None:
    """Let something happen once just before a refund is sent to Stripe."""
    refund, left = stripe_client.refund, [work]

    def send(*args, **kwargs):
        if left:
            left.pop()()
        return refund(*args, **kwargs)

    monkeypatch.setattr(stripe_client, "refund", send)


@pytest.mark.parametrize("second", [1000, 500])
def test_of_two_refunds_at_the_same_moment_the_second_is_told(bought, peer, monkeypatch, second):
    told = []

    def other_admin() -> None:
        with pytest.raises(refunds.RefundError, match="Somebody else is refunding") as error:
            refunds.refund(bought, second, shown=0, form="two")
        told.append(error)

    meanwhile(monkeypatch, other_admin)
    payment = refunds.refund(bought, 1000, shown=0, form="one")
    assert told and payment.refunded_amount == 1000
    assert [refund["amount"] for refund in peer.account.refunds.values()] == [1000]
    with pytest.raises(refunds.RefundError, match="in the meantime"):
        refunds.refund(bought, second, shown=0, form="two")
    assert refunds.refund(bought, second, shown=1000, form="three").refunded_amount == 1000 + second


def test_who_has_read_the_payment_before_a_refund_is_told_after_it(bought, monkeypatch):
    update, left = fulfil.update_from_stripe, [1]

    def read_then_wait(session: str):
        found = update(session)
        if left:
            left.pop()
            refunds.refund(bought, 1000, shown=0, form="one")
        return found

    monkeypatch.setattr(fulfil, "update_from_stripe", read_then_wait)
    with pytest.raises(refunds.RefundError, match="Somebody else"):
        refunds.refund(bought, 1000, shown=0, form="two")
    assert Payment.objects.get().refunded_amount == 1000


def test_a_refund_that_stripe_refuses_lets_others_try(bought, peer, monkeypatch):
    def refuse(*args, **kwargs):
        raise stripe_client.Declined("no")

    with monkeypatch.context() as patched, pytest.raises(stripe_client.Declined):
        patched.setattr(stripe_client, "refund", refuse)
        refunds.refund(bought, 1000, shown=0, form="one")
    assert refunds.refund(bought, 1000, shown=0, form="two").refunded_amount == 1000


def test_a_refund_of_which_nothing_is_known_is_tried_again_by_the_same_form_or_later(
    bought, peer, monkeypatch
):
    def lose(*args, **kwargs):
        raise stripe_client.StripeProblem("no connection")

    with monkeypatch.context() as patched, pytest.raises(stripe_client.StripeProblem):
        patched.setattr(stripe_client, "refund", lose)
        refunds.refund(bought, 1000, shown=0, form="one")
    with pytest.raises(refunds.RefundError, match="Somebody else"):
        refunds.refund(bought, 1000, shown=0, form="two")
    later(monkeypatch, minutes=11)
    assert refunds.refund(bought, 1000, shown=0, form="two").refunded_amount == 1000
