"""A lecture hall signs in at once, and what the time of a response reveals about accounts.

The site is served by gunicorn with two workers of four threads each.
"""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles
from threading import Event

import requests
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import User
from benchmarks.figures import Bound, Figure
from benchmarks.serving import serving

PEOPLE = 500
AT_ONCE = 16
PAIRS = 20  # requests about an address with an account and one without, in turn
PASSWORD = "a long enough password"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def fill() -> None:
    """Create people with confirmed addresses and the same password."""
    password = make_password(PASSWORD)
    people = User.objects.bulk_create(
        User(email=address(n), username=f"p{n}", first_name="P", last_name="L", password=password)
        for n in range(PEOPLE)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in people
    )


def address(number: int, name: str = "person") -> str:
    return f"{name}{number}@bench.example"


def send(browser: requests.Session, url: str, **fields: str) -> requests.Response:
    """Open the page of a form and send it, as a browser does; return the response."""
    token = TOKEN.search(browser.get(url).text)
    assert token
    return browser.post(
        url, fields | {"csrfmiddlewaretoken": token[1]}, allow_redirects=False, timeout=120
    )


def sign_in(site: str, number: int) -> int:
    """Return the status of the response: 302 if the person is signed in."""
    browser = requests.Session()
    fields = {"login": address(number), "password": PASSWORD}
    return send(browser, f"{site}/accounts/login/", **fields).status_code


def bookshelf(site: str, is_over: Event) -> list[float]:
    """Return the seconds that the bookshelf takes to arrive, again and again until `is_over`."""
    browser = requests.Session()
    send(browser, f"{site}/accounts/login/", login=address(0), password=PASSWORD)
    times = []
    while not is_over.is_set():
        start = time.perf_counter()
        browser.get(f"{site}/").raise_for_status()
        times.append(time.perf_counter() - start)
        time.sleep(0.05)
    return times


def rush(site: str) -> tuple[float, list[int], list[float]]:
    """Have everybody sign in; return the seconds, the statuses, and the bookshelf's times."""
    is_over = Event()
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        watching = pool.submit(bookshelf, site, is_over)
        start = time.perf_counter()
        statuses = list(pool.map(lambda number: sign_in(site, number), range(1, PEOPLE)))
        taken = time.perf_counter() - start
        is_over.set()
        return taken, statuses, watching.result()


def time_of(work: Callable[[], requests.Response]) -> float:
    start = time.perf_counter()
    work().raise_for_status()
    return time.perf_counter() - start


def compare(name: str, url: str, fields: Callable[[str], dict[str, str]]) -> Figure:
    """Return the median time of a form for addresses with an account, beside that without one."""
    times: dict[str, list[float]] = {"person": [], "nobody": []}
    for number in range(PAIRS):
        for who, found in times.items():
            given = fields(address(number, who))
            found.append(time_of(lambda: send(requests.Session(), url, **given)))  # noqa: B023
    return Figure(
        f"{name}, an address with an account", median(times["person"]),
        "one without", median(times["nobody"]), 1.3, "medians",
    )  # fmt: skip


def measure() -> list[Figure | Bound]:
    fill()
    with serving("--workers", "2", "--threads", "4") as site:
        taken, statuses, times = rush(site)
        refused = len([status for status in statuses if status != 302])
        names = {"first_name": "N", "last_name": "N", "password1": PASSWORD, "agree": "on"}
        accounts = f"{site}/accounts"
        compared = [
            compare("signing up", f"{accounts}/signup/", lambda email: names | {"email": email}),
            compare(
                "a wrong password", f"{accounts}/login/",
                lambda email: {"login": email, "password": "wrong"},
            ),
            compare("a new password", f"{accounts}/password/reset/", lambda one: {"email": one}),
        ]  # fmt: skip
    p95 = quantiles(times, n=20)[-1] * 1000
    name = f"{PEOPLE} people sign in, {AT_ONCE} at once"
    return [
        Bound(f"{name}: until the last is in", taken, "s", 120),
        Bound(f"{name}: refused", refused, "people", 0),
        Bound(f"{name}: the bookshelf meanwhile, 95th percentile", p95, "ms", 3_000),
        *compared,
    ]
