"""A small OpenID Connect provider over HTTP, which checks requests and identifies a person."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest

from bookbinder.tests.support.signing_in import PERSON


class Provider(ThreadingHTTPServer):
    """The provider; `person` contains the claims about the person who signs in next."""

    daemon_threads = True

    def __init__(self, client_id: str, secret: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.client_id, self.secret = client_id, secret
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.person: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> "Provider":
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    def authorize(self, url: str) -> str:
        """Sign the person in, as a browser sent to `url` does; return the URL of the redirect."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["client_id"] == self.client_id and asked["response_type"] == "code"
        assert {"openid", "email"} <= set(asked["scope"].split())
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        """Check a request for tokens, and return them."""
        asked = self.codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert challenge == asked["code_challenge"]
        assert form["redirect_uri"] == asked["redirect_uri"]
        assert (form["client_id"], form["client_secret"]) == (self.client_id, self.secret)
        access = secrets.token_urlsafe(8)
        self.tokens[access] = self.person
        claims = {
            "iss": self.base,
            "aud": self.client_id,
            "exp": time.time() + 60,
            "iat": time.time(),
        }
        signed = jwt.encode(claims | self.person, "k" * 32, "HS256", {"kid": "1"})
        return {"access_token": access, "token_type": "Bearer", "id_token": signed}


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        base = self.server.base
        if self.path == "/.well-known/openid-configuration":
            ends = {name: f"{base}/{name}" for name in ("authorize", "token", "userinfo", "jwks")}
            self._answer({
                "issuer": base, "authorization_endpoint": ends["authorize"],
                "token_endpoint": ends["token"], "userinfo_endpoint": ends["userinfo"],
                "jwks_uri": ends["jwks"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            })  # fmt: skip
        elif self.path == "/userinfo":
            self._answer(self.server.tokens[self.headers["Authorization"].split()[1]])

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(self.server.token(dict(parse_qsl(form))))

    def _answer(self, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def uni(settings, db):
    """The provider with which people can sign in to the site."""
    with Provider("bookbinder", "a secret") as provider:
        app = {
            "provider_id": "uni", "name": "Our University", "client_id": "bookbinder",
            "secret": "a secret", "settings": {"server_url": provider.base},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
        }
        provider.person = PERSON
        yield provider
