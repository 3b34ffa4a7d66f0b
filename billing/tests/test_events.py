"""What Stripe tells: signatures, repeats, order, refunds, disputes, and what was lost."""

import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing import refunds, stripe_client
from billing.models import Payment, StripeEvent
from bookbinder.tests.support.stripe import give_back, session_id, start, state
from conftest import make_answer, make_course, make_question, make_user
from grading.models import Course, Enrollment


def test_what_is_not_signed_is_refused(client, bought, peer, send):
    payload, headers = peer.packed(peer.account.events[-1])
    good = headers["Stripe-Signature"]
    for body, sign in (
        (payload, ""),
        (payload, "t=1,v1=0"),
        (payload + b" ", good),
        (b"", good),
        (b"\xff\x00", "t=1,v1=aa"),
    ):
        response = client.post(
            "/billing/webhook/", body, content_type="application/json",
            headers={"Stripe-Signature": sign},
        )  # fmt: skip
        assert response.status_code == 400
    assert send(at=time.time() - 3600).status_code == 400  # an old letter, played again
    assert client.get("/billing/webhook/").status_code == 405


def test_without_a_secret_no_signature_is_good(client, peer, send, settings, db):
    settings.STRIPE_WEBHOOK_SECRET = peer.secret = ""
    assert (
        send(
            {
                "id": "evt_1",
                "object": "event",
                "type": "x",
                "data": {"object": {"id": "cs_1", "object": "checkout.session"}},
            }
        ).status_code
        == 400
    )


def test_an_event_is_done_once(bought, peer, send):
    asked = len(peer.requests)
    for _time in range(3):
        assert send().status_code == 200
    assert len(peer.requests) == asked
    assert StripeEvent.objects.get().done_at is not None


def test_a_webhook_is_believed_nothing_but_which_session_it_is_about(eve, paid_course, peer, send):
    start(eve, paid_course)
    forged = {
        "id": "evt_forged", "object": "event", "type": "checkout.session.completed",
        "data": {"object": {"id": session_id(), "object": "checkout.session",
                            "status": "complete", "payment_status": "paid"}},
    }  # fmt: skip
    assert send(forged).status_code == 200
    assert state() == ("pending", "reserved")


def test_when_stripe_fails_the_event_is_sent_again(eve, paid_course, peer, send):
    start(eve, paid_course)
    peer.account.pay(session_id())
    peer.fail_next = [500] * 3
    assert send().status_code == 503
    assert StripeEvent.objects.get().done_at is None
    assert state() == ("pending", "reserved")
    assert send().status_code == 200
    assert state() == ("paid", "active")


def test_the_order_of_events_makes_no_difference(eve, paid_course, peer, send):
    start(eve, paid_course)
    peer.account.pay(session_id())
    intent = peer.account.sessions[session_id()]["payment_intent"]
    peer.account.make_refund({"payment_intent": intent, "amount": "2490"})
    for event in reversed(peer.account.events):
        assert send(event).status_code == 200
    assert Payment.objects.get().status == "refunded"
    assert not Enrollment.objects.filter(status="active").exists()


def test_events_about_nothing_of_ours_are_logged_and_done(db, peer, send, caplog):
    kinds = ("checkout.session.completed", "charge.refunded", "invoice.paid")
    for number, kind in enumerate(kinds):
        row = {"id": "cs_test_of_another_site", "object": "checkout.session"}
        if kind == "charge.refunded":
            row = {"id": "ch_1", "object": "charge", "payment_intent": "pi_unknown"}
        event = {"id": f"evt_{number}", "object": "event", "type": kind, "data": {"object": row}}
        assert send(event).status_code == 200
    assert StripeEvent.objects.filter(done_at__isnull=True).count() == 0
    assert caplog.text.count("matches no payment") == 2


def test_a_session_of_another_site_on_the_same_account_is_left_alone(eve, paid_course, peer, send):
    start(eve, paid_course)
    peer.account.pay(session_id())
    Payment.objects.update(session_id="", reference="bookbinder-another")
    assert send().status_code == 200
    assert state() == ("pending", "reserved")


def test_stripe_may_be_faster_than_we_are(eve, paid_course, peer, send):
    start(eve, paid_course)
    first = session_id()
    Payment.objects.update(session_id="")  # not written down yet
    peer.account.pay(first)
    assert send().status_code == 200
    assert state() == ("paid", "active") and session_id() == first


def test_an_event_a_year_late_finds_things_as_they_are_now(bought, peer, send):
    late = peer.account.events[0] | {"id": "evt_late", "created": int(time.time()) - 365 * 86400}
    Enrollment.objects.update(status="ended")
    assert send(late).status_code == 200
    assert state() == ("paid", "ended")


def test_a_course_with_payments_is_not_deleted_and_one_without_is_no_trouble(bought, peer, send):
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        bought.course.delete()
    event = peer.account.events[0] | {"id": "evt_again"}
    Payment.objects.all().delete()
    Course.objects.all().delete()
    assert send(event).status_code == 200


def test_a_refund_of_all_ends_the_place_and_keeps_the_answers(bought, peer, send, page, eve):
    make_answer(Enrollment.objects.get(), make_question(page))
    give_back(bought, 2490)
    assert state() == ("refunded", "ended")
    assert Enrollment.objects.get().answers.count() == 1
    assert not eve.has_perm("books.view_page", page)
    for event in peer.account.events:
        send(event)
    assert state() == ("refunded", "ended")
    assert start(eve, bought.course)  # and they may buy again
    peer.account.pay(session_id())
    send()
    enrollment = Enrollment.objects.get()
    assert enrollment.status == "active" and enrollment.answers.count() == 1


def test_a_refund_in_part_changes_the_amount_alone(bought, peer, send):
    intent = peer.account.sessions[session_id()]["payment_intent"]
    peer.account.make_refund({"payment_intent": intent, "amount": "490"})
    send()
    bought.refresh_from_db()
    assert (bought.refunded_amount, bought.refundable) == (490, 2000)
    assert state() == ("paid", "active")
    with pytest.raises(refunds.RefundError, match="more than is left"):
        give_back(bought, 2001)
    with pytest.raises(refunds.RefundError, match="refunded in the meantime"):
        give_back(bought, 100, shown=0)
    give_back(bought, 2000)
    assert state() == ("refunded", "ended")


def test_a_dispute_closes_the_place_until_it_is_won(bought, peer, send):
    dispute = peer.account.dispute(session_id())
    send()
    assert state() == ("disputed", "ended")
    with pytest.raises(refunds.RefundError):
        give_back(Payment.objects.get(), 100)
    peer.account.close_dispute(dispute, "won")
    send()
    assert state() == ("paid", "active")


def test_a_lost_dispute_has_given_the_money_back(bought, eve, peer, send):
    peer.account.close_dispute(peer.account.dispute(session_id()), "lost")
    for event in peer.account.events:
        send(event)
    assert state() == ("refunded", "ended")
    assert Payment.objects.get().refunded_amount == 2490
    assert start(eve, bought.course)


def test_a_banks_question_changes_nothing(bought, peer, send):
    dispute = peer.account.dispute(session_id())
    dispute["status"] = "warning_needs_response"
    send()
    assert state() == ("paid", "active")


def reconcile(*args: str) -> str:
    out = StringIO()
    call_command("reconcile_payments", *args, stdout=out)
    return out.getvalue()


def test_reconciling_mends_what_lost_webhooks_left(eve, paid_course, peer, send):
    start(eve, paid_course)
    peer.account.pay(session_id())
    una = make_user("una")
    start(una, paid_course)
    other = session_id()
    peer.account.expire(other)
    out = reconcile("--days", "2")
    assert "Payments corrected: 2." in out and "pending, now paid" in out
    assert Enrollment.objects.get().user == eve
    assert "Payments corrected: 0." in reconcile()
    intent = peer.account.sessions[Payment.objects.get(user=eve).session_id]["payment_intent"]
    peer.account.make_refund({"payment_intent": intent})
    assert "paid, now refunded" in reconcile()


def test_reconciling_says_what_is_missing(db, settings, peer):
    with pytest.raises(CommandError, match="at least 1"):
        reconcile("--days", "0")
    peer.fail_next = [500] * 3
    with pytest.raises(CommandError, match="Try again"):
        reconcile()
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(CommandError, match="STRIPE_SECRET_KEY"):
        reconcile()


def test_reconciling_pages_through_what_stripe_lists(eve, book, peer, monkeypatch):
    monkeypatch.setattr(stripe_client, "PAGE", 2)
    for number in range(5):
        course = make_course(book, f"Course {number}", price=100)
        start(eve, course, seen=100)
        peer.account.pay(session_id())
    assert "Payments corrected: 5." in reconcile()
