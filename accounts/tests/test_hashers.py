"""Passwords: how they are hashed, how many at a time, and that hashes tell nobody's account."""

import os
import sys
import threading
import time

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import hashers as django_hashers
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import hashers
from accounts.models import User
from bookbinder import settings as project
from bookbinder.tests.support.signing_in import SIGNUP
from conftest import PASSWORD, make_user

LOGIN = "/accounts/login/"


@pytest.fixture
def real_hashers(settings):
    settings.PASSWORD_HASHERS = project.PASSWORD_HASHERS


@pytest.fixture
def sam(db):
    sam = make_user("sam")
    EmailAddress.objects.create(user=sam, email=sam.email, verified=True, primary=True)
    return sam


def sign_in(client, email="sam@example.org", password=PASSWORD):
    return client.post(LOGIN, {"login": email, "password": password})


def test_passwords_are_hashed_by_argon2id(real_hashers, sam):
    sam.set_password(PASSWORD)
    assert sam.password.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert sam.check_password(PASSWORD)
    assert not sam.check_password("wrong")


def test_an_old_hash_is_renewed_at_sign_in(real_hashers, client, sam):
    old = django_hashers.PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1000)
    User.objects.update(password=old)
    assert sign_in(client, password="wrong").status_code == 200
    assert User.objects.get().password == old
    assert sign_in(client).status_code == 302
    assert User.objects.get().password.startswith("argon2$argon2id$")
    assert sign_in(Client()).status_code == 302


@pytest.mark.parametrize(
    ("hasher", "method"),
    [
        (hashers.Argon2Hasher, "encode"),
        (hashers.Argon2Hasher, "verify"),
        (hashers.PBKDF2Hasher, "encode"),
    ],
)
def test_two_hashes_are_computed_at_a_time(monkeypatch, hasher, method):
    now, most = [], []
    parent = hasher.__bases__[0]
    lock = threading.Lock()

    def compute(self, *args):
        with lock:
            now.append(1)
            most.append(len(now))
        time.sleep(0.02)
        with lock:
            now.pop()
        return "hash"

    monkeypatch.setattr(parent, method, compute)
    work = getattr(hasher(), method)
    threads = [threading.Thread(target=work, args=("password", "salt")) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 8
    assert max(most) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
def test_hashes_give_way_to_other_requests():
    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert hashers._workers.submit(niceness).result() == niceness() + hashers.NICENESS


@pytest.mark.parametrize("path", [LOGIN, "/accounts/signup/"])
def test_who_waits_too_long_is_told_when_to_try_again(real_hashers, client, sam, monkeypatch, path):
    is_over = threading.Event()
    others = [hashers._workers.submit(is_over.wait) for _n in range(hashers.AT_ONCE)]
    data = SIGNUP | {"login": sam.email, "password": PASSWORD}
    with monkeypatch.context() as patched:
        patched.setattr(hashers, "PATIENCE", 0.01)
        refused = client.post(path, data)
    is_over.set()
    assert all(other.result() for other in others)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "0.01"
    assert "Too many attempts." in refused.content.decode()
    assert User.objects.count() == 1
    assert client.post(path, data).status_code == 302


class Work:
    """What a request costs: the status of its response, its hashes, queries and e-mails."""

    def __init__(self, monkeypatch) -> None:
        self.hashes = 0
        original = django_hashers.MD5PasswordHasher.encode

        def encode(hasher, *args):
            self.hashes += 1
            return original(hasher, *args)

        monkeypatch.setattr(django_hashers.MD5PasswordHasher, "encode", encode)

    def of(self, client, path, data):
        client.get(path)
        self.hashes = 0
        mail.outbox.clear()
        with CaptureQueriesContext(connection) as queries:
            response = client.post(path, data)
        return response.status_code, self.hashes, len(mail.outbox), len(queries)


@pytest.fixture
def work(monkeypatch):
    return Work(monkeypatch)


@pytest.fixture
def vic(db):
    """Return somebody who has not confirmed the address."""
    vic = make_user("vic")
    EmailAddress.objects.create(user=vic, email=vic.email, primary=True)
    return vic


def near(one, other):
    """Whether two requests cost the same: of more than ten queries, a few cannot be measured."""
    return one[:3] == other[:3] and abs(one[3] - other[3]) <= 3


def test_signing_up_costs_the_same_with_an_address_that_has_an_account(work, sam):
    new = work.of(Client(), "/accounts/signup/", SIGNUP)
    taken = work.of(Client(), "/accounts/signup/", SIGNUP | {"email": sam.email})
    assert new[:3] == (302, 1, 1)
    assert near(new, taken), (new, taken)
    assert set(User.objects.values_list("email", flat=True)) == {sam.email, "new@example.org"}
    assert EmailAddress.objects.count() == 2


def test_signing_in_costs_the_same_without_an_account(work, sam, vic):
    of = [
        work.of(Client(), LOGIN, {"login": email, "password": "wrong"})
        for email in ("nobody@example.org", sam.email, vic.email)
    ]
    assert of[0][:3] == (200, 1, 0)
    assert all(near(of[0], one) for one in of), of


def test_who_has_not_confirmed_costs_as_much_until_the_response_is_sent(work, vic):
    """The confirmation e-mail is sent again afterwards."""
    cache.clear()
    wrong = work.of(Client(), LOGIN, {"login": vic.email, "password": "wrong"})
    client, sent_before = Client(), []
    client.handler.get_response = watched(client.handler, sent_before)
    right = work.of(client, LOGIN, {"login": vic.email, "password": PASSWORD})
    letters, queries = sent_before[-1]
    assert letters == 0
    assert right[:3] == (200, 1, 1)
    assert queries - wrong[3] <= 1


def watched(handler, found):
    """Return the handler's `get_response`, which notes e-mails and queries until its response."""
    original = handler.get_response

    def get_response(request):
        before = len(connection.queries_log)
        response = original(request)
        found.append((len(mail.outbox), len(connection.queries_log) - before))
        return response

    return get_response


def test_resetting_a_password_costs_the_same_without_an_account(work, sam, vic):
    path = "/accounts/password/reset/"
    of = [
        work.of(Client(), path, {"email": email})
        for email in ("nobody@example.org", sam.email, vic.email)
    ]
    assert of[0][:3] == (302, 0, 1)
    assert all(near(of[0], one) for one in of), of


def test_changing_the_address_costs_the_same_to_one_that_has_an_account(work, sam, vic):
    client = Client()
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    of = [
        work.of(client, "/accounts/email/", {"email": email, "action_add": ""})
        for email in ("nobody@example.org", vic.email)
    ]
    assert of[0][:3] == (302, 0, 1)
    assert near(*of), of
