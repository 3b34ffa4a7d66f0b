"""Mistakes in the text end the build: all at once, each with its file and line."""

import zlib

import pytest

from bookbinder.tests.support import builds

pytestmark = pytest.mark.sphinx


def test_a_mistake_in_an_included_file_names_that_file(tmp_path):
    source = builds.write_book(tmp_path / "s", index="T\n=\n\n.. include:: part.txt\n")
    (source / "part.txt").write_text("Text.\n\n.. question:: q\n   :pionts: 2\n\n   Ask.\n")
    (found,) = builds.mistakes(source, tmp_path / "out")
    assert found.startswith("part.txt:3: question: unknown option 'pionts'")


RIGHT = "\n      :correct:"
ALL_MISTAKES = {
    "choice:: stray\n\n   x": "is outside a question",
    "feedback:: stray\n\n   x": "is outside a question",
    "question:: l\n   :pionts: 3\n\n   x": "unknown option 'pionts'",
    "question:: l\n   :points: many\n\n   x": "points must be a number",
    "question:: l\n   :points: -1\n\n   x": "points must be a number",
    "question:: l\n   :points: 1.005\n\n   x": "at most two decimals",
    "question:: l\n   :grader: order\n\n   x": "the grader order is not built yet",
    "question:: l\n   :grader: magic\n\n   x": "unknown grader 'magic'",
    "question::\n\n   x": "label ''",
    "question:: a b\n\n   x": "label 'a b'",
    "question:: title\n\n   x": "is also the id of a section",
    "question:: l\n\n   .. feedback::\n\n      x": "say which answer it is for",
    "question:: l\n   :grader: regex\n\n   .. feedback:: (a\n\n      x": "not a pattern that RE2",
    "question:: l\n   :grader: number\n\n   .. feedback:: four\n\n      x": "is not a number",
    "question:: l\n   :grader: manual\n   :try:\n\n   x": "nothing is right or wrong",
    "question:: l\n   :try: no\n\n   x": "try takes no value, not 'no'",
    "question:: l\n   :grader: manual\n\n   .. feedback:: a\n\n      x": "takes no feedback",
    "question:: l\n\n   Ask.": "question: has no feedback, so no answer is right",
    "question:: l\n   :grader: regex\n\n   Ask.": "question: has no feedback, so no answer is right",
    "question:: l\n   :grader: number\n\n   Ask.": "question: has no feedback, so no answer is right",
    "question:: l\n   :points: 2\n\n   .. feedback:: a\n\n      x": "no answer earns any points",
    "question:: l\n\n   .. feedback:: a\n      :points: 2\n\n      x": "'a' is worth 2, and the question",
    f"question:: l\n\n   .. choice:: b{RIGHT}\n\n   .. choice:: c\n      :points: 2\n": "'c' is worth 2",
    "question:: l\n\n   .. choice:: a\n\n   .. choice:: b\n": "no choice is marked :correct:",
    "question:: l\n\n   .. choice:: a\n      :correct:\n": "needs two choices or more",
    f"question:: l\n\n   .. choice:: a{RIGHT}\n\n   .. choice:: b{RIGHT}\n": "several choices are",
    "question:: l\n   :grader: text\n\n   .. choice:: a\n\n   .. choice:: b\n": "takes no choices",
    "question:: l\n\n   .. choise:: a\n": 'Unknown directive type "choise"',
    "question:: l\n\n   .. feedback:: a\n      :format: html\n\n      x": "format must be",
    "question:: l\n\n   .. feedback:: a\n\n      .. image:: gone.png": "file not found: gone.png",
    "question:: l\n\n   .. feedback:: a\n\n      .. py:function:: f()": "cannot be in feedback",
    "question:: l\n\n   .. feedback:: a\n\n      .. _label:\n\n      x": "a label in feedback",
    "question:: l\n\n   .. feedback:: a\n\n      See nowhere_.": "unknown target name: 'nowhere'",
    "question:: l\n\n   .. question:: m\n\n      x": "cannot be inside a question",
    "qestion:: l\n\n   Ask.": 'Unknown directive type "qestion"',
    "nota::\n\n   .. question:: l\n\n      Ask.": 'Unknown directive type "nota"',
    "note::\n   :foo: 1\n\n   .. question:: l\n\n      Ask.": 'Error in "note" directive',
    "page-id:: abc\n\n   Text.": "takes no text",
    "question: l\n\n   Ask.": "looks like a directive but is not one: 'question: l'",
    "question:: l\n\n   Ask.\n\n   ..feedback:: 4\n": "looks like a directive but is not one",
    "question:: l\n\n   Ask.\n\n   .. feedback: 4\n": "looks like a directive but is not one",
    "note:: Look::\n\n   .. question:: l\n\n      Ask.": "looks like a directive but is not one",
    "question:: l\n\n   .. feedback:: a\n\n      .. py:module:: m": "cannot be in feedback",
    "question:: l\n\n   .. feedback:: a\n\n      .. [C] A source.": "cannot be in feedback",
    "question:: l\n\n   .. feedback:: a\n\n      .. math:: x\n         :label: e": "numbered formulas",
    "question:: l\n\n   - .. feedback:: a\n\n       x": "is nested too deeply in the question",
    "page-id:: a b": "must be letters",
    "page-id:: a\n\n.. page-id:: b": "the page has an id already",
    "question:: l\n\n   x\n\n.. question:: l\n\n   y": "is taken on this page, in line 4",
}


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path):
    pages = {f"m{n:02}": f"Title\n=====\n\n.. {text}\n" for n, text in enumerate(ALL_MISTAKES)}
    toc = "T\n=\n\n.. toctree::\n   :glob:\n\n   m*\n"
    source = builds.write_book(tmp_path / "s", index=toc, **pages)
    found = builds.mistakes(source, tmp_path / "out")
    for n, expected in enumerate(ALL_MISTAKES.values()):
        own = [line for line in found if line.startswith(f"m{n:02}.rst:")]
        assert any(expected in line for line in own), (expected, own)


def test_mistakes_in_myst_are_told_with_their_lines(tmp_path):
    source = builds.copy_book("myst", tmp_path / "s")
    page = source / "numbers.md"
    page.write_text(page.read_text().replace(":points: 2\n:grader", ":pionts: 2\n:grader", 1))
    (source / "cities.md").write_text("# C\n\n````{question} q\n```{choise} y\n```\n````\n")
    found = builds.mistakes(source, tmp_path / "out")
    assert "numbers.md:7: question: unknown option 'pionts'" in found[-1]
    assert any(line.startswith("cities.md:4: Unknown directive type") for line in found)


def test_a_mistake_stays_one_until_it_is_mended(tmp_path):
    good = "T\n=\n\n.. question:: q\n   :grader: manual\n\n   Ask.\n"
    source = builds.write_book(tmp_path / "s", index=good)
    builds.build(source, tmp_path / "out")
    (source / "index.rst").write_text(good.replace("question:: q", "question:: q q"))
    for _again in range(2):
        assert len(builds.mistakes(source, tmp_path / "out")) == 1
    (source / "index.rst").write_text(good)
    builds.build(source, tmp_path / "out")


def test_one_page_id_on_two_pages_names_both_files(tmp_path):
    page = ".. page-id:: same\n\nT\n=\n\nx\n"
    source = builds.write_book(tmp_path / "s", index=page, other=":orphan:\n\n" + page)
    found = builds.mistakes(source, tmp_path / "out")
    assert found == ["other.rst:1: the page id same is also in index.rst: remove one"]


@pytest.mark.parametrize(
    "text",
    [
        "````{qestion} x\n```{feedback} 4\ny\n```\n````\n",
        "````{question } x\n```{feedback} 4\ny\n```\n````\n",
        "````question x\n```{feedback} 4\ny\n```\n````\n",
        ":::{question} x\nAsk.\n:::\n",
    ],
)
def test_what_is_nearly_a_question_in_myst_is_a_mistake(tmp_path, text):
    source = tmp_path / "s"
    source.mkdir()
    (source / "conf.py").write_text(f'{builds.HEAD}extensions.append("myst_parser")\n')
    (source / "index.md").write_text(f"# T\n\n{text}")
    assert builds.mistakes(source, tmp_path / "out")


def test_an_example_of_a_question_is_no_mistake(tmp_path):
    text = "T\n=\n\n.. code-block:: rst\n\n   .. question:: q\n\n      Ask.\n"
    source = builds.write_book(tmp_path / "s", index=text)
    assert not next(builds.build(source, tmp_path / "out").pages()).questions


DRAWS = """
from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from pathlib import Path

class Draw(SphinxDirective):
    def run(self):
        folder = Path(self.env.app.outdir, "_images")
        folder.mkdir(exist_ok=True)
        (folder / "drawn.svg").write_text("<svg/>")
        return [nodes.raw("", '<img src="_images/drawn.svg">', format="html")]

def setup(app):
    app.add_directive("draw", Draw)
"""


def test_a_picture_that_an_extension_draws_for_feedback_is_refused(tmp_path):
    text = "T\n=\n\n.. question:: q\n\n   Ask.\n\n   .. feedback:: a\n      :points: 1\n\n      .. draw::\n"
    source = builds.write_book(tmp_path / "s", builds.HEAD + DRAWS, index=text)
    done = builds.run(source, tmp_path / "out")
    assert done.returncode != 0
    assert "index.rst:8: feedback of q: shows _images/drawn.svg" in done.stdout + done.stderr
    assert not (tmp_path / "out/bookbinder.json").exists()


IN_REPLY = ".. question:: q\n\n   What?\n\n   .. feedback:: a\n      :points: 1\n\n      Right.\n\n"


@pytest.mark.parametrize(
    "body", [".. title:: xylophone", ".. header:: xylophone", ".. footer:: xylophone"]
)
def test_a_reply_writes_nothing_about_the_whole_page(tmp_path, body):
    source = builds.write_book(tmp_path / "s", index=f"T\n=\n\n{IN_REPLY}      {body}\n")
    (found,) = builds.mistakes(source, tmp_path / "out")
    assert "a title, header, footer or metadata of the page cannot be set here" in found


def test_what_would_leave_a_reply_for_the_page_is_told(tmp_path):
    """MyST collects footnotes at the end of the page, wherever they stand."""
    source = tmp_path / "s"
    source.mkdir()
    (source / "conf.py").write_text(builds.HEAD + 'extensions += ["myst_parser"]\n')
    text = "# T\n\n````{question} q\nWhat?\n\n```{feedback} a\n:points: 1\n\nRight.[^n]\n\n[^n]: Xylophone.\n```\n````\n"
    (source / "index.md").write_text(text)
    (found,) = builds.mistakes(source, tmp_path / "out")
    assert "feedback: its footnote would be printed on the page" in found


def test_names_and_captions_of_a_reply_are_in_no_list(tmp_path):
    body = "      .. figure:: four.png\n         :name: xylophone\n\n         Xylophone.\n\n"
    body += "      .. code-block:: python\n         :name: xylocode\n         :caption: Xylocode\n\n         x\n\n"
    body += "      .. rubric:: R\n         :name: xylorubric\n\n"
    source = builds.write_book(tmp_path / "s", index=f"T\n=\n\n{IN_REPLY}{body}")
    (source / "four.png").write_bytes((builds.BOOKS / "rst/img/four.png").read_bytes())
    found = builds.build(source, tmp_path / "out")
    listed = (tmp_path / "out/objects.inv").read_bytes().split(b"\n", 4)[4]
    names = [path for path in (*found.files, "index.html") if not path.startswith("_feedback")]
    texts = [zlib.decompress(listed), *((tmp_path / "out" / path).read_bytes() for path in names)]
    assert not [text for text in texts if b"xylo" in text.lower()]
    assert "xylo" in (tmp_path / "out/bookbinder.json").read_text().lower()
