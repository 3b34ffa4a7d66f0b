"""A real browser on a real server with a real book."""

import os

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bookbinder.tests.e2e import chromium
from bookbinder.tests.support.syncing import sync

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# A book's maths come from another host, which the tests do not reach.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
# What a page's Content-Security-Policy refuses fails the test too. But Sphinx' search takes other
# pages apart for their text, and browsers tell of their handlers, which would never have run.
VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
    if (!/[/]_static[/]searchtools[.]js$/.test(event.sourceFile)) cspViolated(
        `${document.location}: ${event.violatedDirective} refused ${event.blockedURI} `
        + `(${event.sourceFile}:${event.lineNumber} ${event.sample})`);
});
"""


@pytest.fixture(scope="session")
def browser():
    # Playwright's loop runs in this thread; Django takes that for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        # Only the test at the real Stripe, which runs alone, leaves this machine.
        args = ARGUMENTS if "STRIPE_SECRET_KEY" in os.environ else [*ARGUMENTS, OFFLINE]
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=args)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(browser: Browser, live_server):
    """Return a function that opens a page as a new visitor, whose errors fail the test."""
    contexts, errors = [], []

    def open_page(**options) -> Page:
        context = browser.new_context(base_url=live_server.url, accept_downloads=True, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        context.expose_binding("cspViolated", lambda source, what: errors.append(what))
        context.add_init_script(VIOLATIONS)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def published(built, transactional_db):
    """The RST book, live."""
    assert sync(built, "--noinput")[0] == 0
