"""Signing up and in, by allauth's pages."""

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context as allauth_context
from django.contrib.sites.shortcuts import get_current_site
from django.core import mail
from django.test import Client

from accounts import mail as mail_of_ours
from accounts.models import User
from bookbinder.tests.support.builds import ROOT
from bookbinder.tests.support.signing_in import SIGNUP
from books.models import Book
from conftest import PASSWORD
from grading.models import Course


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


def sign_up(client) -> User:
    client.post("/accounts/signup/", SIGNUP)
    confirm(client)
    client.post("/accounts/logout/")
    sign_in(client)
    client.get("/")  # reads what the pages before had to say
    return User.objects.get(email="new@example.org")


def prove(client) -> None:
    """Give the password again, as pages that change the account ask for."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def is_in(client) -> bool:
    return "Sign out" in client.get("/").content.decode()


def sign_in(client, email="new@example.org", password=PASSWORD):
    return client.post("/accounts/login/", {"login": email, "password": password})


@pytest.mark.django_db
def test_a_changed_policy_is_asked_at_the_next_sign_in(client, settings):
    sign_up(client)
    client.post("/accounts/logout/")
    settings.BOOKBINDER_POLICY_VERSION = "2"
    assert sign_in(client).url == "/accounts/policy/"
    assert "I agree to the site policy" in client.get("/accounts/policy/").content.decode()
    assert "you must agree" in client.post("/accounts/policy/").content.decode()
    assert not is_in(client)
    client.post("/accounts/policy/", {"agree": "on"})
    assert is_in(client)
    assert User.objects.get().policy_version == "2"
    client.post("/accounts/logout/")
    sign_in(client)
    assert is_in(client)


@pytest.mark.django_db
def test_the_step_of_the_policy_is_no_way_in(client, eve):
    assert client.get("/accounts/policy/").url == "/accounts/login/"
    assert client.post("/accounts/policy/", {"agree": "on"}).url == "/accounts/login/"
    assert not is_in(client)


@pytest.mark.django_db
def test_an_address_is_changed_once_the_new_one_is_confirmed(client):
    user = sign_up(client)
    change = {"email": "nora@example.com", "action_add": ""}
    assert "reauthenticate" in client.post("/accounts/email/", change).url
    prove(client)
    client.post("/accounts/email/", change)
    user.refresh_from_db()
    assert user.email == "new@example.org"
    confirm(client)
    user.refresh_from_db()
    assert user.email == "nora@example.com"
    assert [one.email for one in user.emailaddress_set.all()] == ["nora@example.com"]
    told = next(letter for letter in mail.outbox if "changed" in letter.body)
    assert told.to == ["new@example.org"]
    client.post("/accounts/logout/")
    sign_in(client)
    assert not is_in(client)
    sign_in(client, "nora@example.com")
    assert is_in(client)


@pytest.mark.django_db
def test_a_change_to_an_address_that_has_an_account_tells_nothing(client, eve):
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    user = sign_up(client)
    prove(client)
    pages = {}
    for email in (eve.email, "free@example.org"):
        page = client.post("/accounts/email/", {"email": email, "action_add": ""}, follow=True)
        pages[email] = re.sub(r'value="[^"]{30,}"', "", page.content.decode()).replace(email, "X")
        client.post("/accounts/email/", {"email": email, "action_remove": ""})
        client.get("/")
    assert pages[eve.email] == pages["free@example.org"]
    user.refresh_from_db(), eve.refresh_from_db()
    assert (user.email, eve.email) == ("new@example.org", "eve@example.org")


@pytest.mark.django_db
def test_no_page_tells_whether_an_address_has_an_account(client, eve):
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    tries = {
        "/accounts/signup/": lambda email: SIGNUP | {"email": email},
        "/accounts/login/": lambda email: {"login": email, "password": "wrong password"},
        "/accounts/password/reset/": lambda email: {"email": email},
    }
    for path, data in tries.items():
        seen = []
        for email in (eve.email, "nobody@example.org"):
            client.logout()
            response = client.post(path, data(email), follow=True)
            text = re.sub(r'value="[^"]{30,}"', "", response.content.decode()).replace(email, "X")
            seen.append((response.status_code, response.redirect_chain, text))
        assert seen[0] == seen[1], path


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["change", "reset"])
def test_sessions_end_everywhere_when_the_password_changes(client, way):
    user = sign_up(client)
    other = Client()
    sign_in(other)
    assert is_in(other)
    new = "another horse battery"
    if way == "change":
        data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        client.post("/accounts/password/change/", data)
        assert is_in(client)
    else:
        client.post("/accounts/logout/")
        client.post("/accounts/password/reset/", {"email": user.email})
        path = client.get(link_in_mail(), follow=True).redirect_chain[-1][0]
        client.post(path, {"password1": new, "password2": new})
    assert not is_in(other)


@pytest.mark.django_db
def test_an_admin_confirms_an_address_by_hand(client, as_user, root, eve):
    sign_in(client, eve.email)
    assert not is_in(client)
    admin = as_user(root)
    action = {"action": "confirm_addresses", "_selected_action": [eve.pk]}
    admin.post("/admin/accounts/user/", action)
    visitor = Client()
    sign_in(visitor, eve.email)
    assert is_in(visitor)


@pytest.mark.django_db
def test_an_address_that_an_admin_corrects_is_the_one_to_sign_in_with(as_user, root, eve):
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    data = {"email": "eva@example.org", "username": eve.username, "first_name": "Eva",
            "last_name": "Tester", "type": "user", "is_active": "on"}  # fmt: skip
    as_user(root).post(f"/admin/accounts/user/{eve.pk}/change/", data)
    assert [(one.email, one.verified) for one in eve.emailaddress_set.all()] == [
        ("eva@example.org", True)
    ]
    visitor = Client()
    sign_in(visitor, "eva@example.org")
    assert is_in(visitor)


@pytest.mark.django_db
def test_a_lecture_hall_behind_one_address_signs_up_and_in(client):
    for number in range(300):
        response = Client().post("/accounts/signup/", SIGNUP | {"email": f"s{number}@example.org"})
        assert response.status_code == 302, number
    assert User.objects.count() == 300


@pytest.mark.django_db
def test_one_account_is_not_tried_for_ever(client, eve):
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    for _try in range(11):
        page = sign_in(client, eve.email, "wrong password")
    assert "Too many" in page.content.decode()
    assert not is_in(client)


@pytest.mark.django_db
@pytest.mark.parametrize(("proxies", "counted"), [(0, "127.0.0.1"), (1, "9.9.9.9")])
def test_a_forged_header_is_not_the_clients_address(rf, settings, proxies, counted):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9"})
    assert get_adapter().get_client_ip(request) == counted


def test_tries_are_counted_in_the_database_by_default():
    source = (ROOT / "bookbinder/settings.py").read_text()
    assert 'env.cache_url("CACHE_URL", default="dbcache://bookbinder_cache")' in source


@pytest.mark.django_db
def test_every_letter_of_allauth_has_our_frame_as_text_and_html(rf, eve):
    names = sorted(
        str(path.relative_to(folder)).removesuffix("_message.txt")
        for folder in (Path(allauth.__file__).parent / "templates",)
        for path in folder.rglob("email/*_message.txt")
        if path.name != "base_message.txt"
    )
    assert len(names) > 15
    request = rf.get("/")
    with allauth_context.request_context(request):
        for name in names:
            context = {"user": eve, "current_site": get_current_site(request), "code": "1"}
            message = get_adapter().render_mail(name, "a@example.org", context)
            assert "automatic message of the course site testserver" in message.body, name
            ((html, kind),) = message.alternatives
            assert kind == "text/html" and "<h1" in html and message.subject
            assert "\n" not in message.subject


def test_a_letter_escapes_what_people_wrote():
    letter = mail_of_ours.compose(
        "email/paid.txt", "a@example.org",
        {"course": Course(pk=1, name="<b>x</b>\nBcc: eve@example.org", book=Book(title="B", project="p", url="p")),
         "amount": "1"},
    )  # fmt: skip
    assert "\n" not in letter.subject and "<b>x" not in letter.alternatives[0][0]
    assert "Bcc" not in letter.message()


@pytest.mark.parametrize(
    "path", ["login", "signup", "password/reset", "confirm-email", "logout", "inactive"]
)
def test_every_page_has_our_frame(client, db, path):
    response = client.get(f"/accounts/{path}/", follow=True)
    assert response.status_code == 200
    assert 'class="site-header"' in response.content.decode()


def test_an_operator_has_a_policy_of_their_own(client, db, data_dir, settings):
    own = data_dir / "templates/accounts/_policy.html"
    own.parent.mkdir(parents=True)
    own.write_text("<p>Our own rules.</p>")
    folders = [data_dir / "templates", ROOT / "templates"]
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": folders}]
    assert "Our own rules." in client.get("/policy/").content.decode()


def test_the_policy_can_be_read_by_anyone(client, db):
    assert "Site policy" in client.get("/policy/").content.decode()
