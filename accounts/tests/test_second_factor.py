"""The second factor: asked where there is one, required of staff by a setting."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)

from bookbinder.tests.support.signing_in import SECRET, code
from conftest import PASSWORD


@pytest.fixture(autouse=True)
def half_a_minute_more(settings):
    """Accept the code of the half-minute before: one can end within a test."""
    settings.MFA_TOTP_TOLERANCE = 1


def confirmed(user):
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def sign_in(client, user):
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def is_in(client) -> bool:
    return "Sign out" in client.get("/").content.decode()


def test_with_an_app_the_password_alone_lets_nobody_in(client, eve):
    TOTP.activate(confirmed(eve), SECRET)
    assert sign_in(client, eve).url == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert is_in(client)


def test_a_recovery_code_works_once(client, eve):
    TOTP.activate(confirmed(eve), SECRET)
    one = RecoveryCodes.activate(eve).get_unused_codes()[0]
    sign_in(client, eve)
    client.post("/accounts/2fa/authenticate/", {"code": one})
    assert is_in(client)
    client.post("/accounts/logout/")
    sign_in(client, eve)
    client.post("/accounts/2fa/authenticate/", {"code": one})
    assert not is_in(client)


def test_a_person_adds_an_app_and_gets_recovery_codes(client, eve):
    confirmed(eve)
    sign_in(client, eve)
    assert "reauthenticate" in client.get("/accounts/2fa/totp/activate/").url
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    assert "data:image/svg+xml" in page.content.decode()
    counter = next(iter(yield_hotp_counters_from_time()))
    right = format_hotp_value(hotp_value(secret, counter))
    client.post("/accounts/2fa/totp/activate/", {"code": right})
    kinds = set(Authenticator.objects.filter(user=eve).values_list("type", flat=True))
    assert kinds == {"totp", "recovery_codes"}


@pytest.mark.parametrize("name", ["ines", "ada", "root"])
def test_the_setting_closes_the_admin_to_staff_without_one(as_user, request, settings, name):
    settings.BOOKBINDER_STAFF_2FA = True
    user = request.getfixturevalue(name)
    client = as_user(user)
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/2fa/"
    assert "needs a second factor" in response.content.decode()
    for path in ("/admin/grading/course/", "/admin/autocomplete/", "/admin/jsi18n/"):
        assert client.get(path).status_code == 302
    TOTP.activate(user, SECRET)
    assert client.get("/admin/").status_code == 200


def test_students_need_none(as_user, sam, page, settings):
    settings.BOOKBINDER_STAFF_2FA = True
    assert as_user(sam).get("/books/tiny/").status_code == 200


def test_without_the_setting_staff_come_in(as_user, ines):
    assert as_user(ines).get("/admin/").status_code == 200
