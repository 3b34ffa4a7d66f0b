"""What can go wrong between us and Stripe, one thing at a time: nobody loses money or an enrollment."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing import fulfil, stripe_client
from billing.checkout import CheckoutError
from billing.models import Payment
from bookbinder.tests.support.stripe import give_back, session_id, start, state
from conftest import make_user
from grading import enrolling, invitations
from grading.models import Course, Enrollment, Invitation

pytestmark = pytest.mark.django_db(transaction=True)


def reconcile() -> str:
    out = StringIO()
    call_command("reconcile_payments", stdout=out, stderr=out)
    return out.getvalue()


def statuses() -> dict[str, str]:
    return dict(Payment.objects.values_list("session_id", "status"))


def pay_twice(eve, paid_course, peer) -> tuple[str, str]:
    """Two payments for one enrollment, the second of them settled."""
    start(eve, paid_course)
    first = session_id()
    Payment.objects.update(status="expired")
    start(eve, paid_course)
    peer.account.pay(first)
    peer.account.pay(session_id())
    fulfil.update_from_stripe(session_id())
    return first, session_id()


def slowly(monkeypatch, meanwhile) -> None:
    """Let something happen once between reading a session and writing what follows."""
    retrieve, left = stripe_client.retrieve, [meanwhile]

    def read(session: str):
        facts = retrieve(session)
        if left:
            left.pop()()
        return facts

    monkeypatch.setattr(stripe_client, "retrieve", read)


def test_who_reads_before_a_refund_does_not_write_after_it(bought, peer, monkeypatch):
    slowly(monkeypatch, lambda: give_back(bought, 2490))
    fulfil.update_from_stripe(bought.session_id)
    assert state() == ("refunded", "ended")
    assert sum("You have paid" in letter.subject for letter in mail.outbox) == 1


def test_a_tab_that_is_slow_does_not_undo_a_payment(eve, paid_course, peer, send, monkeypatch):
    start(eve, paid_course)

    def pay() -> None:
        peer.account.pay(session_id())
        send()

    slowly(monkeypatch, pay)
    start(eve, paid_course)
    assert state() == ("paid", "active")


def test_the_second_payments_refund_is_tried_until_it_is_done(
    eve, paid_course, peer, send, monkeypatch
):
    first, _second = pay_twice(eve, paid_course, peer)
    refund = stripe_client.refund

    def down(*args, **over):
        raise stripe_client.StripeProblem("down")

    monkeypatch.setattr(stripe_client, "refund", down)
    told = next(
        event for event in peer.account.events
        if event["data"]["object"]["id"] == first and event["type"].endswith("completed")
    )  # fmt: skip
    assert send(told).status_code == 503
    monkeypatch.setattr(stripe_client, "refund", refund)
    peer.account.sessions[first]["created"] -= 90 * 86400
    reconcile()
    assert statuses()[first] == "refunded" and len(peer.account.refunds) == 1
    assert send(told).status_code == 200


def test_who_comes_back_from_the_second_payment_is_told_of_the_refund(
    eve, paid_course, peer, as_user
):
    first, _second = pay_twice(eve, paid_course, peer)
    page = as_user(eve).get("/billing/return/", {"session": first}).content.decode()
    assert "has been refunded" in page


def test_another_stripe_account_locks_nobody_out(eve, paid_course, peer):
    """As after going from the test mode to real payments."""
    Course.objects.update(seat_limit=1)
    start(eve, paid_course)
    peer.account.sessions.clear()
    with pytest.raises(stripe_client.NotFound):
        start(eve, paid_course)
    Payment.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert start(eve, paid_course)
    peer.account.sessions.clear()
    Payment.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert "pending, now expired" in reconcile()
    assert not Enrollment.objects.exists()


def test_a_dispute_of_what_was_refunded_disturbs_no_new_payment(bought, peer, send, eve):
    first = bought.session_id
    give_back(bought, 2490)
    start(eve, bought.course)
    dispute = peer.account.dispute(first)
    send()
    assert statuses() == {first: "refunded", session_id(): "pending"}
    peer.account.pay(session_id())
    send()
    peer.account.close_dispute(dispute, "lost")
    send()
    assert Enrollment.objects.get().status == "active"
    assert len(peer.account.refunds) == 1


def test_what_was_given_up_is_not_sold_without_a_seat(eve, paid_course, peer):
    Course.objects.update(seat_limit=1)
    start(eve, paid_course)
    first = session_id()
    Payment.objects.update(session_id="")
    fulfil.give_up(Payment.objects.get())
    start(make_user("una"), paid_course)
    reconcile()
    assert Payment.objects.get(user=eve).status == "expired"
    assert peer.account.sessions[first]["status"] == "expired"
    with pytest.raises(CheckoutError, match="All seats"):
        start(eve, paid_course)


def test_an_order_that_another_request_holds_is_not_given_up(eve, paid_course, peer):
    start(eve, paid_course)
    Payment.objects.update(session_id="")
    eve.email = "eva@example.org"
    eve.save()
    with pytest.raises(stripe_client.StripeProblem, match="Try again"):
        start(eve, paid_course)
    assert Payment.objects.get().status == "pending"


def test_who_came_in_by_an_invitation_is_not_sent_to_pay(eve, paid_course, peer):
    start(eve, paid_course)
    Invitation.objects.create(course=paid_course, email=eve.email)
    eve.emailaddress_set.create(email=eve.email, verified=True)
    invitations.accept_all(eve)
    with pytest.raises(CheckoutError, match="You are enrolled"):
        start(eve, paid_course)
    assert peer.account.sessions[session_id()]["status"] == "expired"
    assert state() == ("expired", "active")


def test_a_refund_ends_no_place_that_was_not_bought(eve, paid_course, peer):
    start(eve, paid_course)
    Invitation.objects.create(course=paid_course, email=eve.email)
    eve.emailaddress_set.create(email=eve.email, verified=True)
    invitations.accept_all(eve)
    peer.account.pay(session_id())
    payment = fulfil.update_from_stripe(session_id())
    give_back(payment, 2490)
    assert state() == ("refunded", "active")


def test_a_refund_that_was_sent_twice_is_one(bought, peer):
    for _time in range(2):
        stripe_client.refund(bought.payment_intent_id, amount=490, key="one form")
    assert len(peer.account.refunds) == 1


def test_a_dispute_that_is_won_sends_no_second_thanks(bought, peer, send):
    dispute = peer.account.dispute(bought.session_id)
    send()
    peer.account.close_dispute(dispute, "won")
    send()
    assert sum("You have paid" in letter.subject for letter in mail.outbox) == 1


def test_a_dispute_that_is_won_opens_no_place_that_the_instructor_ended(bought, peer, send):
    enrolling.end(Enrollment.objects.all())
    dispute = peer.account.dispute(bought.session_id)
    send()
    peer.account.close_dispute(dispute, "won")
    send()
    assert state() == ("paid", "ended")


def test_who_was_sent_away_is_not_welcomed(bought, peer, eve, as_user):
    enrolling.end(Enrollment.objects.all())
    with pytest.raises(CheckoutError, match="has ended"):
        start(eve, bought.course)
    page = as_user(eve).get("/billing/return/", {"session": bought.session_id})
    assert "has ended" in page.content.decode()


def test_reconciling_goes_on_after_what_cannot_be_read(eve, paid_course, peer, monkeypatch):
    start(eve, paid_course)
    good = session_id()
    start(make_user("una"), paid_course)
    bad, retrieve = session_id(), stripe_client.retrieve
    peer.account.pay(good)

    def read(session: str):
        if session == bad:
            raise stripe_client.StripeProblem("cannot be read")
        return retrieve(session)

    monkeypatch.setattr(stripe_client, "retrieve", read)
    with pytest.raises(CommandError, match="corrected: 1; not read: 1"):
        reconcile()
    assert statuses()[good] == "paid"


def test_reconciling_looks_at_old_disputes(bought, peer, send):
    dispute = peer.account.dispute(bought.session_id)
    send()
    dispute["created"] -= 40 * 86400
    peer.account.sessions[bought.session_id]["created"] -= 60 * 86400
    peer.account.close_dispute(dispute, "won")  # and its webhook is lost
    reconcile()
    assert state() == ("paid", "active")


def test_an_event_about_an_intent_that_stripe_hides_from_us_is_done(db, peer, send, monkeypatch):
    def gone(intent: str):
        raise stripe_client.NotFound("gone")

    monkeypatch.setattr(stripe_client, "session_of", gone)
    row = {"id": "ch_1", "object": "charge", "payment_intent": "pi_x"}
    event = {"id": "evt_9", "object": "event", "type": "charge.refunded", "data": {"object": row}}
    assert send(event).status_code == 200


def test_a_letter_that_cannot_be_written_costs_nobody_the_place(
    eve, paid_course, peer, send, monkeypatch
):
    from billing import mail as billing_mail

    def fail(*args):
        raise ValueError("no such letter")

    monkeypatch.setattr(billing_mail.mail, "compose", fail)
    start(eve, paid_course)
    peer.account.pay(session_id())
    assert send().status_code == 200
    assert state() == ("paid", "active")
