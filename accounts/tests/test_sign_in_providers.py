"""Signing in with an account of elsewhere, over HTTP with a provider of our own."""

import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail

from accounts.models import User
from bookbinder.tests.support.signing_in import PERSON, go, is_in, sign_up
from conftest import make_user

CALLBACK = "/accounts/oidc/uni/login/callback/"


def test_a_get_of_the_button_signs_nobody_in(client, uni):
    page = client.get("/accounts/oidc/uni/login/?process=login")
    assert page.status_code == 200 and "<button" in page.content.decode()


def test_with_a_trusted_provider_a_new_person_agrees_and_is_in(client, uni, settings):
    settings.BOOKBINDER_TRUSTED_PROVIDERS = ["uni"]
    assert go(client, uni).url == "/accounts/3rdparty/signup/"
    form = client.get("/accounts/3rdparty/signup/").content.decode()
    assert 'value="Nora"' in form and "I agree to the site policy" in form
    assert sign_up(client, agree="").status_code == 200
    assert not User.objects.exists()
    sign_up(client)
    user = User.objects.get()
    assert (user.email, user.first_name, user.policy_version) == (
        "nora@uni.example",
        "Nora",
        settings.BOOKBINDER_POLICY_VERSION,
    )
    assert is_in(client) and not user.has_usable_password()
    client.post("/accounts/logout/")
    go(client, uni)
    assert is_in(client)


def test_what_an_untrusted_provider_says_of_an_address_is_confirmed_by_us(client, uni):
    go(client, uni)
    sign_up(client)
    assert not is_in(client)
    link = re.search(r"http://testserver(\S+confirm-email\S+)", str(mail.outbox[-1].body))
    assert link
    client.post(link[1])
    client.post("/accounts/logout/")
    go(client, uni)
    assert is_in(client)


def test_a_trusted_provider_opens_the_account_of_its_address(client, uni, settings):
    settings.BOOKBINDER_TRUSTED_PROVIDERS = ["uni"]
    user = User.objects.create_user(
        "nora@uni.example", "x", first_name="N", last_name="N", policy_version="1"
    )
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    go(client, uni)
    assert is_in(client)
    assert SocialAccount.objects.get().user == user


def test_an_untrusted_provider_opens_nobodys_account_and_tells_nothing(client, uni):
    user = make_user("sam")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    uni.person = PERSON | {"email": user.email}
    go(client, uni)
    with_account = sign_up(client, email=user.email)
    assert not is_in(client)
    assert not SocialAccount.objects.filter(user=user).exists()
    assert "already" in mail.outbox[-1].body
    uni.person = PERSON
    client.logout()
    go(client, uni)
    assert sign_up(client).url == with_account.url


def test_who_has_not_agreed_is_asked_here_too(client, uni, settings):
    settings.BOOKBINDER_TRUSTED_PROVIDERS = ["uni"]
    user = User.objects.create_user(
        "nora@uni.example", "x", first_name="N", last_name="N", policy_version="0"
    )
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    assert go(client, uni).url == "/accounts/policy/"
    assert not is_in(client)
    client.post("/accounts/policy/", {"agree": "on"})
    assert is_in(client)


ODD_CLAIMS = (
    {"email": 5}, {"email": ["a"]}, {"email": None}, {"email": "x\0@e.org"}, {"sub": 5}, {"sub": None},
    {"sub": "x" * 300}, {"given_name": 3}, {"given_name": "n" * 300}, {"given_name": "a\0b"},
    {"email_verified": "false"},
)  # fmt: skip


@pytest.mark.parametrize("claims", ODD_CLAIMS)
def test_odd_claims_are_no_error_of_ours(client, uni, claims):
    uni.person = PERSON | claims
    assert go(client, uni).status_code in (302, 401)
    assert client.get("/accounts/3rdparty/signup/").status_code in (200, 302)
    assert sign_up(client).status_code in (200, 302)


def test_a_forged_return_signs_nobody_in(client, uni):
    page = client.get(CALLBACK, {"code": "x", "state": "y"})
    assert page.status_code == 401 and not is_in(client)
    assert client.get("/accounts/oidc/another/login/").status_code == 404


def test_providers_come_from_the_environment():
    import environ

    from accounts import sign_in_providers

    assert sign_in_providers.configured(environ.Env()) == {}
    env = environ.Env()
    env.ENVIRON = {
        "GOOGLE_CLIENT_ID": "g", "GOOGLE_SECRET": "s", "MICROSOFT_CLIENT_ID": "m",
        "OIDC_PROVIDERS": "uni,lab-2", "OIDC_UNI_URL": "https://uni.example",
        "OIDC_UNI_CLIENT_ID": "u", "OIDC_UNI_SECRET": "t", "OIDC_UNI_NAME": "Uni",
        "OIDC_LAB_2_URL": "https://lab.example", "OIDC_LAB_2_CLIENT_ID": "l", "OIDC_LAB_2_SECRET": "k",
    }  # fmt: skip
    found = sign_in_providers.configured(env)
    assert list(found) == ["google", "microsoft", "openid_connect"]
    uni, lab = found["openid_connect"]["APPS"]
    assert (uni["name"], uni["client_id"]) == ("Uni", "u")
    assert lab["settings"]["server_url"] == "https://lab.example"
