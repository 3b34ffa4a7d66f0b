"""1,000 notes drawn on a page of 300 kB in Chromium, beside the index of its text alone."""

import re
from itertools import accumulate
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from benchmarks import prose
from benchmarks.figures import RUNS, Bound, Figure
from bookbinder.tests.e2e import chromium

NOTES = 1_000
SIZE = 300_000
STATIC = Path(__file__).resolve().parent.parent / "annotations/static/annotations"
SITE = "http://book.test"
STYLE = "".join(f"::highlight(bookbinder-{kind}) {{ background: #ff08 }}" for kind in ("mine",))
NAME = re.compile(r"&quot;([^&<>\s]+)&quot;")
CODE = r'<code class="docutils literal notranslate"><span class="pre">\1</span></code>'

# Painted: the frame after has begun when a message sent from the frame arrives.
MEASURE = """
async (count) => {
  const { buildText, rangeOf } = await import("/text.js");
  const { draw } = await import("/highlight.js");
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  }));
  const length = buildText().text.length;
  const places = Array.from({ length: count }, (_, at) => {
    const start = Math.floor((at / count) * (length - 200));
    return [start, start + 3 + ((at * 37) % 150)];
  });
  draw({});
  await painted();
  const start = performance.now();
  buildText();
  const indexed = performance.now() - start;
  await painted();
  const again = performance.now();
  const index = buildText();
  const ranges = places.map(([from, to]) => rangeOf(index, from, to));
  draw({ mine: ranges });
  const drawn = performance.now() - again;
  await painted();
  const size = CSS.highlights.get("bookbinder-mine").size;
  return { indexed, drawn, painted: performance.now() - again, size, nodes: index.nodes.length };
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


def runs(page: Page) -> list[dict[str, Any]]:
    found = []
    for _ in range(RUNS):
        # Each run on a fresh page: nothing laid out or compiled is left over.
        page.goto(f"{SITE}/")
        found.append(page.evaluate(MEASURE, NOTES))
    return found


def measure() -> list[Figure | Bound]:
    html = page_of(SIZE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.route("**/*", lambda route: serve(route, html))
        found = runs(page)
        browser.close()
    assert all(one["size"] == NOTES for one in found)
    indexed, drawn, painted = (min(one[key] for one in found) for key in ("indexed", "drawn", "painted"))
    name = f"{NOTES:,} notes on a page of {len(html) // 1000} kB, in Chromium"
    note = f"{found[0]['nodes']:,} pieces of text"
    return [
        Figure(name, drawn / 1000, "the index of its text alone", indexed / 1000, 2, note),
        Bound(f"{name}, until painted", painted, "ms", 100),
    ]
