"""The HTTP server of the stand-in: Stripe's API, the page on which to pay, and webhooks."""

import hashlib
import hmac
import html
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from stripe.params import DisputeListParams, RefundCreateParams, RefundListParams
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListParams,
    SessionRetrieveParams,
)

from billing.peer import params as checking
from billing.peer.account import Account, Refusal, Row


def signature(payload: bytes, secret: str, at: float | None = None) -> str:
    """Return the header with which Stripe signs a webhook at the Unix timestamp `at`, or now.

    See https://docs.stripe.com/webhooks/signature.
    """
    when = int(time.time() if at is None else at)
    signed = f"{when}.".encode() + payload
    return f"t={when},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class Peer(ThreadingHTTPServer):
    """A server on 127.0.0.1 that runs in its own threads: `with Peer(...) as peer`."""

    daemon_threads = True

    def __init__(self, *, key: str, secret: str, port: int = 0, webhook: str = "") -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.key, self.secret, self.webhook = key, secret, webhook
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.account = Account(self.base, on_event=self._send)
        self.replies: dict[str, tuple[str, int, Row]] = {}  # by idempotency key
        self.requests: list[tuple[str, str, Row]] = []
        self.fail_next: list[int] = []  # status codes of the next responses, which fail
        self.drop_next = 0  # how many requests are carried out but not answered
        self.delay = 0.0  # seconds before each response

    def __enter__(self) -> "Peer":
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    def _send(self, event: Row) -> None:
        """Send an event to the site's webhook, if it has one; retry as Stripe does."""
        if self.webhook:
            threading.Thread(target=self._deliver, args=(event,), daemon=True).start()

    def _deliver(self, event: Row) -> None:
        for wait in (0, 1, 5):
            time.sleep(wait)
            payload, headers = self.packed(event)
            request = urllib.request.Request(self.webhook, payload, headers)
            try:
                with urllib.request.urlopen(request, timeout=20):  # nosec B310 - our own site
                    return
            except (urllib.error.URLError, OSError):
                continue

    def packed(self, event: Row, *, at: float | None = None) -> tuple[bytes, dict[str, str]]:
        """Return the body and the headers, with the signature, of an event's webhook request."""
        payload = json.dumps(event).encode()
        sign = signature(payload, self.secret, at)
        return payload, {"Content-Type": "application/json", "Stripe-Signature": sign}


class Handler(BaseHTTPRequestHandler):
    """Serves Stripe's API, the page on which to pay, and receipts."""

    server: Peer

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/v1/"):
            self._api("GET", url.path[3:], url.query)
        elif url.path.startswith("/pay/"):
            self._html(_page(self.server.account.session(url.path[5:])))
        else:
            self._html("<h1>Receipt</h1><p>Nothing was paid: this is a stand-in for Stripe.</p>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self._api("POST", path[3:], body)
        else:
            self._redirect(self._act(path[5:], dict(parse_qsl(body)).get("act", "")))

    def _act(self, session_id: str, act: str) -> str:
        account = self.server.account
        session = account.session(session_id)
        with account.lock:
            if act == "cancel" or session["status"] != "open":
                return str(session["cancel_url"])
            account.pay(session_id, delayed=act in ("bank", "bank-fails"))
        if act.startswith("bank"):
            later = (session_id, act == "bank")
            threading.Timer(5, lambda: account.decide(later[0], arrives=later[1])).start()
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session_id)

    def _api(self, method: str, path: str, query: str) -> None:
        status, answer = self._answer(method, path, query)
        time.sleep(self.server.delay)
        if self.server.drop_next:
            self.server.drop_next -= 1
            self.close_connection = True
            self.connection.close()
            return
        self._write(status, "application/json", json.dumps(answer).encode())

    def _answer(self, method: str, path: str, query: str) -> tuple[int, Row]:
        if self.server.fail_next:
            status = self.server.fail_next.pop(0)
            return status, _error("The stand-in was told to fail.", "api_error", "")
        if self.headers.get("Authorization") != f"Bearer {self.server.key}":
            given = self.headers.get("Authorization", "")[7:]
            return 401, _error(f"Invalid API Key provided: {given}", "invalid_request_error", "")
        key = self.headers.get("Idempotency-Key") if method == "POST" else None
        with self.server.account.lock:
            if key and key in self.server.replies:
                before, status, answer = self.server.replies[key]
                if before != f"{path}?{query}":
                    text = "Keys for idempotent requests can only be used with the same parameters."
                    return 400, _error(text, "idempotency_error", "")
                return status, answer
            status, answer = self._do(method, path, query)
            if key and status < 500:
                self.server.replies[key] = (f"{path}?{query}", status, answer)
        return status, answer

    def _do(self, method: str, path: str, query: str) -> tuple[int, Row]:
        given = checking.decode(query)
        self.server.requests.append((method, path, given))
        for one_method, pattern, typed, act in ROUTES:
            parts = path.strip("/").split("/")
            if one_method != method or not _fits(parts, pattern):
                continue
            wrong = checking.problems(given, typed)
            if wrong:
                text = "Received unknown or wrong parameters: " + "; ".join(wrong)
                return 400, _error(text, "invalid_request_error", "parameter_unknown")
            try:
                row = act(self.server.account, parts, given)
                return 200, _expanded(self.server.account, row, given)
            except Refusal as refusal:
                error = _error(str(refusal), "invalid_request_error", refusal.code)
                return refusal.status, error
        return 404, _error(f"Unrecognized request URL ({method}: {path}).", "invalid_request", "")

    def _html(self, body: str) -> None:
        page = (
            f'<!doctype html><html lang="en"><title>Stand-in for Stripe</title><main>{body}</main>'
        )
        self._write(200, "text/html; charset=utf-8", page.encode())

    def _redirect(self, url: str) -> None:
        self.send_response(303)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _write(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Request-Id", "req_stand_in")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _error(message: str, kind: str, code: str) -> Row:
    return {"error": {"message": message, "type": kind, "code": code or None}}


def _fits(parts: list[str], pattern: str) -> bool:
    wanted = pattern.split("/")
    return len(parts) == len(wanted) and all(
        pattern in ("*", part) for pattern, part in zip(wanted, parts, strict=True)
    )


def _expanded(account: Account, row: Row, given: Row) -> Row:
    """Return a row with its payment intent and charge included, if `expand` asks for them."""
    if "payment_intent.latest_charge" not in given.get("expand", {}).values():
        return dict(row)
    intent = account.intents.get(row.get("payment_intent") or "")
    if intent is None:
        return dict(row)
    charge = account.charges.get(intent["latest_charge"])
    return row | {"payment_intent": intent | {"latest_charge": charge}}


def _listed(rows: dict[str, Row], path: str, given: Row) -> Row:
    """Return a page of rows, newest first, in the format of Stripe's lists."""
    found = list(reversed(rows.values()))
    for name in ("payment_intent", "charge"):
        if name in given:
            found = [row for row in found if row.get(name) == given[name]]
    since = given.get("created", {}).get("gte")
    found = [row for row in found if since is None or row["created"] >= int(since)]
    ids = [row["id"] for row in found]
    start = ids.index(given["starting_after"]) + 1 if "starting_after" in given else 0
    limit = int(given.get("limit", 10))
    page = found[start : start + limit]
    has_more = len(found) > start + limit
    return {"object": "list", "url": f"/v1/{path}", "has_more": has_more, "data": page}


Act = Callable[[Account, list[str], Row], Row]
ROUTES: list[tuple[str, str, Any, Act]] = [
    ("POST", "checkout/sessions", SessionCreateParams, lambda a, _p, g: a.make_session(g)),
    ("GET", "checkout/sessions/*", SessionRetrieveParams, lambda a, p, _g: a.session(p[2])),
    ("POST", "checkout/sessions/*/expire", SessionExpireParams, lambda a, p, _g: a.expire(p[2])),
    ("GET", "checkout/sessions", SessionListParams,
     lambda a, _p, g: _listed(a.sessions, "checkout/sessions", g)),
    ("POST", "refunds", RefundCreateParams, lambda a, _p, g: a.make_refund(g)),
    ("GET", "refunds", RefundListParams, lambda a, _p, g: _listed(a.refunds, "refunds", g)),
    ("GET", "disputes", DisputeListParams, lambda a, _p, g: _listed(a.disputes, "disputes", g)),
]  # fmt: skip

STYLE = "font:1.1rem system-ui;max-width:30rem;margin:3rem auto;padding:0 1rem;line-height:1.6"
BUTTONS = (
    ("pay", "Pay"),
    ("bank", "Pay by bank (arrives after five seconds)"),
    ("bank-fails", "Pay by bank (fails after five seconds)"),
    ("cancel", "Go back without paying"),
)


def _page(session: Row) -> str:
    """Return the HTML of the page on which a session is paid."""
    title = html.escape(session["title"])
    if session["status"] != "open":
        return f'<div style="{STYLE}"><h1>{title}</h1><p>This session is no longer open.</p></div>'
    amount = f"{session['amount_total']} {html.escape(session['currency'])} (smallest unit)"
    buttons = "".join(
        f'<p><button name="act" value="{act}" style="font:inherit">{text}</button></p>'
        for act, text in BUTTONS
    )
    return (
        f'<div style="{STYLE}"><h1>{title}</h1>'
        "<p>This is a stand-in for Stripe: no money moves.</p>"
        f"<p>{amount}, {html.escape(session['customer_email'] or '')}</p>"
        f'<form method="post">{buttons}</form></div>'
    )
