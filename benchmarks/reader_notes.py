"""1,000 notes drawn on a page of 300 kB in Chromium, beside the index of its text alone."""

import re
from itertools import accumulate
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from annotations.anchoring import canonical_text
from benchmarks import prose
from benchmarks.figures import RUNS, Bound, Figure
from bookbinder.tests.e2e import chromium

NOTES = 1_000
LONGEST = 150
SIZE = 300_000
STATIC = Path(__file__).resolve().parent.parent / "annotations/static/annotations"
SITE = "http://book.test"
STYLE = "::highlight(bookbinder-mine) { background: #ff08 }"
NAME = re.compile(r"&quot;([^&<>\s]+)&quot;")
CODE = r'<code class="docutils literal notranslate"><span class="pre">\1</span></code>'

# Painted: the frame after has begun when a message sent from the frame arrives.
MEASURE = """
async (places) => {
  const { buildText, rangeOf } = await import("/text.js");
  const { draw } = await import("/highlight.js");
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  }));
  await painted();
  const start = performance.now();
  const index = buildText();
  if (places.length) draw({ mine: places.map(([from, to]) => rangeOf(index, from, to)) });
  const done = performance.now();
  await painted();
  const drawn = CSS.highlights.get("bookbinder-mine")?.size ?? 0;
  const pieces = index.nodes.length;
  return { done: done - start, painted: performance.now() - start, drawn, pieces };
}
"""


def page_of(size: int) -> str:
    """Return one page of about this size, marked up as Sphinx does a book about Python."""
    pages = [NAME.sub(CODE, html) for html in prose.manual(40_000).values()]
    enough = next(n for n, total in enumerate(accumulate(map(len, pages)), 1) if total >= size)
    body = "".join(re.sub(r"</?(html|body|main)>", "", html) for html in pages[:enough])[:size]
    head = f'<meta charset="utf-8"><style>{STYLE}</style>'
    return f"<!doctype html><html><head>{head}</head><body><main>{body}</main></body></html>"


def serve(route: Route, html: str) -> None:
    name = route.request.url.removeprefix(SITE).lstrip("/")
    if name.endswith(".js"):
        text = (STATIC / name).read_text(encoding="utf-8")
        route.fulfill(body=text, content_type="text/javascript")
    else:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")


def run(page: Page, places: list[tuple[int, int]]) -> dict[str, Any]:
    """Return the milliseconds on a page just opened, as for a reader: nothing is compiled yet."""
    page.goto(f"{SITE}/")
    found = page.evaluate(MEASURE, places)
    assert found["drawn"] == len(places)
    return found


def places_in(html: str) -> list[tuple[int, int]]:
    length = len(canonical_text(html)) - LONGEST
    starts = [at * length // NOTES for at in range(NOTES)]
    return [(start, start + 3 + at * 37 % (LONGEST - 3)) for at, start in enumerate(starts)]


def measure() -> list[Figure | Bound]:
    chromium.ensure()
    html = page_of(SIZE)
    places = places_in(html)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.route("**/*", lambda route: serve(route, html))
        found = [(run(page, places), run(page, [])) for _ in range(2 * RUNS)]
        browser.close()
    ours, floor = (min(one[which]["done"] for one in found) for which in (0, 1))
    painted = min(one["painted"] for one, _ in found)
    name = f"{NOTES:,} notes on a page of {len(html) // 1000} kB, in Chromium"
    note = f"{found[0][0]['pieces']:,} pieces of text"
    return [
        Figure(name, ours / 1000, "the index of its text alone", floor / 1000, 2, note),
        Bound(f"{name}, until painted", painted, "ms", 100),
    ]
