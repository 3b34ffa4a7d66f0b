"""The only module that communicates with Stripe, through its SDK.

The SDK is imported only where it is used, since importing it would take a tenth of the site's
startup time.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from billing.errors import BillingError

if TYPE_CHECKING:
    import stripe

log = logging.getLogger(__name__)
EXPANDED = ["payment_intent.latest_charge"]
PAGE = 100  # rows that Stripe lists per request
# Statuses of an inquiry by a bank, which does not take any money back yet.
INQUIRIES = frozenset(("warning_needs_response", "warning_under_review", "warning_closed"))
# The person has got the money back: from the dispute, or before it became one.
LOST = frozenset(("lost", "prevented"))


class StripeProblem(BillingError):
    """Stripe did not do what was asked. The text can be shown to people: it contains no secrets."""


class NotFound(StripeProblem):
    """Our Stripe account does not have what was asked for."""


class Declined(StripeProblem):
    """Stripe understood the request and refused it: the same request would fail again."""


class BadSignature(BillingError):
    """The request was not sent by Stripe, or it was sent too long ago."""


@dataclass(frozen=True)
class Checkout:
    """The current state of a Checkout session at Stripe. Amounts are in the smallest unit."""

    session_id: str
    status: str  # open, complete, expired
    payment_status: str  # paid, unpaid, no_payment_required
    amount: int
    currency: str
    reference: str
    url: str = ""
    intent_id: str = ""
    intent_status: str = ""
    charge_id: str = ""
    receipt_url: str = ""
    refunded: int = 0
    dispute: str = ""  # open, won, lost

    @property
    def is_given_back(self) -> bool:
        """Return whether all of the money went back to the person, by refunds or a lost dispute."""
        return self.dispute == "lost" or 0 < self.amount <= self.refunded


@dataclass(frozen=True)
class Order:
    """What Stripe is asked for: a session in which one enrollment is paid for.

    `amount` is in the currency's smallest unit.
    """

    reference: str  # identifies the session later; also the idempotency key
    amount: int
    currency: str
    title: str
    email: str
    success_url: str
    cancel_url: str
    expires_at: int  # Unix timestamp


@dataclass(frozen=True)
class Event:
    """An event from Stripe. The ids of the session and the payment intent can be empty."""

    event_id: str
    type: str
    object_id: str
    intent_id: str


def is_set_up() -> bool:
    """Return whether the settings contain the keys for Stripe."""
    return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)


def _client() -> "stripe.StripeClient":
    import stripe

    bases: Any = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else {}
    http = stripe.RequestsClient(timeout=20)
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, base_addresses=bases, http_client=http, max_network_retries=2
    )


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Turn the SDK's errors into ours.

    Their texts are left out, since they may contain a part of a key.
    """
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        code = error.code or type(error).__name__
        log.warning("Stripe: %s failed: %s (request %s)", what, code, error.request_id)
        if code == "resource_missing":
            raise NotFound(_("Stripe does not know this payment.")) from None
        # An IdempotencyError does not count: another request of ours may have succeeded.
        if isinstance(error, stripe.InvalidRequestError):
            raise Declined(_("The payment service refused this. It has been logged.")) from None
        text = _("The payment service is not responding as it should. Try again later.")
        raise StripeProblem(text) from None


def create_session(order: Order) -> Checkout:
    """Create a Checkout session. The same order always results in the same session.

    Raises Declined if Stripe refuses the order, and StripeProblem for any other error.
    """
    product = {"name": order.title}
    price = {
        "currency": order.currency,
        "unit_amount": order.amount,
        "product_data": product,
    }
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "customer_email": order.email,
        "client_reference_id": order.reference,
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "expires_at": order.expires_at,
        "expand": EXPANDED,
    }
    if settings.BOOKBINDER_PROMOTION_CODES:
        params["allow_promotion_codes"] = True
    if settings.BOOKBINDER_AUTOMATIC_TAX:
        params["automatic_tax"] = {"enabled": True}
    with _asking("making a session"):
        client = _client()
        options: Any = {"idempotency_key": order.reference}
        return _checkout(client, client.v1.checkout.sessions.create(params, options))  # type: ignore[arg-type]


def retrieve(session_id: str) -> Checkout:
    """Return the current state of a session.

    Raises NotFound if Stripe does not know it, and StripeProblem for any other error.
    """
    with _asking("reading a session"):
        client = _client()
        session = client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPANDED})
        return _checkout(client, session)


def _checkout(client: "stripe.StripeClient", session: Any) -> Checkout:
    intent: Any = session.payment_intent
    charge: Any = getattr(intent, "latest_charge", None)
    return Checkout(
        session_id=session.id,
        status=session.status,
        payment_status=session.payment_status,
        amount=session.amount_total or 0,
        currency=session.currency or "",
        reference=session.client_reference_id or "",
        url=session.url or "",
        intent_id=getattr(intent, "id", "") or "",
        intent_status=getattr(intent, "status", "") or "",
        charge_id=getattr(charge, "id", "") or "",
        receipt_url=getattr(charge, "receipt_url", "") or "",
        refunded=getattr(charge, "amount_refunded", 0) or 0,
        dispute=_dispute(client, charge.id) if getattr(charge, "disputed", False) else "",
    )


def _dispute(client: "stripe.StripeClient", charge_id: str) -> str:
    found = client.v1.disputes.list({"charge": charge_id, "limit": PAGE}).data
    states = {str(dispute.status) for dispute in found} - INQUIRIES
    if not states:
        return ""
    if states <= {"won"}:
        return "won"
    return "lost" if states & LOST else "open"


def expire(session_id: str) -> None:
    """Expire an open session. Raises Declined if it is no longer open."""
    with _asking("ending a session"):
        _client().v1.checkout.sessions.expire(session_id)


def refund(intent_id: str, *, amount: int, key: str) -> None:
    """Refund `amount`, in the smallest unit, only once for each `key`. Raises StripeProblem."""
    with _asking("refunding"):
        _client().v1.refunds.create(
            {"payment_intent": intent_id, "amount": amount}, {"idempotency_key": key}
        )


def session_of(intent_id: str) -> str | None:
    """Return the id of the session of a payment intent, or None if there is none."""
    try:
        with _asking("finding a session"):
            sessions = _client().v1.checkout.sessions
            found = sessions.list({"payment_intent": intent_id, "limit": 1}).data
    except NotFound:
        return None
    return found[0].id if found else None


def sessions_touched(since: int) -> Iterator[str]:
    """Yield ids of sessions created, refunded or disputed since a Unix timestamp.

    An id can be repeated. Raises StripeProblem.
    """
    with _asking("listing"):
        client = _client()
        when: Any = {"created": {"gte": since}, "limit": PAGE}
        for session in client.v1.checkout.sessions.list(when).auto_paging_iter():
            yield session.id
        for service in (client.v1.refunds, client.v1.disputes):
            for row in service.list(when).auto_paging_iter():
                intent = getattr(row, "payment_intent", None)
                found = intent and session_of(intent if isinstance(intent, str) else intent.id)
                if found:
                    yield found


def read_event(payload: bytes, signature: str) -> Event:
    """Return the event from a webhook request. Raises BadSignature if Stripe did not sign it."""
    import stripe

    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:
        raise BadSignature
    try:
        event = _client().construct_event(payload, signature, secret)
        row: Any = event.data.object
        kind = str(row.object)
    except (ValueError, AttributeError, stripe.StripeError):
        raise BadSignature from None
    intent = getattr(row, "payment_intent", None)
    intent_id = intent if isinstance(intent, str) else getattr(intent, "id", "")
    session_id = row.id if kind == "checkout.session" else ""
    return Event(event.id, event.type, session_id, intent_id or "")
