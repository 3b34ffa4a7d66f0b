"""Answers that wait: for the network, for the server, for their person."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from bookbinder.tests.e2e import reading
from bookbinder.tests.e2e.reading import bar, question, read, result, send, sign_in_as
from conftest import PASSWORD
from grading import limits
from grading.models import Attempt

pytestmark = [pytest.mark.browser, pytest.mark.sphinx, pytest.mark.usefixtures("published")]
WAITS = "Waiting for the network."


@pytest.fixture
def sam(published):
    return reading.make_student()


@pytest.fixture
def page(visit, sam):
    page = visit()
    sign_in_as(page, sam)
    read(page, "numbers")
    return page


def test_an_answer_waits_for_the_network_and_is_sent_once(page):
    page.context.set_offline(True)
    send(page, "why", "because", WAITS)
    expect(bar(page)).to_contain_text("1 answer waits to be sent")
    reading.check(page, "waiting")
    question(page, "why").get_by_role("button").click()
    page.context.set_offline(False)
    expect(result(page, "why")).to_contain_text("1 of 1 point")
    expect(bar(page)).not_to_contain_text("waits to be sent")
    assert Attempt.objects.count() == 1


def test_answers_above_the_limit_are_sent_when_the_minute_is_over(page, monkeypatch):
    monkeypatch.setattr(limits, "MINUTE", timedelta(seconds=4))
    monkeypatch.setattr(limits, "AT_QUESTION_A_MINUTE", 1)
    send(page, "why", "hm", "0 of 1 point")
    send(page, "why", "because", "Too many answers within a minute")
    expect(result(page, "why")).to_contain_text("1 of 1 point", timeout=10_000)
    assert [attempt.string for attempt in Attempt.objects.all()] == ["hm", "because"]


def test_a_later_answer_takes_the_place_of_one_that_waits(page):
    page.context.set_offline(True)
    send(page, "why", "hm", WAITS)
    send(page, "why", "because", WAITS)
    page.context.set_offline(False)
    expect(result(page, "why")).to_contain_text("1 of 1 point")
    assert [attempt.string for attempt in Attempt.objects.all()] == ["because"]


def test_an_answer_outlives_its_tab_and_two_tabs_send_it_once(page):
    page.context.set_offline(True)
    send(page, "why", "because", WAITS)
    page.close()
    page.context.set_offline(False)
    one, other = page.context.new_page(), page.context.new_page()
    one.goto("/books/tiny-book/cities.html", wait_until="commit")
    other.goto("/books/tiny-book/numbers.html", wait_until="commit")
    expect(result(other, "why")).to_contain_text("1 of 1 point")
    expect(bar(one)).to_contain_text("Whole book: 1 of 6 answered")
    expect(question(other, "why").get_by_label("Your answer")).to_have_value("because")
    assert Attempt.objects.count() == 1


def test_a_reply_that_is_lost_counts_once(page):
    lost = []

    def lose(route):
        lost.append(route.fetch())
        route.abort()

    page.route("**/answers", lose, times=1)
    send(page, "why", "because", "1 of 1 point")
    assert [reply.status for reply in lost] == [200]
    assert Attempt.objects.count() == 1


def test_leaving_warns_while_something_waits(page):
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    page.context.set_offline(True)
    send(page, "why", "because", WAITS)
    page.context.set_offline(False)
    page.route("**/answers", lambda route: route.abort())
    page.goto("/books/tiny-book/cities.html")
    assert warned == ["beforeunload"]


def test_a_busy_server_is_asked_again(page):
    busy = {"status": 503, "body": "no"}
    page.route("**/answers", lambda route: route.fulfill(**busy), times=1)
    send(page, "why", "because", "The server is busy.")
    expect(result(page, "why")).to_contain_text("1 of 1 point")


def sign_in_by_hand(page, email: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def test_an_ended_session_asks_to_sign_in_and_then_sends(page, sam):
    sam.emailaddress_set.create(email=sam.email, verified=True, primary=True)
    Session.objects.all().delete()
    send(page, "why", "because", "Your session has ended.")
    reading.check(page, "session-ended")
    assert not Attempt.objects.exists()
    result(page, "why").get_by_role("link", name="Sign in").click()
    sign_in_by_hand(page, sam.email)
    page.wait_for_url("**/numbers.html")
    expect(result(page, "why")).to_contain_text("1 of 1 point")
    assert Attempt.objects.get().enrollment.user == sam


def test_who_signs_in_in_another_tab_has_it_sent_from_this_one(page, sam):
    sam.emailaddress_set.create(email=sam.email, verified=True, primary=True)
    Session.objects.all().delete()
    send(page, "why", "because", "Your session has ended.")
    other = page.context.new_page()
    other.goto("/accounts/login/")
    sign_in_by_hand(other, sam.email)
    expect(other.get_by_role("link", name="Sam Tester")).to_be_visible()
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(result(page, "why")).to_contain_text("1 of 1 point")


def test_another_person_neither_sends_nor_sees_what_waits(page, sam):
    sam.emailaddress_set.create(email=sam.email, verified=True, primary=True)
    page.context.set_offline(True)
    send(page, "why", "because", WAITS)
    page.close()
    page.context.set_offline(False)
    eve = page.context.new_page()
    sign_in_as(eve, reading.make_student("eve"))
    read(eve, "numbers")
    expect(bar(eve)).not_to_contain_text("waits to be sent")
    expect(question(eve, "why").get_by_label("Your answer")).to_have_value("")
    send(eve, "adding", "4", "2 of 2 points")
    assert [one.enrollment.user.first_name for one in Attempt.objects.all()] == ["Eve"]
    sign_in_as(eve, sam)
    read(eve, "numbers")
    expect(result(eve, "why")).to_contain_text("1 of 1 point")


def test_an_old_tab_does_not_answer_for_who_has_signed_in_since(page):
    eve = reading.make_student("eve")
    eve.emailaddress_set.create(email=eve.email, verified=True, primary=True)
    other = page.context.new_page()
    other.goto("/accounts/logout/")
    other.get_by_role("main").get_by_role("button").click()
    other.goto("/accounts/login/")
    sign_in_by_hand(other, eve.email)
    expect(other.get_by_role("link", name="Eve Tester")).to_be_visible()
    send(page, "why", "because", "Somebody else has signed in here.")
    reading.check(page, "other-person")
    assert not Attempt.objects.exists()


def test_a_page_whose_state_is_late_sends_when_it_has_come(visit, sam):
    page = visit()
    sign_in_as(page, sam)
    page.route("**/api/state/**", lambda route: route.abort(), times=2)
    page.goto("/books/tiny-book/numbers.html")
    send(page, "why", "because", "No connection yet.")
    expect(result(page, "why")).to_contain_text("1 of 1 point", timeout=10_000)
