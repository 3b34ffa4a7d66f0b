"""Signing up and in, by allauth's pages."""

import re

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.models import User
from conftest import PASSWORD

SIGNUP = {
    "email": "New@Example.org",
    "first_name": "Nora",
    "last_name": "New",
    "password1": PASSWORD,
    "agree": "on",
}


@pytest.fixture(autouse=True)
def forget_tries():
    cache.clear()


def link_in_mail() -> str:
    match = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert match
    return match[1]


def confirm(client, follow: bool = True):
    path = link_in_mail()
    client.get(path)
    return client.post(path, follow=follow)


@pytest.mark.django_db
def test_a_person_signs_up_confirms_and_is_in(client, settings):
    assert client.post("/accounts/signup/", SIGNUP).url == "/accounts/confirm-email/"
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("new@example.org", "Nora", "New")
    assert user.username and user.type == "user"
    assert user.policy_version == settings.BOOKBINDER_POLICY_VERSION
    assert user.policy_agreed_at is not None
    response = confirm(client)
    assert "Nora New" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("missing", ["first_name", "last_name", "agree", "email", "password1"])
def test_nothing_may_be_left_out(client, missing):
    data = {key: value for key, value in SIGNUP.items() if key != missing}
    response = client.post("/accounts/signup/", data)
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_before_the_address_is_confirmed_nobody_is_in(client):
    client.post("/accounts/signup/", SIGNUP)
    client.post("/accounts/login/", {"login": SIGNUP["email"], "password": PASSWORD})
    assert "Sign in" in client.get("/").content.decode()


@pytest.mark.django_db
def test_after_signing_up_a_person_is_led_to_the_course(client, course):
    path = course.get_absolute_url()
    client.post(f"/accounts/signup/?next={path}", SIGNUP | {"next": path})
    response = confirm(client, follow=False)
    assert response.url == path


@pytest.mark.django_db
def test_one_address_has_one_account_whatever_its_case(client):
    client.post("/accounts/signup/", SIGNUP)
    client.post("/accounts/signup/", SIGNUP | {"email": "NEW@example.ORG"})
    assert User.objects.count() == 1
    assert "already" in mail.outbox[-1].body


@pytest.mark.django_db
def test_a_password_is_reset_by_the_link(client):
    client.post("/accounts/signup/", SIGNUP)
    confirm(client)
    client.post("/accounts/logout/")
    client.post("/accounts/password/reset/", {"email": "new@example.org"})
    page = client.get(link_in_mail(), follow=True)
    path = page.redirect_chain[-1][0]
    new = "another horse battery"
    client.post(path, {"password1": new, "password2": new})
    client.post("/accounts/login/", {"login": "new@example.org", "password": new})
    assert "Nora New" in client.get("/").content.decode()


@pytest.mark.django_db
def test_a_reset_does_not_tell_whether_there_is_an_account(client):
    response = client.post(
        "/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True
    )
    assert response.status_code == 200
    assert "not assigned" not in response.content.decode()


@pytest.mark.parametrize(
    "path", ["login", "signup", "password/reset", "confirm-email", "logout", "inactive"]
)
def test_every_page_has_our_frame(client, db, path):
    response = client.get(f"/accounts/{path}/", follow=True)
    assert response.status_code == 200
    assert 'class="site-header"' in response.content.decode()


def test_the_policy_can_be_read_by_anyone(client, db):
    assert "Site policy" in client.get("/policy/").content.decode()
