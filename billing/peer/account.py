"""The stand-in's data: sessions, payment intents, charges, refunds, disputes and events."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


class Refusal(Exception):
    """The request fails with one of Stripe's errors."""

    def __init__(self, message: str, *, code: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass
class Account:
    """One Stripe account. Tests can set its clock, `now`; `on_event` is called with each event."""

    base: str = ""
    now: Callable[[], float] = time.time
    on_event: Callable[[Row], None] = lambda event: None
    sessions: dict[str, Row] = field(default_factory=dict)
    intents: dict[str, Row] = field(default_factory=dict)
    charges: dict[str, Row] = field(default_factory=dict)
    refunds: dict[str, Row] = field(default_factory=dict)
    disputes: dict[str, Row] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def _id(self, prefix: str) -> str:
        return f"{prefix}_test_{int(time.time() * 1000):x}{next(self._numbers):04}"

    def _new(self, kind: str, prefix: str, **fields: Any) -> Row:
        return {
            "id": self._id(prefix),
            "object": kind,
            "created": int(self.now()),
            "livemode": False,
        } | fields

    def send_event(self, kind: str, row: Row) -> None:
        """Create an event and pass it to `on_event`. It contains a copy of the row as it is now."""
        event = self._new("event", "evt", type=kind, data={"object": dict(row)})
        event |= {"api_version": "2026-10-28.endive", "pending_webhooks": 1, "request": None}
        self.events.append(event)
        self.on_event(event)

    # What the API offers.

    def make_session(self, params: Row) -> Row:
        """Return a new session. Raises Refusal if it would expire too early or too late."""
        expires = int(params.get("expires_at", self.now() + 24 * 3600))
        if not 30 * 60 <= expires - self.now() <= 24 * 3600 + 60:
            raise Refusal("expires_at must be between 30 minutes and 24 hours from now")
        total = currency = None
        for item in params["line_items"].values():
            price = item["price_data"]
            currency = price["currency"]
            total = (total or 0) + int(price["unit_amount"]) * int(item["quantity"])
        session = self._new(
            "checkout.session",
            "cs",
            mode=params["mode"],
            status="open",
            payment_status="unpaid",
            amount_total=total,
            currency=currency,
            client_reference_id=params.get("client_reference_id"),
            customer_email=params.get("customer_email"),
            success_url=params.get("success_url"),
            cancel_url=params.get("cancel_url"),
            expires_at=expires,
            allow_promotion_codes=params.get("allow_promotion_codes") == "true",
            title=params["line_items"]["0"]["price_data"]["product_data"]["name"],
            payment_intent=None,
        )
        session["url"] = f"{self.base}/pay/{session['id']}"
        self.sessions[session["id"]] = session
        return session

    def session(self, session_id: str) -> Row:
        """Return a session, expired if its time is over. Raises Refusal if it does not exist."""
        session = self.sessions.get(session_id)
        if session is None:
            text = f"No such checkout.session: '{session_id}'"
            raise Refusal(text, code="resource_missing", status=404)
        if session["status"] == "open" and session["expires_at"] <= self.now():
            self._end(session)
        return session

    def expire(self, session_id: str) -> Row:
        """Expire a session and return it. Raises Refusal if it is not open."""
        session = self.session(session_id)
        if session["status"] != "open":
            raise Refusal("Only Checkout Sessions with a status of open can be expired.")
        self._end(session)
        return session

    def _end(self, session: Row) -> None:
        session |= {"status": "expired", "url": None}
        self.send_event("checkout.session.expired", session)

    def make_refund(self, params: Row) -> Row:
        """Refund a part of a charge. Raises Refusal if that is not possible."""
        intent = self.intents.get(params.get("payment_intent", ""))
        if intent is None:
            raise Refusal("No such payment_intent", code="resource_missing", status=404)
        charge = self.charges[intent["latest_charge"]]
        amount = int(params.get("amount", charge["amount"] - charge["amount_refunded"]))
        if charge["disputed"]:
            raise Refusal("The charge has been charged back.", code="charge_disputed")
        if not 0 < amount <= charge["amount"] - charge["amount_refunded"]:
            raise Refusal("Refund amount is greater than unrefunded amount on charge.")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = self._new(
            "refund", "re", amount=amount, charge=charge["id"], payment_intent=intent["id"],
            status="succeeded",
        )  # fmt: skip
        self.refunds[refund["id"]] = refund
        self.send_event("refund.created", refund)
        self.send_event("charge.refunded", charge)
        return refund

    # What happens at Stripe, outside the API.

    def pay(self, session_id: str, *, discount: int = 0, delayed: bool = False) -> Row:
        """Pay as a person does on Stripe's page. Raises Refusal if the session is not open.

        `discount` is what a promotion code takes off. `delayed` stands for a bank debit, whose
        outcome `decide` determines later.
        """
        session = self.session(session_id)
        if session["status"] != "open":
            raise Refusal("This session is no longer open.")
        session |= {"status": "complete", "url": None}
        session["amount_total"] -= discount
        if session["amount_total"] == 0:
            session["payment_status"] = "no_payment_required"
        else:
            self._intend(session, delayed)
        self.send_event("checkout.session.completed", session)
        return session

    def _intend(self, session: Row, delayed: bool) -> None:
        amount, currency = session["amount_total"], session["currency"]
        intent = self._new("payment_intent", "pi", amount=amount, currency=currency)
        charge = self._new(
            "charge", "ch", amount=amount, currency=currency, amount_refunded=0, refunded=False,
            disputed=False, payment_intent=intent["id"], status="pending", receipt_url=None,
        )  # fmt: skip
        intent |= {"status": "processing", "latest_charge": charge["id"]}
        self.intents[intent["id"]], self.charges[charge["id"]] = intent, charge
        session["payment_intent"] = intent["id"]
        if not delayed:
            self._arrive(session, intent, charge)

    def _arrive(self, session: Row, intent: Row, charge: Row) -> None:
        session["payment_status"] = "paid"
        intent["status"] = "succeeded"
        charge |= {"status": "succeeded", "receipt_url": f"{self.base}/receipts/{charge['id']}"}

    def decide(self, session_id: str, *, arrives: bool) -> None:
        """Let a delayed payment arrive or fail."""
        session = self.sessions[session_id]
        intent = self.intents[session["payment_intent"]]
        charge = self.charges[intent["latest_charge"]]
        if arrives:
            self._arrive(session, intent, charge)
            self.send_event("checkout.session.async_payment_succeeded", session)
        else:
            intent["status"], charge["status"] = "requires_payment_method", "failed"
            self.send_event("checkout.session.async_payment_failed", session)

    def dispute(self, session_id: str) -> Row:
        """Open a dispute, as if the person's bank asked for the money back, and return it."""
        intent = self.intents[self.sessions[session_id]["payment_intent"]]
        charge = self.charges[intent["latest_charge"]]
        charge["disputed"] = True
        dispute = self._new(
            "dispute", "dp", charge=charge["id"], payment_intent=intent["id"],
            amount=charge["amount"], status="needs_response",
        )  # fmt: skip
        self.disputes[dispute["id"]] = dispute
        self.send_event("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute: Row, status: str) -> None:
        dispute["status"] = status
        self.send_event("charge.dispute.closed", dispute)
