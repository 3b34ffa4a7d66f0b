"""The browser's side of anchoring: the same text and offsets as the server's, and drawing."""

import re
from pathlib import Path

import pytest

from annotations.anchoring import canonical_text
from bookbinder.tests.support.passages import ODD_PAGE, ODD_TEXT

pytestmark = pytest.mark.browser
STATIC = Path(__file__).resolve().parents[3] / "annotations/static/annotations"
SITE = "http://book.test"


@pytest.fixture
def opened(browser):
    """Return a function that opens HTML as a page of a site with our two modules."""
    context = browser.new_context()

    def open_page(html: str):
        def answer(route):
            name = route.request.url.removeprefix(SITE).lstrip("/")
            if name in ("text.js", "highlight.js"):
                code = (STATIC / name).read_text(encoding="utf-8")
                route.fulfill(body=code, content_type="text/javascript")
            elif name:
                route.abort()
            else:
                route.fulfill(body=html, content_type="text/html; charset=utf-8")

        context.route("**/*", answer)
        page = context.new_page()
        page.goto(SITE)
        page.evaluate(
            'Promise.all([import("/text.js"), import("/highlight.js")])'
            ".then(([text, highlight]) => Object.assign(window, text, highlight))"
        )
        return page

    yield open_page
    context.close()


def test_the_browser_and_the_server_read_the_same_text(opened):
    assert opened(ODD_PAGE).evaluate("buildText().text") == ODD_TEXT


@pytest.mark.sphinx
def test_the_same_is_true_of_every_page_of_a_book(opened, built):
    pages = sorted(built.glob("*.html"))
    assert len(pages) > 2
    for path in pages:
        html = path.read_text(encoding="utf-8")
        assert opened(html).evaluate("buildText().text") == canonical_text(html), path


def test_offsets_become_a_range_and_come_back(opened):
    pairs = [
        (start, end)
        for start in range(0, len(ODD_TEXT), 3)
        for end in range(start + 1, len(ODD_TEXT) + 1, 7)
        if ODD_TEXT[start] != " " and ODD_TEXT[end - 1] != " "
    ]
    found = opened(ODD_PAGE).evaluate(
        """(pairs) => {
          const index = buildText();
          return pairs.map(([start, end]) => {
            const range = rangeOf(index, start, end);
            return [offsetsOf(index, range), textBetween(index, start, end)];
          });
        }""",
        pairs,
    )
    for (start, end), (offsets, words) in zip(pairs, found, strict=True):
        assert offsets == {"start": start, "end": end}
        assert words == ODD_TEXT[start:end]


@pytest.mark.parametrize(
    "words", ["😀 num", "🎉🎉 def odd(): return", "Some {text}, with a n", "𝒳 l"]
)
def test_a_range_holds_the_words_of_its_offsets(opened, words):
    start = ODD_TEXT.index(words)
    text = opened(ODD_PAGE).evaluate(
        "([start, end]) => rangeOf(buildText(), start, end).toString()",
        [start, start + len(words)],
    )
    text = re.sub(r"\s+", " ", text.replace("¶", "").replace("Copy", ""))
    assert text == words


def test_offsets_beyond_the_text_have_no_range(opened):
    page, length = opened(ODD_PAGE), len(ODD_TEXT)
    for pair in [(0, length + 1), (-1, 3), (5, 5), (7, 3), (None, None)]:
        assert page.evaluate("([a, b]) => rangeOf(buildText(), a, b)", pair) is None
    assert page.evaluate("([a, b]) => rangeOf(buildText(), a, b) !== null", [0, length])


SELECT = """([from, fromAt, to, toAt]) => {
  const range = document.createRange();
  const node = (path) => path.startsWith("#text ")
    ? document.querySelector(path.slice(6)).firstChild : document.querySelector(path);
  range.setStart(node(from), fromAt);
  range.setEnd(node(to), toAt);
  return offsetsOf(buildText(), range);
}"""


def selected(page, *ends) -> str | None:
    found = page.evaluate(SELECT, ends)
    return found and ODD_TEXT[found["start"] : found["end"]]


def test_a_selection_of_anything_is_what_of_it_is_in_the_text(opened):
    page = opened(ODD_PAGE)
    assert selected(page, "h1", 0, "h1", 1) == "Odd 😀 numbers"
    assert selected(page, "#text h1", 4, "#text h1", 6) == "😀"
    assert selected(page, "body", 0, "#text h1", 3) == "Odd"
    assert selected(page, "#text .headerlink", 0, "#text em", 2) == "Some {text}, with a no"
    assert selected(page, "#text span.math", 1, "#text span.math", 4) == "\ufffc"
    assert selected(page, "pre", 1, "pre", 2) == "def"
    assert selected(page, "td", 0, "table", 1) == "abc"


def test_a_selection_outside_the_text_is_none(opened):
    page = opened(ODD_PAGE)
    assert selected(page, "nav", 0, "nav", 1) is None
    assert selected(page, "footer", 0, "footer", 1) is None
    assert selected(page, "#text aside", 0, "#text aside", 5) is None
    assert selected(page, "#text h1", 3, "#text h1", 4) is None  # a space
    assert selected(page, "#text h1", 3, "#text h1", 3) is None


def test_each_kind_of_note_is_one_highlight_and_others_are_left_alone(opened):
    page = opened(ODD_PAGE)
    found = page.evaluate(
        """() => {
          const index = buildText();
          const ranges = [rangeOf(index, 0, 3), rangeOf(index, 6, 13), null];
          CSS.highlights.set("search", new Highlight(ranges[0]));
          draw({ mine: ranges, course: [ranges[0]] });
          draw({ mine: ranges });
          return [...CSS.highlights].map(([name, one]) => [name, one.size]);
        }"""
    )
    assert sorted(found) == [["bookbinder-mine", 2], ["search", 1]]


def test_a_browser_without_highlights_draws_nothing_and_goes_on(opened):
    page = opened(ODD_PAGE)
    page.evaluate("delete window.Highlight")
    assert page.evaluate("canDraw()") is False
    assert page.evaluate("draw({ mine: [rangeOf(buildText(), 0, 3)] })") is None
    assert page.evaluate("[...CSS.highlights.keys()]") == []
