"""Signs people up and in by the forms of the site."""

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
    """Return the current TOTP code for `SECRET`."""
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


PERSON = {
    "sub": "4711",
    "email": "nora@uni.example",
    "email_verified": True,
    "given_name": "Nora",
    "family_name": "New",
}


def go(client, uni, **headers):
    """Sign in through the provider, and return the response to its redirect."""
    assert "Our University" in client.get("/accounts/login/").content.decode()
    away = client.post("/accounts/oidc/uni/login/?process=login")
    assert away.url.startswith(f"{uni.base}/authorize?")
    back = uni.authorize(away.url)
    return client.get(back.removeprefix("http://testserver"))


def sign_up(client, **over):
    """Send the form with which people sign up after signing in at the provider."""
    data = {"email": "nora@uni.example", "first_name": "Nora", "last_name": "New", "agree": "on"}
    return client.post("/accounts/3rdparty/signup/", data | over)


def is_in(client) -> bool:
    """Return whether somebody is signed in."""
    return "Sign out" in client.get("/").content.decode()
