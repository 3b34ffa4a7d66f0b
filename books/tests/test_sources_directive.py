"""Edits of RST and MyST text, read back by docutils and MyST themselves."""

from decimal import Decimal

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, Parser, directives
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from myst_parser.parsers.docutils_ import Parser as MystParser

from bookbinder.sphinx import markdown
from books.editing import unwritten
from books.sources import files, myst, rst
from books.sources.directive import Change, NotWrittenError, tidy, tidy_answer

SIGNS = "aZ9é数 \\`*_|<>[](){}#$~^&;:.-+=/!?,'\"•@%"
titles = st.text(st.sampled_from(SIGNS), min_size=1, max_size=12).map(str.strip).filter(bool)
replies = st.lists(
    st.text(st.sampled_from(" \t\r`~:-.*{}x数"), max_size=8)
    | st.sampled_from(["```", "````{note}", ":::", ":points: 3", "---", ".. feedback:: x", "a  "]),
    max_size=6,
).map("\n".join)
answers = st.text(st.sampled_from(" `~:*\\{}.x数\n"), min_size=1, max_size=8).filter(str.strip)

RST = """\
.. question:: q
   :grader: text

   Ask.

   .. feedback:: one
      :key: k

      One.

   .. feedback:: two

      Two.
"""
MYST = """\
:::{note}
````{question} q
:grader: text

Ask.

```{feedback} one
---
key: k
---
One.
```
```{feedback} two
Two.
```
````
:::
"""


class Seen(Directive):
    """Keeps what docutils hands to a directive."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = dict.fromkeys(("points", "format", "key", "grader"), lambda value: value or "")
    seen: list = []

    def run(self):
        argument = self.arguments[0].strip() if self.arguments else ""
        self.seen.append((self.name, argument, self.options, "\n".join(self.content)))
        if self.name == "question":
            self.state.nested_parse(self.content, self.content_offset, nodes.container())
        return []


@pytest.fixture(autouse=True)
def registered():
    for name in ("question", "feedback"):
        directives.register_directive(name, Seen)
    yield
    for name in ("question", "feedback"):
        del directives._directives[name]


def parsed(lines, language, **over):
    Seen.seen.clear()
    parser = MystParser() if language is myst else Parser()
    over |= {"doctitle_xform": False, "report_level": 5, "halt_level": 5, "language_code": "en"}
    if language is myst:
        over["myst_enable_extensions"] = [
            "colon_fence",
            "dollarmath",
            "strikethrough",
            "attrs_inline",
        ]
    return publish_doctree("\n".join(lines), parser=parser, settings_overrides=over)


def feedback(lines, language):
    parsed(lines, language)
    return [seen[1:] for seen in Seen.seen if seen[0] == "feedback"]


@pytest.mark.parametrize(("language", "text"), [(rst, RST), (myst, MYST)])
@settings(max_examples=100, deadline=None)
@given(reply=replies, answer=answers, new=answers)
def test_feedback_is_read_as_it_was_meant_or_is_refused(language, text, reply, answer, new):
    lines = text.split("\n")
    places = [n for n, line in enumerate(lines) if "feedback" in line]
    options = {"points": "2", "format": "markdown"}
    reply, answer, new = tidy(reply), tidy_answer(answer), tidy_answer(new)
    try:
        lines = language.added(lines, places[0] - 5, Change(new, options, reply))
        lines = language.changed(lines, places[1], Change(None, {"points": "1"}))
        lines = language.changed(lines, places[0], Change(answer, options, reply))
    except NotWrittenError:
        assert any(sign in answer + new for sign in "\n:")
        return
    assert feedback(lines, language) == [
        (answer, {"key": "k", **options}, reply),
        ("two", {"points": "1"}, "Two."),
        (new, options, reply),
    ]


@settings(max_examples=200, deadline=None)
@given(titles, st.sampled_from(["Old\n---", "---\nOld\n---", "=====\n Old\n====="]))
def test_an_rst_title_is_shown_as_it_was_given(title, heading):
    assume(title.strip("\\"))
    text = f".. x\n\n{heading}\n\nx\n\nTwo\n^^^\n"
    lines = rst.with_title(text.split("\n"), "Old", title)
    tree = parsed(lines, rst, smart_quotes=True)
    assert next(iter(tree.findall(nodes.section)))[0].astext() == title


@settings(max_examples=200, deadline=None)
@given(titles, st.sampled_from(["# Old", "## Old ##", "Old\n---", "---\na: b\n---\nOld\n==="]))
def test_a_myst_title_is_shown_as_it_was_given(title, heading):
    lines = myst.with_title(f"{heading}\n\nx".split("\n"), "Old", title)
    tree = parsed(lines, myst)
    assert next(iter(tree.findall(nodes.section)))[0].astext() == title


@given(replies)
def test_a_tidy_reply_looks_alike_and_stays_as_it_is(reply):
    assert tidy(tidy(reply)) == tidy(reply)
    assert not any(line != line.rstrip() for line in tidy(reply).split("\n"))


def test_a_broken_line_stays_broken():
    assert tidy("a  \r\nb\r\n") == "a\\\nb"
    assert markdown.render(tidy("a  \nb")) == markdown.render("a  \nb")
    assert tidy("```\na  \nb\n```") == "```\na\nb\n```"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("T\n=", ":gradebook-index: 3\n\nT\n="),
        (":a: b\n\nT\n=", ":a: b\n:gradebook-index: 3\n\nT\n="),
        (":gradebook-index: none\n:a: b", ":gradebook-index: 3\n:a: b"),
        (
            ".. page-id:: x\n\n:a: b\n   c\n\n:d: e\n\nT\n=",
            ".. page-id:: x\n\n:a: b\n   c\n\n:d: e\n:gradebook-index: 3\n\nT\n=",
        ),
        # What follows something shown is no metadata.
        (
            ".. image:: x.png\n\n:a: b\n\nT\n=",
            ":gradebook-index: 3\n\n.. image:: x.png\n\n:a: b\n\nT\n=",
        ),
        ("`x`\n\nT\n=", ":gradebook-index: 3\n\n`x`\n\nT\n="),
    ],
)
def test_an_index_stands_among_an_rst_pages_metadata(before, after):
    assert rst.with_index(before.split("\n"), "3") == after.split("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# T", "---\ngradebook-index: 3\n---\n# T"),
        ("---\na: b\n---\n# T", "---\na: b\ngradebook-index: 3\n---\n# T"),
        ("---\ngradebook-index: none\na: b\n---", "---\ngradebook-index: 3\na: b\n---"),
        ("# T\n\n---\n", "---\ngradebook-index: 3\n---\n# T\n\n---\n"),
    ],
)
def test_an_index_stands_in_a_myst_pages_front_matter(before, after):
    assert myst.with_index(before.split("\n"), "3") == after.split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "Text\n\n.. include:: title.inc",
        "See `Old <https://x.org>`_\n==========================",
        "Other\n=====",
        "   Old\n   ===",
    ],
)
def test_a_title_that_is_not_found_is_refused(text):
    with pytest.raises(NotWrittenError):
        rst.with_title(text.split("\n"), "Old", "New")
    with pytest.raises(NotWrittenError):
        myst.with_title(["```", "# Old", "```", "", "# Other"], "Old", "New")


@pytest.mark.parametrize("language", [rst, myst])
@pytest.mark.parametrize("at", [-1, 0, 1, 2, 99])
def test_what_is_no_directive_is_refused(language, at):
    lines = ["x", "   | .. feedback:: x", "```{feedback} x"]
    with pytest.raises(NotWrittenError):
        language.changed(lines, at, Change("y"))


@pytest.mark.parametrize(
    "conf",
    [
        'name = "Old"\nproject = name',
        'if x:\n    project = "Old"',
        'project = "Old"\nproject = "Old"',
        'project = "Other"',
        "project = ",
    ],
)
def test_a_project_that_is_not_a_plain_text_is_refused(conf):
    with pytest.raises(NotWrittenError):
        files.with_project(conf.split("\n"), "Old", "New", "old")


@pytest.mark.parametrize(
    ("conf", "after"),
    [
        ("project = 'Old'", 'project = "N\\"é"\nbookbinder_project = "old"'),
        (
            "project = (\n    'Ol'\n    'd'\n)  # é\n",
            'project = (\n    "N\\"é"\n)  # é\nbookbinder_project = "old"\n',
        ),
        ("bookbinder_project='x'\n'é'; project='Old'; a=1", None),
        (
            "bookbinder_project='x'\nproject='Old'; a=1",
            'bookbinder_project=\'x\'\nproject="N\\"é"; a=1',
        ),
    ],
)
def test_a_project_keeps_its_slug(conf, after):
    if after is None:
        with pytest.raises(NotWrittenError):
            files.with_project(conf.split("\n"), "Old", 'N"é', "old")
    else:
        assert files.with_project(conf.split("\n"), "Old", 'N"é', "old") == after.split("\n")


@pytest.mark.parametrize(
    ("points", "text"), [("2.00", "2"), ("0.50", "0.5"), ("100", "100"), ("0", "0")]
)
def test_points_are_written_short(points, text):
    assert unwritten._shown(Decimal(points)) == text


@pytest.mark.parametrize(
    "data", [b"", b"a", b"a\n", b"\xef\xbb\xbfa\r\nb", b"a\r\nb\nc\r", b"\r\n"]
)
def test_a_file_comes_back_byte_for_byte(data, tmp_path):
    (tmp_path / "x.rst").write_bytes(data)
    assert files.read(tmp_path, "x.rst").text.encode() == data


def test_other_files_are_refused(tmp_path):
    (tmp_path / "x.rst").write_bytes(b"\xe4")
    for path in ("x.rst", "none.rst", "../x.rst", "."):
        with pytest.raises(NotWrittenError):
            files.read(tmp_path, path)
    with pytest.raises(NotWrittenError):
        unwritten.language_of("demo.py")
