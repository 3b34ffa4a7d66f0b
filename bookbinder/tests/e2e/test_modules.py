"""The scripts that compute, module by module: in a browser, with no server and no database."""

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page, Route

from annotations.anchoring.text import canonical_text

pytestmark = pytest.mark.browser

SITE = "http://unit.test"
PAGE = f"{SITE}/books/tiny/foxes.html"
PROSE = """
<h1>Foxes</h1>
<p>The  quick\n brown <em>fox</em> jumps.</p>
<div>Over <span class="math">x^2</span> dogs 🦊🦊 and <b> </b>again<script>var no;</script></div>
<ul><li>one</li><li> two </li></ul><pre>
a  b
 c</pre><button>no</button><p>\u00a0end\ufeff of it </p>
"""


class Unit:
    """A page that imports one module, and the answers that requests of it get."""

    def __init__(self, page: Page, module: str) -> None:
        self.page = page
        self.module = module
        self.replies: list[int] = []  # statuses to come; 0 is no connection, 200 when used up
        self.sent: list[dict[str, Any]] = []

    def answer(self, route: Route) -> None:
        self.sent.append(json.loads(route.request.post_data or "{}"))
        status = self.replies.pop(0) if self.replies else 200
        if status:
            route.fulfill(status=status, json={"points": 1})
        else:
            route.abort()

    def run(self, script: str, *arguments: object) -> Any:
        """Return what a function body gives for `it`, the module, and `args`."""
        return self.page.evaluate(
            f"""async (args) => {{
                const it = await import("{SITE}/static/{self.module}");
                {script}
            }}""",
            arguments,
        )


@pytest.fixture
def unit(browser: Browser) -> Iterator[Any]:
    """Return a function that opens an empty page for a module."""
    context = browser.new_context()

    def serve(route: Route) -> None:
        name = route.request.url.removeprefix(f"{SITE}/static/")
        path = finders.find(name)
        assert path is not None, name
        body = Path(path).read_text(encoding="utf-8")
        route.fulfill(body=body, content_type="text/javascript")

    def open_unit(module: str, body: str = "") -> Unit:
        page = context.new_page()
        unit = Unit(page, module)
        html = f'<!DOCTYPE html><html lang="en"><body><div class="body">{body}</div></body></html>'
        page.route(
            PAGE, lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")
        )
        page.route(f"{SITE}/static/**", serve)
        page.route(f"{SITE}/api/**", unit.answer)
        page.clock.install()
        page.goto(PAGE)
        return unit

    yield open_unit
    context.close()


# annotations/text.js


@pytest.fixture
def text(unit) -> Unit:
    return unit("annotations/text.js", PROSE)


def test_the_text_is_that_of_the_server(text):
    found = text.run("return it.buildText().text")
    assert found == canonical_text(f'<div class="body">{PROSE}</div>')
    assert found.startswith("Foxes The quick brown fox jumps. Over \ufffc dogs 🦊🦊 and again")


def test_each_part_of_the_text_is_found_again_by_its_offsets(text):
    """All pairs of offsets, in code points: what a range of them gives, without outer space."""
    wrong, count = text.run(
        """
        const index = it.buildText();
        const points = [...index.text];
        const wrong = [];
        let count = 0;
        for (let start = 0; start < points.length; start += 1) {
            for (let end = start + 1; end <= points.length; end += 1) {
                const words = points.slice(start, end).join("");
                if (it.textBetween(index, start, end) !== words) wrong.push(["text", start, end]);
                const found = it.offsetsOf(index, it.rangeOf(index, start, end));
                const from = start + (words.startsWith(" ") ? 1 : 0);
                const to = end - (words.endsWith(" ") ? 1 : 0);
                const isRight = from < to ? found?.start === from && found.end === to : !found;
                if (!isRight) wrong.push([start, end, found]);
                count += 1;
            }
        }
        return [wrong.slice(0, 5), count];
        """
    )
    assert wrong == [] and count > 2_000


def test_offsets_beyond_the_text_are_no_range(text):
    assert (
        text.run(
            """
        const index = it.buildText();
        const end = [...index.text].length;
        const wrong = [[-1, 2], [2, 2], [3, 2], [0, end + 1], [end, end + 1]];
        return wrong.map(([from, to]) => it.rangeOf(index, from, to));
        """
        )
        == [None] * 5
    )


def test_a_range_around_nothing_has_no_offsets(text):
    assert (
        text.run(
            """
            const range = document.createRange();
            range.selectNodeContents(document.querySelector("b"));
            return it.offsetsOf(it.buildText(), range);
            """
        )
        is None
    )


def test_a_selection_inside_a_formula_is_the_whole_formula(text):
    start, end, words = text.run(
        """
        const index = it.buildText();
        const range = document.createRange();
        const formula = document.querySelector(".math").firstChild;
        range.setStart(formula, 1);
        range.setEnd(formula, 2);
        const { start, end } = it.offsetsOf(index, range);
        return [start, end, it.textBetween(index, start, end)];
        """
    )
    assert end - start == 1 and words == "\ufffc"


# books/outbox.js

OPEN = """
    const [pk] = args;
    const state = { user_pk: pk, api: "/api", path: "/api/state", token: "", course: { pk: 3 } };
    globalThis.replies = [];
    document.addEventListener("bookbinder:reply", ({ detail }) => {
        globalThis.replies.push([detail.entry.label, detail.entry.answer, detail.reply.status]);
    });
    it.openOutbox(state);
"""
GIVE = "const [pk, label, answer] = args; await it.give({ pk, label, version: 'v1' }, answer);"
WAITING = "return it.waiting().map((entry) => [entry.label, entry.answer])"


@pytest.fixture
def outbox(unit) -> Unit:
    opened: Unit = unit("books/outbox.js")
    opened.run(OPEN, 7)
    return opened


def test_an_answer_is_sent_with_its_question_and_forgotten(outbox):
    outbox.run(GIVE, 5, "adding", "4")
    (sent,) = outbox.sent
    assert uuid.UUID(sent.pop("client_key")).version == 4
    assert sent == {"answer": "4", "course": 3, "version": "v1"}
    assert outbox.run(WAITING) == []
    assert outbox.run("return replies") == [["adding", "4", 200]]


def test_without_a_connection_it_waits_and_is_sent_under_the_same_key(outbox):
    outbox.replies = [0]
    outbox.run(GIVE, 5, "adding", "4")
    assert outbox.run(WAITING) == [["adding", "4"]]
    outbox.page.clock.run_for(2_000)
    outbox.page.wait_for_function("replies.length === 2")
    first, second = outbox.sent
    assert first == second and outbox.run(WAITING) == []


@pytest.mark.parametrize(("status", "waits"), [(500, True), (503, True), (429, True), (401, True)])
def test_what_may_pass_later_waits(outbox, status, waits):
    outbox.replies = [status]
    outbox.run(GIVE, 5, "adding", "4")
    assert bool(outbox.run(WAITING)) == waits


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_what_is_refused_for_good_is_forgotten(outbox, status):
    outbox.replies = [status]
    outbox.run(GIVE, 5, "adding", "4")
    assert outbox.run(WAITING) == []
    assert outbox.run("return replies") == [["adding", "4", status]]


def test_the_same_answer_again_is_the_same_attempt_and_another_one_replaces_it(outbox):
    outbox.replies = [0, 0, 0]
    outbox.run(GIVE, 5, "adding", "4")
    outbox.run(GIVE, 5, "adding", "4")
    outbox.run(GIVE, 5, "adding", "5")
    keys = [sent["client_key"] for sent in outbox.sent]
    assert keys[0] == keys[1] != keys[2]
    assert outbox.run(WAITING) == [["adding", "5"]]


def test_it_tries_less_and_less_often_up_to_once_a_minute(outbox):
    outbox.replies = [0] * 20
    outbox.run(GIVE, 5, "adding", "4")
    pauses = []
    for number in range(1, 9):
        seconds = 0
        while len(outbox.sent) <= number and seconds < 90:
            outbox.page.clock.run_for(1_000)
            outbox.run("await new Promise((done) => queueMicrotask(done))")
            outbox.page.wait_for_timeout(5)
            seconds += 1
        pauses.append(seconds)
    assert pauses[:5] == [2, 4, 8, 16, 32] and set(pauses[5:]) == {60}


def test_they_are_sent_in_the_order_given(outbox):
    outbox.replies = [0, 0, 0]
    for label in ("b", "a", "c"):
        outbox.run(GIVE, 5, label, "4")
        outbox.page.clock.run_for(10)
    assert [label for label, _answer in outbox.run(WAITING)] == ["b", "a", "c"]


def test_answers_are_kept_by_person(outbox, unit):
    outbox.replies = [0]
    outbox.run(GIVE, 5, "adding", "4")
    other = unit("books/outbox.js")
    other.run(OPEN, 8)
    assert other.run(WAITING) == [] and other.sent == []
    assert outbox.run(WAITING) == [["adding", "4"]]


def test_what_another_tab_reports_while_the_state_loads_is_shown(unit):
    """The state may have been read before that answer was stored."""
    opened = unit("books/outbox.js")
    opened.run("globalThis.loaded = true")  # the module is there, the state is not
    entry = {"user_pk": 7, "label": "adding", "answer": "4"}
    opened.run(
        """
        const other = new BroadcastChannel("bookbinder");
        other.postMessage({ entry: args[0], reply: { ok: true, status: 200, body: null } });
        await new Promise((done) => {
            const third = new BroadcastChannel("bookbinder");
            third.onmessage = done;
            other.postMessage({ entry: { user_pk: 0 } });
        });
        """,
        entry,
    )
    opened.run(OPEN, 7)
    assert opened.run("return replies") == [["adding", "4", 200]]


def test_keys_are_random_uuids(unit):
    keys = unit("books/outbox.js").run("return Array.from({ length: 200 }, it.newKey)")
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(form.fullmatch(key) for key in keys) and len(set(keys)) == 200


# books/device.js


def test_where_nothing_can_be_stored_it_is_kept_until_the_page_closes(unit):
    device = unit("books/device.js")
    found = device.run(
        """
        Storage.prototype.setItem = () => { throw new Error("full"); };
        it.keep("waiting:1:a", { n: 1 });
        it.keep("draft:1", "x");
        const kept = [it.kept("waiting:1:a"), it.allKept("waiting:"), it.kept("nothing")];
        it.forget("waiting:1:a");
        return [...kept, it.kept("waiting:1:a")];
        """
    )
    assert found == [{"n": 1}, [{"n": 1}], None, None]


@pytest.mark.parametrize(
    ("variant", "letters", "shown"),
    [
        ("bold", "Aa0+", "𝐀𝐚𝟎+"),
        ("double-struck", "ARZz1", "𝔸ℝℤ𝕫𝟙"),
        ("script", "AHLeo", "𝒜ℋℒℯℴ"),
        ("fraktur", "ACRg", "𝔄ℭℜ𝔤"),
        ("italic", "gh", "𝑔ℎ"),
        ("monospace", "Zz9", "𝚉𝚣𝟿"),
    ],
)
def test_letters_of_formulas_are_those_that_unicode_has(unit, variant, letters, shown):
    module = unit("books/formulas.js")
    script = "return [...args[1]].map(letter => it.letterOf(args[0], letter)).join('');"
    assert module.run(script, variant, letters) == shown
