"""Signing up and in as people do it, by forms."""

from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)

from conftest import PASSWORD

SIGNUP = {
    "email": "New@Example.org",
    "first_name": "Nora",
    "last_name": "New",
    "password1": PASSWORD,
    "agree": "on",
}


SECRET = "JBSWY3DPEHPK3PXP"


def code() -> str:
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


PERSON = {
    "sub": "4711",
    "email": "nora@uni.example",
    "email_verified": True,
    "given_name": "Nora",
    "family_name": "New",
}


def go(client, uni, **headers):
    """From the button to where the person is led after the provider."""
    assert "Our University" in client.get("/accounts/login/").content.decode()
    away = client.post("/accounts/oidc/uni/login/?process=login")
    assert away.url.startswith(f"{uni.base}/authorize?")
    back = uni.authorize(away.url)
    return client.get(back.removeprefix("http://testserver"))


def sign_up(client, **over):
    data = {"email": "nora@uni.example", "first_name": "Nora", "last_name": "New", "agree": "on"}
    return client.post("/accounts/3rdparty/signup/", data | over)


def is_in(client) -> bool:
    return "Sign out" in client.get("/").content.decode()
