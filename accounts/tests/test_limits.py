"""Tries are counted once each, by account or by network."""

import threading
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from accounts import limits
from accounts.models import TryCount


@pytest.fixture
def request_from(rf):
    def make(user=None, address="127.0.0.1"):
        request = rf.get("/", REMOTE_ADDR=address)
        request.user = user or AnonymousUser()
        return request

    return make


@pytest.mark.django_db(transaction=True)
def test_of_many_tries_at_once_each_is_counted(request_from, eve):
    numbers, start = [], threading.Barrier(8)

    def work():
        start.wait()
        numbers.extend(limits.count(request_from(eve), "x") for _time in range(10))
        connection.close()

    threads = [threading.Thread(target=work) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 81))


def test_a_try_is_counted_by_one_statement(request_from, eve, django_assert_num_queries):
    for number in (1, 2):
        with django_assert_num_queries(1):
            assert limits.count(request_from(eve), "x") == number
    limits.uncount(request_from(eve), "x")
    assert limits.count(request_from(eve), "x") == 2


def test_each_period_has_its_count(request_from, eve, monkeypatch):
    now = limits.time.time()
    assert [limits.count(request_from(eve), "x") for _time in range(3)] == [1, 2, 3]
    assert limits.count(request_from(eve), "y") == 1
    assert limits.count(request_from(eve), "x", seconds=limits.MINUTE) == 1
    monkeypatch.setattr(limits.time, "time", lambda: now + limits.HOUR)
    assert limits.count(request_from(eve), "x") == 1


def test_counts_of_periods_that_are_over_are_forgotten(request_from, eve, monkeypatch):
    assert limits.count(request_from(eve), "x") == 1
    two_hours_ago = limits.time.time() - 2 * limits.HOUR
    monkeypatch.setattr(limits.time, "time", lambda: two_hours_ago)
    assert limits.count(request_from(eve), "x") == 1
    assert TryCount.objects.earliest("expires_at").expires_at < datetime.now(UTC)
    assert limits.forget_expired() == 1
    assert TryCount.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_an_address_of_ipv6_counts_with_its_network(db, request_from, one, other, is_same):
    limits.count(request_from(address=one), "x")
    assert limits.count(request_from(address=other), "x") == (2 if is_same else 1)
