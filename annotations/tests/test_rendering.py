"""A note's Markdown is rendered once, when it is written, and again by a new renderer alone."""

import hashlib

import pytest
from markdown_it.parser_inline import ParserInline

from annotations import rendering
from annotations.models import Annotation
from annotations.presenting import changes
from bookbinder.tests.support.note_http import annotation, post, send
from conftest import make_note

SAMPLE = """\
# Title

*One* **two** `three`, <b>raw</b> & <script>alert(1)</script>
a second line, https://example.org, [four](https://example.org "five"), [six](javascript:x)

1. seven
2. ![eight](https://example.org/x.png)

> nine, $x^2$ and $$\\href{https://example.org}{y}$$

```python
ten = "<11>"
```

---
"""


@pytest.fixture
def renderings(monkeypatch):
    """Return a list that grows with each text that is rendered."""
    rendered = []
    original = rendering.render
    monkeypatch.setattr(rendering, "render", lambda text: rendered.append(text) or original(text))
    return rendered


def test_a_note_is_rendered_when_it_is_written_and_never_when_it_is_read(
    as_user, sam, ines, course, laid, renderings
):
    client = as_user(sam)
    made = post(client, laid, body="*One*", audience="course", course=course.pk)
    path = f"/api/annotations/{made.json()['bookbinder']['uuid']}"
    assert renderings == ["*One*"]
    changed = send(
        client, "put", path,
        annotation("*Two*", audience="course", course=course.pk), **{"If-Match": made["ETag"]},
    )  # fmt: skip
    assert changed.json()["bookbinder"]["html"] == "<p><em>Two</em></p>"
    assert renderings == ["*One*", "*Two*"]
    note = Annotation.objects.get()
    for address in (
        "/api/state/tiny/numbers",
        f"/api/pages/{laid.pk}/annotations?course={course.pk}",
        path,
        "/notes/on/tiny/numbers",
        "/notes/",
        f"/notes/{note.uuid}/delete/",
        f"/admin/annotations/sharednote/{note.pk}/change/",
    ):
        reader = as_user(ines) if address.startswith("/admin/") else client
        assert "<em>Two</em>" in reader.get(address).content.decode(), address
    assert renderings == ["*One*", "*Two*"]


def test_what_an_earlier_renderer_made_is_rendered_again_once(as_user, sam, laid, renderings):
    note = make_note(sam, laid, "*One*", html="<p>As it was</p>", renderer=0)
    before = Annotation.objects.get(pk=note.pk).updated_at
    renderings.clear()
    for _time in range(2):
        shown = as_user(sam).get("/api/state/tiny/numbers").json()["notes"]
        assert shown[0]["bookbinder"]["html"] == "<p><em>One</em></p>"
    assert renderings == ["*One*"]
    note.refresh_from_db()
    assert (note.html, note.renderer) == ("<p><em>One</em></p>", rendering.RENDERER)
    assert note.updated_at == before  # so that nobody's change is refused


def test_html_of_a_text_that_has_been_changed_meanwhile_is_not_stored(as_user, sam, laid):
    note = make_note(sam, laid, "*One*", html="", renderer=0)
    stale = Annotation.objects.get(pk=note.pk)
    made = as_user(sam).get(f"/api/annotations/{note.uuid}")
    send(
        as_user(sam), "put", f"/api/annotations/{note.uuid}", annotation("*Two*"),
        **{"If-Match": made["ETag"]},
    )  # fmt: skip
    assert rendering.html_of(stale) == "<p><em>One</em></p>"
    assert Annotation.objects.get().html == "<p><em>Two</em></p>"


def test_a_deleted_note_keeps_no_html(as_user, sam, ines, course, laid):
    shared = {"audience": "course", "course": course}
    note = make_note(sam, laid, "Secret", **shared)
    make_note(ines, laid, root=note, parent=note, **shared)
    assert as_user(sam).delete(f"/api/annotations/{note.uuid}").status_code == 204
    note.refresh_from_db()
    assert (note.body, note.html) == ("", "")


def test_each_version_of_the_renderer_has_its_number():
    """If this fails, increase RENDERER, so that kept notes are rendered again."""
    digest = hashlib.sha256(rendering.render(SAMPLE).encode()).hexdigest()
    assert (rendering.RENDERER, digest[:16]) == (3, "2f3a81b70093b804")


@pytest.mark.parametrize("text", ["[" * 9_990, "[a](" * 2_500, "[" * 5_000 + "]" * 5_000])
def test_brackets_cost_no_more_than_their_number(monkeypatch, text):
    """Each search for the end of a link skips over tokens: 200,000 times for the first text."""
    skipped = []
    skip = ParserInline.skipToken
    monkeypatch.setattr(
        ParserInline, "skipToken", lambda self, state: skipped.append(0) or skip(self, state)
    )
    assert rendering.render(text) == f"<p>{text}</p>"
    assert len(skipped) <= 20_000


def test_formulas_are_marked_for_the_browser_and_cannot_link():
    html = rendering.render("$a < b$, 5$ or 6$.\n\n$$\n\\href{https://x.org}{y}\n$$")
    assert '<span class="math">\\(a &lt; b\\)</span>, 5$ or 6$.' in html
    assert '<div class="math">' in html
    assert "\\href" not in html


def test_dollar_signs_without_end_are_no_formulas():
    """A search for the end of each of these takes half a second."""
    assert 'class="math"' not in rendering.render("$$ a\n\n" * 1_600)
    assert 'class="math"' not in rendering.render("$a$ " * 201)
    assert rendering.render("$a$ " * 200).count('class="math"') == 200


def test_a_text_with_up_to_1000_brackets_has_links():
    link = "[a](https://example.org/)"
    assert rendering.render(link * 400).count("<a ") == 400
    assert "<a " not in rendering.render("[" * 1_000 + link)


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("one two", "one two", [("=", "one two")]),
        ("one two", "one three", [("=", "one "), ("-", "two"), ("+", "three")]),
        ("a b c d", "a x y d", [("=", "a "), ("-", "b c"), ("+", "x y"), ("=", " d")]),
        ("one", "", [("-", "one")]),
        ("", "one", [("+", "one")]),
        # difflib takes minutes for these.
        (
            "a b " * 1250,
            "b a " * 1250,
            [("+", "b "), ("=", "a b " * 1249 + "a"), ("-", " b"), ("=", " ")],
        ),
    ],
    ids=["same", "word", "words", "removed", "added", "repetitive"],
)
def test_changes_are_a_longest_common_subsequence_of_words(old, new, pieces):
    assert changes(old, new) == pieces
