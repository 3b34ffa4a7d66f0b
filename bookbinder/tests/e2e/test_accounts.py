"""The pages of accounts in a browser: axe on each, at both widths, and a passkey."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.urls import get_resolver, resolve, reverse
from playwright.sync_api import expect

from bookbinder.tests.e2e import axe
from bookbinder.tests.e2e.reading import sign_in
from bookbinder.tests.support.signing_in import SECRET, code
from conftest import PASSWORD, make_course, make_user
from grading.models import Invitation

pytestmark = pytest.mark.browser

ENTRANCE = (
    "login/", "signup/", "password/reset/", "password/reset/done/", "password/reset/key/x-y/",
    "password/reset/key/done/", "confirm-email/", "confirm-email/wrong/", "inactive/",
    "3rdparty/login/cancelled/", "3rdparty/login/error/", "oidc/uni/login/",
)  # fmt: skip
SIGNED_IN = (
    "email/", "password/change/", "password/set/", "logout/", "reauthenticate/", "3rdparty/", "2fa/",
    "2fa/totp/activate/", "2fa/webauthn/add/", "2fa/webauthn/", "2fa/recovery-codes/generate/",
    "", "delete/",
)  # fmt: skip
WITH_FACTOR = (
    "2fa/", "2fa/totp/deactivate/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/",
)  # fmt: skip
ELSEWHERE = {
    # Seen in the tests below, or not a page.
    "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_login_webauthn",
    "mfa_download_recovery_codes", "mfa_edit_webauthn", "mfa_remove_webauthn",
    # Switched off.
    "account_confirm_login_code",
    # Of a provider: it leads there and back.
    "openid_connect_callback",
    # Needs somebody who comes from a provider: accounts/tests/test_sign_in_providers.py.
    "socialaccount_signup",
}  # fmt: skip
SIZES = ({"width": 1280, "height": 850}, {"width": 390, "height": 800})


@pytest.fixture(autouse=True)
def providers(settings, transactional_db):
    app = {
        "provider_id": "uni", "name": "Our University", "client_id": "bookbinder", "secret": "s",
        "settings": {"server_url": "http://127.0.0.1:1"},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


@pytest.fixture
def nora():
    user = make_user("nora")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def check(page, path: str) -> None:
    """Our frame, nothing for axe, and no sideways scrolling on a phone."""
    page.goto(path)
    assert page.locator("header.site-header").count() == 1, path
    for size in SIZES:
        page.set_viewport_size(size)
        assert axe.faults(page) == [], (path, size)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_before_signing_in(visit, scheme):
    page = visit(color_scheme=scheme)
    for path in ENTRANCE:
        check(page, f"/accounts/{path}")
    page.goto("/accounts/signup/")
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    assert page.locator(".errorlist").count() >= 4
    assert axe.faults(page) == []


def test_axe_finds_nothing_on_the_pages_of_an_account(visit, nora):
    page = visit()
    sign_in(page, nora.email)
    page.goto("/accounts/reauthenticate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    for path in SIGNED_IN:
        check(page, f"/accounts/{path}")
    page.goto("/accounts/delete/")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account will be deleted on")).to_be_visible()
    check(page, "/accounts/")
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_text("Your account is kept.")).to_be_visible()


def test_axe_finds_nothing_on_the_pages_of_a_second_factor(visit, nora):
    TOTP.activate(nora, SECRET)
    RecoveryCodes.activate(nora)
    page = visit()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(nora.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    check(page, "/accounts/2fa/authenticate/")
    page.get_by_label("Code").fill(code())
    page.get_by_role("main").get_by_role("button", name="Sign In", exact=True).first.click()
    expect(page.get_by_role("link", name="Nora Tester")).to_be_visible()
    check(page, "/accounts/2fa/reauthenticate/")
    page.goto("/accounts/reauthenticate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    for path in WITH_FACTOR:
        check(page, f"/accounts/{path}")


def test_every_page_of_allauth_is_looked_at():
    seen = {resolve(f"/accounts/{path}").url_name for path in (*ENTRANCE, *SIGNED_IN, *WITH_FACTOR)}
    names = {pattern.name for pattern in flat(get_resolver("allauth.urls")) if pattern.name}
    assert names - seen == ELSEWHERE


def flat(resolver):
    for pattern in resolver.url_patterns:
        yield from flat(pattern) if hasattr(pattern, "url_patterns") else [pattern]


def test_axe_finds_nothing_on_the_pages_of_signing_in(visit, nora, settings):
    settings.BOOKBINDER_POLICY_VERSION = "2"
    page = visit()
    sign_in(page, nora.email)
    check(page, "/accounts/policy/")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("link", name="Nora Tester")).to_be_visible()
    assert axe.faults(page) == []


def test_axe_finds_nothing_on_the_ways_into_a_course(visit, nora, book):
    free, paid = make_course(book), make_course(book, "Paid", price=100)
    Invitation.objects.create(course=free, email=nora.email)
    page = visit()
    sign_in(page, nora.email)
    for path in ("/", "/policy/", f"/join/{paid.join_code}/", f"/billing/buy/{paid.pk}/"):
        check(page, path)


def test_a_passkey_is_added_and_signs_in_without_a_password(visit, nora, live_server):
    page = visit()
    control = page.context.new_cdp_session(page)
    control.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    control.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, nora.email)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/**")
    assert axe.faults(page) == []
    assert Authenticator.objects.filter(user=nora, type="webauthn").count() == 1
    check(page, reverse("mfa_reauthenticate_webauthn"))
    check(page, "/accounts/2fa/webauthn/")
    for name in ("Edit", "Remove"):
        page.goto("/accounts/2fa/webauthn/")
        page.get_by_role("link", name=name).click()
        assert axe.faults(page) == []
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button").click()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Nora Tester")).to_be_visible()
