"""The names of our directives, beside those of other extensions."""

import re

import pytest
from django.core.management import call_command

from bookbinder.sphinx import manifest
from bookbinder.tests.run import sphinx_versions
from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync
from books.models import Feedback, Question

pytestmark = pytest.mark.sphinx
OTHER = """
from docutils import nodes
from docutils.parsers.rst import Directive

class question(nodes.General, nodes.Element):
    pass

class Ask(Directive):
    has_content = True
    def run(self):
        node = question()
        node += nodes.paragraph("", "Theirs: " + self.content[0])
        return [node]

def setup(app):
    app.add_node(question, html=(lambda self, node: self.body.append("<aside>"),
                                 lambda self, node: self.body.append("</aside>")))
    app.add_directive("question", Ask)
    return {"parallel_read_safe": True}
"""
HEAD = 'import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nproject = "Tiny Book"\n'
THEIRS = ".. question::\n\n   Why is granite hard?\n"
OURS = """
.. {0}question:: adding
   :grader: number

   What is 2 + 2?

   .. {0}feedback:: 4
      :points: 1

      Yes.

.. {0}question:: choosing

   Which?

   .. {0}choice:: This
      :correct:

   .. {0}choice:: That
"""


def book(folder, text: str, extensions: list[str], more: str = ""):
    conf = f"{HEAD}extensions = {extensions}\n{more}"
    source = builds.write_book(folder, conf, index=f"Rocks\n=====\n\n{text}")
    (source / "geology.py").write_text(OTHER)
    return source


ORDERS = (["geology", "bookbinder.sphinx"], ["bookbinder.sphinx", "geology"])


@pytest.mark.parametrize("extensions", ORDERS)
@pytest.mark.parametrize(
    ("prefix", "more"), [("bookbinder:", ""), ("bb-", 'bookbinder_prefix = "bb-"\n')]
)
def test_a_book_has_questions_of_both(tmp_path, extensions, prefix, more):
    source = book(tmp_path / "s", THEIRS + OURS.format(prefix), extensions, more)
    read = builds.build(source, tmp_path / "out", "-W", "--keep-going")
    labels = [question.label for page in read.pages() for question in page.questions]
    assert labels == ["adding", "choosing"]
    html = (tmp_path / "out/index.html").read_text()
    assert "<aside><p>Theirs: Why is granite hard?</p>" in html
    assert html.count('class="bookbinder-question"') == 2


@pytest.mark.parametrize("extensions", ORDERS)
def test_a_book_that_uses_the_others_alone_is_built_and_told(tmp_path, extensions):
    source = book(tmp_path / "s", THEIRS, extensions)
    done = builds.run(source, tmp_path / "out", "-W", quiet=False)
    assert done.returncode == 0, done.stderr
    assert "the directive question is that of geology.Ask" in done.stdout
    assert "bookbinder.sphinx.directives.Question is bookbinder:question here" in done.stdout


def labels_of(read) -> list[str]:
    return [question.label for page in read.pages() for question in page.questions]


@pytest.mark.parametrize("extensions", ORDERS)
@pytest.mark.parametrize(
    "names", ["question", "choice", "feedback", "question choice", "question choice feedback"]
)
def test_a_book_that_uses_ours_alone_is_built_and_told(tmp_path, extensions, names):
    source = raw_book(tmp_path / "s", GIVEAWAY, names, extensions)
    done = builds.run(source, tmp_path / "out", "-W", "-j2", quiet=False)
    assert done.returncode == 0, done.stderr
    assert labels_of(manifest.read(tmp_path / "out")) == ["adding", "choosing"]
    for name in names.split():
        assert f"the directive {name} is that of bookbinder.sphinx.directives" in done.stdout
    assert "which has none of geology.Raw" in done.stdout
    assert "Giveaway" not in (tmp_path / "out/index.html").read_text()


def test_in_myst_it_is_built_too(tmp_path):
    source = raw_book(tmp_path / "s", "", "question", [*ORDERS[0], "myst_parser"])
    (source / "index.rst").unlink()
    (source / "index.md").write_text(MYST)
    assert labels_of(builds.build(source, tmp_path / "out", "-W")) == ["adding"]


def test_a_name_changes_sides_in_an_incremental_build_as_in_a_clean_one(tmp_path):
    source = raw_book(
        tmp_path / "s", GIVEAWAY + "\n.. toctree::\n   :glob:\n\n   p*\n", "question", ORDERS[0]
    )
    assert labels_of(builds.build(source, tmp_path / "out")) == ["adding", "choosing"]
    (source / "page.rst").write_text(f"Page\n====\n\n{THEIRS}")
    found = builds.mistakes(source, tmp_path / "out")
    assert [line.partition(":")[0] for line in found] == ["index.rst", "index.rst"]
    (source / "page.rst").write_text("Page\n====\n\nNone.\n")
    assert labels_of(builds.build(source, tmp_path / "out")) == ["adding", "choosing"]


def test_an_included_question_of_ours_does_not_reach_the_other(tmp_path):
    source = raw_book(tmp_path / "s", ".. include:: part.txt\n", "question", ORDERS[0])
    (source / "part.txt").write_text(GIVEAWAY)
    found = builds.mistakes(source, tmp_path / "out")
    assert found[0].startswith("part.txt:2: question: this is the directive of geology.Raw")


@pytest.mark.parametrize("prefix", ["", "bookbinder:"])
def test_without_a_clash_both_names_are_there_and_nothing_is_told(tmp_path, prefix):
    source = book(tmp_path / "s", OURS.format(prefix), ["bookbinder.sphinx"])
    done = builds.run(source, tmp_path / "out", "-W", quiet=False)
    assert done.returncode == 0, done.stderr
    assert "is that of" not in done.stdout


def test_in_myst_the_names_of_the_domain_work_too(tmp_path):
    source = book(tmp_path / "s", THEIRS, ["geology", "bookbinder.sphinx", "myst_parser"])
    text = "# Rocks\n\n```{bookbinder:question} adding\n:grader: number\n\n2 + 2?\n\n:::{bookbinder:feedback} 4\n:points: 1\n:::\n```\n"
    (source / "index.rst").unlink()
    (source / "index.md").write_text(text)
    (source / "conf.py").write_text(
        (source / "conf.py").read_text() + 'myst_enable_extensions = ["colon_fence"]\n'
    )
    read = builds.build(source, tmp_path / "out")
    assert [question.label for page in read.pages() for question in page.questions] == ["adding"]


@pytest.mark.parametrize("prefix", ["Q-", "a b", "bookbinder:", "bb"])
def test_a_prefix_that_is_none_is_refused(tmp_path, prefix):
    source = book(tmp_path / "s", "", ["bookbinder.sphinx"], f'bookbinder_prefix = "{prefix}"\n')
    done = builds.run(source, tmp_path / "out")
    assert done.returncode == 2
    assert f"bookbinder_prefix = '{prefix}' in conf.py" in done.stderr


@pytest.mark.parametrize(
    ("prefix", "more"), [("bookbinder:", ""), ("bb-", 'bookbinder_prefix = "bb-"\n')]
)
def test_edits_go_back_to_the_source_under_these_names(tmp_path, db, prefix, more, capsys):
    source = book(tmp_path / "s", THEIRS + OURS.format(prefix), ORDERS[0], more)
    assert sync(source, "--noinput")[0] == 0
    question = Question.objects.get(label="adding")
    Feedback.objects.filter(answer="4").update(points=0.5)
    Feedback.objects.create(
        question=question, answer="5", text="Nearly.", feedback="<p>Nearly.</p>", index=9
    )
    call_command("export_edits", "tiny-book", source=source)
    patch = capsys.readouterr().out
    assert "+      :points: 0.5" in patch
    assert f"+   .. {prefix}feedback:: 5" in patch


def test_the_guide_lists_the_versions_that_are_tried():
    text = (builds.ROOT / "docs/authors/first-book.rst").read_text()
    rows = re.findall(r"   \* - ([\d.]+)\n     - ([\d.]+)\n     - ([\d.]+)\n", text)
    assert [sphinx_versions.Versions(*row) for row in rows] == list(sphinx_versions.SUPPORTED)
    oldest = sphinx_versions.SUPPORTED[0].sphinx.rpartition(".")[0]
    assert f'"Sphinx>={oldest}"' in (builds.ROOT / "pyproject.toml").read_text()


RAW = """
from docutils import nodes
from docutils.parsers.rst import Directive

class Raw(Directive):
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {"grader": str}
    def run(self):
        return [nodes.paragraph("", "RAW " + " ".join(self.content))]

def setup(app):
    for name in NAMES:
        app.add_directive(name, Raw)
    return {"parallel_read_safe": True}
"""
MYST = """# Rocks

````{question} adding
:grader: number

2 + 2?

```{feedback} 4
:points: 1

Giveaway.
```
````
"""
GIVEAWAY = OURS.format("").replace("Yes.", "Giveaway.")


def raw_book(folder, text: str, names: str, extensions: list[str], more: str = ""):
    """Write a book beside an extension that puts the content of its directives on the page."""
    source = book(folder, text, extensions, more)
    (source / "geology.py").write_text(f"NAMES = {names.split()}\n{RAW}")
    return source


@pytest.mark.parametrize("extensions", ORDERS)
@pytest.mark.parametrize("more", ["", 'bookbinder_prefix = "bb-"\n'])
def test_ours_never_reaches_a_directive_that_would_show_it(tmp_path, extensions, more):
    source = raw_book(tmp_path / "s", GIVEAWAY + THEIRS, "question", extensions, more)
    found = builds.mistakes(source, tmp_path / "out")
    assert [line.partition(":")[2].partition(":")[0] for line in found] == ["5", "15"]
    assert all("question: this is the directive of geology.Raw" in line for line in found)
    assert not (tmp_path / "out/index.html").exists()


def test_in_myst_it_does_not_either(tmp_path):
    source = raw_book(tmp_path / "s", "", "question", [*ORDERS[0], "myst_parser"])
    (source / "index.rst").unlink()
    (source / "index.md").write_text(f"{MYST}\n```{{question}}\nWhy?\n```\n")
    (found,) = builds.mistakes(source, tmp_path / "out")
    assert found.startswith("index.md:3: question: this is the directive of geology.Raw")


def test_a_reply_never_reaches_a_directive_that_would_show_it(tmp_path):
    text = f"{GIVEAWAY}\n.. feedback:: x\n\n   Theirs.\n"
    source = raw_book(tmp_path / "s", text, "feedback", ORDERS[0])
    found = builds.mistakes(source, tmp_path / "out")
    assert (
        "question: feedback is the directive of geology here: write bookbinder:feedback" in found[0]
    )
    assert not (tmp_path / "out/index.html").exists()


def test_a_directive_of_another_with_a_like_name_may_stand_in_a_question(tmp_path):
    text = GIVEAWAY.replace("   What is 2 + 2?", "   What is 2 + 2?\n\n   .. geo-feedback:: x\n")
    source = raw_book(tmp_path / "s", text, "geo-feedback", ORDERS[0])
    assert builds.build(source, tmp_path / "out").pages()


def test_a_book_whose_questions_and_choices_are_all_anothers_is_built(tmp_path):
    text = ".. question:: hard\n\n   Which?\n\n   .. choice:: Granite\n   .. choice:: Chalk\n"
    source = raw_book(tmp_path / "s", text, "question choice", ORDERS[0])
    assert builds.build(source, tmp_path / "out", "-W").pages()
    assert "RAW Which?" in (tmp_path / "out/index.html").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "..bookbinder:feedback:: 4\n",
        ".. bookbinder:feedback: 4\n",
        "..bb-feedback:: 4\n",
        ".. bb-feedback: 4\n",
    ],
)
def test_what_was_meant_to_be_one_of_ours_is_not_shown_as_text(tmp_path, text):
    source = book(tmp_path / "s", text, ["bookbinder.sphinx"], 'bookbinder_prefix = "bb-"\n')
    (found,) = builds.mistakes(source, tmp_path / "out")
    assert "looks like a directive but is not one" in found


def test_a_forgotten_prefix_is_told(tmp_path):
    text = ".. bb-question:: q\n\n   Ask.\n\n   .. feedback:: 4\n      :points: 1\n"
    source = book(tmp_path / "s", text, ["bookbinder.sphinx"], 'bookbinder_prefix = "bb-"\n')
    found = builds.mistakes(source, tmp_path / "out")
    assert any("write bb-feedback or bookbinder:feedback" in line for line in found)


def test_strays_are_named_as_the_author_writes_them_and_once(tmp_path):
    text = ".. bookbinder:choice:: Granite\n\n.. feedback:: x\n\n   y\n"
    found = builds.mistakes(book(tmp_path / "s", text, ["bookbinder.sphinx"]), tmp_path / "out")
    assert [line.partition(": ")[2] for line in found] == [
        "choice: is outside a question", "feedback: is outside a question",
    ]  # fmt: skip
