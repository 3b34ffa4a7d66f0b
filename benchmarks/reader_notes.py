"""1,000 notes on a page of 300 kB in Chromium, compared with only building the text index.

`draw` builds the index, the range of each note and the highlights. `show` is what a real page does
(passages.js): it also compares the words of each note with the text, and puts a button beside each
block. "Painted" means that the next frame has begun.
"""

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
ROOT = Path(__file__).resolve().parent.parent
SITE = "http://book.test"
STYLE = '<link rel="stylesheet" href="/static/bookbinder/reader.css">'
NAME = re.compile(r"&quot;([^&<>\s]+)&quot;")
CODE = r'<code class="docutils literal notranslate"><span class="pre">\1</span></code>'

MEASURE = """
async ([notes, work]) => {
  const { buildText, rangeOf } = await import("/static/annotations/text.js");
  const { draw } = await import("/static/annotations/highlight.js");
  const { show } = await import("/static/annotations/passages.js");
  const { passageOf, start } = await import("/static/annotations/page_notes.js");
  // A message that is sent in an animation frame arrives after that frame.
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  }));
  await painted();
  start({ notes });
  const begun = performance.now();
  if (work === "show") show(() => {});
  else {
    const index = buildText();
    const range = ({ start, end }) => rangeOf(index, start, end);
    if (work === "draw") draw({ mine: notes.map((note) => range(passageOf(note))) });
  }
  const done = performance.now();
  await painted();
  const drawn = CSS.highlights.get("bookbinder-mine")?.size ?? 0;
  const buttons = document.querySelectorAll(".bookbinder-marker").length;
  return { done: done - begun, painted: performance.now() - begun, drawn, buttons };
}
"""


def page_of(size: int) -> str:
    """Return one page of about this size, marked up as Sphinx does a book about Python."""
    pages = [NAME.sub(CODE, html) for html in prose.manual(40_000).values()]
    enough = next(n for n, total in enumerate(accumulate(map(len, pages)), 1) if total >= size)
    body = "".join(re.sub(r"</?(html|body|main)>", "", html) for html in pages[:enough])[:size]
    head = f'<meta charset="utf-8">{STYLE}'
    return f"<!doctype html><html><head>{head}</head><body><main>{body}</main></body></html>"


def serve(route: Route, html: str) -> None:
    """Respond with a static file of this checkout, or else with the page."""
    name = route.request.url.removeprefix(f"{SITE}/")
    if name.startswith("static/"):
        _static, app, rest = name.split("/", 2)
        text = (ROOT / app / "static" / app / rest).read_text(encoding="utf-8")
        kind = "javascript" if rest.endswith(".js") else "css"
        route.fulfill(body=text, content_type=f"text/{kind}")
    else:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")


def run(page: Page, notes: list[Any], work: str) -> dict[str, Any]:
    """Do `work` on a page that was just opened, and return its times in milliseconds.

    As for a reader, no script has been compiled before.
    """
    page.goto(f"{SITE}/")
    found = page.evaluate(MEASURE, [notes, work])
    assert found["drawn"] == (0 if work == "index" else len(notes))
    assert bool(found["buttons"]) == (work == "show")
    return found


def notes_on(html: str) -> list[Any]:
    """Return notes all over the page, as the state call returns them."""
    text = canonical_text(html)
    length = len(text) - LONGEST
    starts = [at * length // NOTES for at in range(NOTES)]
    return [
        note(text, at, start, start + 3 + at * 37 % (LONGEST - 3))
        for at, start in enumerate(starts)
    ]


def note(text: str, number: int, start: int, end: int) -> dict[str, Any]:
    """Return a note on a passage as a W3C annotation, with the keys that the scripts use."""
    selector = [
        {"type": "TextQuoteSelector", "exact": text[start:end]},
        {"type": "TextPositionSelector", "start": start, "end": end},
    ]
    body = {"type": "TextualBody", "value": "Hm."}
    ours = {"uuid": str(number), "root": None, "mine": True, "audience": "private"}
    return {"target": {"selector": selector}, "body": body, "bookbinder": ours}


def measure() -> list[Figure | Bound]:
    chromium.ensure()
    html = page_of(SIZE)
    notes = notes_on(html)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.route("**/*", lambda route: serve(route, html))
        found = [
            {work: run(page, notes, work) for work in ("show", "draw", "index")}
            for _ in range(2 * RUNS)
        ]
        browser.close()

    def best(work: str, until: str = "done") -> float:
        return min(one[work][until] for one in found)

    name = f"{NOTES:,} notes on a page of {len(html) // 1000} kB, in Chromium"
    floor = ("the index of its text alone", best("index") / 1000)
    buttons = f"{found[0]['show']['buttons']:,} buttons beside blocks"
    return [
        Figure(f"{name}: drawn", best("draw") / 1000, *floor, 2),
        Figure(f"{name}: shown", best("show") / 1000, *floor, None, buttons),
        Bound(f"{name}: shown, until painted", best("show", "painted"), "ms", 100),
    ]
