"""Payments in the admin: for admins alone."""

import csv
import io

import pytest
from django.core import checks
from openpyxl import load_workbook

from billing.models import Payment
from bookbinder.site import checks as ours
from bookbinder.tests.support.admin_pages import change_form, changelist, text_of
from bookbinder.tests.support.stripe import session_id, start
from conftest import make_user
from grading.models import Enrollment

TOTALS = "/admin/billing/payment/totals/"
EXPORT = "/admin/billing/payment/export/"
REFUND = {"action": "refund"}


def buy(user, course, peer, send) -> Payment:
    start(user, course)
    peer.account.pay(session_id())
    send()
    return Payment.objects.get(session_id=session_id())


@pytest.fixture
def payments(eve, paid_course, peer, send):
    una = make_user("una", last_name="=HYPERLINK(1)")
    return [buy(user, paid_course, peer, send) for user in (eve, una)]


def test_an_admin_sees_what_was_paid(as_user, root, payments, settings):
    client = as_user(root)
    text = text_of(client.get(changelist(Payment)))
    assert text.count("$24.90") == 2 and "Totals" in text
    for payment in payments:
        link = f"https://dashboard.stripe.com/test/payments/{payment.payment_intent_id}"
        assert link in text and link in text_of(client.get(change_form(payment)))
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    assert "stripe.com/payments/" in text_of(client.get(changelist(Payment)))
    assert "$49.80" in text_of(client.get(TOTALS))


@pytest.mark.parametrize("name", ["eve", "sam", "ines", "ada", "author"])
def test_nobody_else_sees_or_gives_back_anything(as_user, request, db, course, payments, name):
    user = make_user("olga", type="author") if name == "author" else request.getfixturevalue(name)
    client = as_user(user)
    for path in (changelist(Payment), change_form(payments[0]), TOTALS, EXPORT):
        assert client.get(path).status_code in (302, 403), path
    data = REFUND | {"_selected_action": [payments[0].pk], "give_back": "1", "amount": "100"}
    assert client.post(changelist(Payment), data).status_code in (302, 403)
    assert not Payment.objects.filter(refunded_amount__gt=0).exists()


def test_giving_money_back_asks_first(as_user, root, payments, peer):
    client, chosen = as_user(root), REFUND | {"_selected_action": [payments[0].pk]}
    shown = f"shown-{payments[0].pk}"
    asked = text_of(client.post(changelist(Payment), chosen))
    assert "Confirm refund" in asked and 'value="2490"' in asked
    assert not peer.account.refunds
    for wrong in ("0", "2491", "x", "-5"):
        client.post(changelist(Payment), chosen | {"give_back": "1", "amount": wrong})
    assert not peer.account.refunds
    done = client.post(
        changelist(Payment), chosen | {"give_back": "1", "amount": "490", shown: 0}, follow=True
    )
    assert "$4.90 refunded" in text_of(done)
    assert Enrollment.objects.filter(status="active").count() == 2
    again = chosen | {"give_back": "1", "amount": "490", shown: 0}
    page = client.post(changelist(Payment), again, follow=True)  # pressed twice
    assert "refunded in the meantime" in text_of(page)
    client.post(changelist(Payment), chosen | {"give_back": "1", "amount": "2000", shown: 490})
    assert Payment.objects.get(pk=payments[0].pk).status == "refunded"
    assert Enrollment.objects.get(user=payments[0].user).status == "ended"


def test_several_are_given_back_whole(as_user, root, payments, peer):
    chosen = REFUND | {"_selected_action": [one.pk for one in payments], "give_back": "1"}
    chosen |= {f"shown-{one.pk}": 0 for one in payments}
    as_user(root).post(changelist(Payment), chosen)
    assert set(Payment.objects.values_list("status", flat=True)) == {"refunded"}
    assert "$0.00" in text_of(as_user(root).get(TOTALS))


def test_a_refund_that_stripe_refuses_is_told_and_changes_nothing(as_user, root, payments, peer):
    chosen = REFUND | {"_selected_action": [payments[0].pk], "give_back": "1", "amount": "100"}
    peer.fail_next = [500] * 3
    page = as_user(root).post(changelist(Payment), chosen, follow=True)
    assert "is not responding as it should" in text_of(page)
    assert set(Payment.objects.values_list("refunded_amount", flat=True)) == {0}


def test_payments_are_exported_and_no_cell_is_a_formula(as_user, root, payments):
    client = as_user(root)
    fields = {"resource": "0", "format": "0", "export_items": []}
    names = [
        name for name in client.get(EXPORT).context["form"].fields if "paymentresource_" in name
    ]
    chosen = fields | dict.fromkeys(names, "on")
    sheet = client.post(EXPORT, chosen | {"format": "1"})
    cells = [cell for row in load_workbook(io.BytesIO(sheet.content)).active for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    response = client.post(EXPORT, chosen)
    assert response["Content-Type"].startswith("text/csv"), response.content[:500]
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert {row["amount"] for row in rows} == {"24.90"}
    assert "'=HYPERLINK(1)" in {row["last name"] for row in rows}


def test_payment_is_set_up_wholly_or_not_at_all(settings):
    settings.STRIPE_SECRET_KEY = settings.STRIPE_WEBHOOK_SECRET = ""
    (told,) = ours.payment_is_whole()
    assert told.level == checks.INFO and "STRIPE_WEBHOOK_SECRET" in told.hint
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    (told,) = ours.payment_is_whole()
    assert told.level == checks.ERROR and "STRIPE_WEBHOOK_SECRET" in told.hint
    assert "sk_test_x" not in str(told)
    settings.STRIPE_WEBHOOK_SECRET = "whsec_x"
    assert ours.payment_is_whole() == []
