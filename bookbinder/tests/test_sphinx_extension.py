"""The extension by real `sphinx-build` runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from bookbinder.sphinx import manifest
from bookbinder.tests.support import builds

pytestmark = pytest.mark.sphinx

SECRETS = (b"Not yet", b"until 1812", b"Two times two", b"four dots", b"Nearly", b"5 +- 0.5")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, manifest.Manifest]:
    folder = tmp_path_factory.mktemp("rst")
    return folder, builds.build(builds.BOOKS / "rst", folder)


def question(found: manifest.Manifest, label: str) -> manifest.Question:
    return next(q for page in found.pages() for q in page.questions if q.label == label)


def published(folder: Path, found: manifest.Manifest) -> dict[str, bytes]:
    names = [*found.files, *(f"{page.docname}.html" for page in found.pages())]
    return {name: (folder / name).read_bytes() for name in names}


def without_writing(found: manifest.Manifest) -> list[object]:
    """A manifest without source, line, text and keys hashed from it."""
    return [
        (page.docname, page.url, page.title, page.page_id, page.index, page.access,
         page.fingerprint, page.questions and [
            (q.label, q.grader, q.points_possible, q.prompt, q.options, q.fingerprint,
             [(f.answer, f.markup, f.points) for f in q.feedback])
            for q in page.questions
         ])
        for page in found.pages()
    ]  # fmt: skip


def test_pages_stand_in_toctree_order_and_those_with_questions_are_numbered(built):
    pages = list(built[1].pages())
    assert [(page.docname, page.index) for page in pages] == [
        ("index", None),
        ("numbers", 1),
        ("cities", 2),
    ]
    assert [page.access for page in pages] == ["", "public", ""]
    assert [page.page_id for page in pages] == [None, "k3v9x2m7qd", None]


def test_points_default_to_one_and_a_right_choice_earns_all(built):
    capital, primes = question(built[1], "capital"), question(built[1], "primes")
    assert capital.points_possible == 1
    assert [(f.answer, f.points) for f in capital.feedback] == [("Turku", 0), ("Helsinki", 1)]
    assert [f.points for f in primes.feedback] == [3, 3, 0]
    assert primes.options == {"multiple": True}
    assert primes.feedback[0].key == "a2"


def test_rst_and_myst_give_the_same_manifest(built, tmp_path):
    myst = builds.build(builds.BOOKS / "myst", tmp_path / "out")
    assert without_writing(myst) == without_writing(built[1])


def test_an_incremental_build_equals_a_clean_one(tmp_path):
    source = builds.copy_book("rst", tmp_path / "source")
    builds.build(source, tmp_path / "out")
    page = source / "cities.rst"
    page.write_text(page.read_text().replace("until 1812", "until about 1812"))
    (source / "extra.rst").write_text(":orphan:\n\nExtra\n=====\n\n.. image:: img/four.png\n")
    builds.build(source, tmp_path / "out")
    (source / "extra.rst").unlink()
    incremental = builds.build(source, tmp_path / "out")
    clean = builds.build(source, tmp_path / "clean")
    assert incremental == clean
    assert "until about 1812" in question(clean, "capital").feedback[0].feedback
    assert (tmp_path / "out" / "extra.html").exists()


def test_a_build_with_nothing_to_do_writes_the_manifest_again(tmp_path):
    source = builds.copy_book("rst", tmp_path / "source")
    first = builds.build(source, tmp_path / "out")
    assert builds.build(source, tmp_path / "out") == first


def test_a_parallel_build_equals_a_serial_one(tmp_path, built):
    source = builds.copy_book("rst", tmp_path / "source")
    pages = "\n".join(f"   more{n}" for n in range(12))
    index = source / "index.rst"
    index.write_text(index.read_text().rstrip() + "\n" + pages + "\n")
    for n in range(12):
        head = f"Page {n}\n======\n\n.. question:: q{n}\n\n   Say {n}.\n\n"
        text = (
            f"{head}   .. feedback:: {n}\n      :points: 1\n\n      :math:`x` and :doc:`cities`.\n"
        )
        (source / f"more{n}.rst").write_text(text)
    serial = builds.build(source, tmp_path / "serial")
    parallel = builds.build(source, tmp_path / "parallel", "-j", "2")
    assert serial == parallel
    assert len(list(serial.pages())) == 15


def test_the_manifest_has_the_same_bytes_for_the_same_sources(tmp_path, built):
    again = tmp_path / "again"
    builds.build(builds.BOOKS / "rst", again)
    name = manifest.FILE_NAME
    assert (again / name).read_bytes() == (built[0] / name).read_bytes()


def test_links_and_images_of_feedback_are_right_from_its_page(tmp_path):
    text = (
        "Deep\n====\n\n.. _here:\n\nSection\n-------\n\n.. question:: q\n\n   Ask.\n\n"
        "   .. feedback:: a\n      :points: 1\n\n      See :doc:`/index`, :ref:`here`, :download:`f.txt`\n\n"
        "      .. image:: four.png\n"
    )
    source = builds.write_book(
        tmp_path / "s", index="Top\n===\n\n.. toctree::\n\n   a/b/deep\n", a__b__deep=text
    )
    (source / "a/b/f.txt").write_text("secret file")
    (source / "a/b/four.png").write_bytes((builds.BOOKS / "rst/img/four.png").read_bytes())
    found = builds.build(source, tmp_path / "out")
    html = question(found, "q").feedback[0].feedback
    assert 'href="../../index.html"' in html
    assert 'href="#here"' in html
    names = [name for name in found.files if name.startswith("_feedback/")]
    assert len(names) == 2
    for name in names:
        assert f'"../../{name}"' in html
        assert (tmp_path / "out" / name).is_file()
    assert not any(name.startswith(("_images/", "_downloads/")) for name in found.files)


def test_files_of_feedback_have_names_that_cannot_be_guessed(built):
    names = [name for name in built[1].files if name.startswith("_feedback/")]
    assert len(names) == 1
    assert "four" not in names[0]


def test_maths_in_feedback_alone_loads_the_maths_script(tmp_path):
    text = "T\n=\n\n.. question:: q\n\n   Ask.\n\n   .. feedback:: a\n      :points: 1\n\n      :math:`x`\n"
    source = builds.write_book(tmp_path / "s", index=text)
    builds.build(source, tmp_path / "out")
    assert "mathjax" in (tmp_path / "out/index.html").read_text().lower()


def test_files_say_whose_right_opens_them(built):
    files = built[1].files
    assert files["_static/alabaster.css"].public
    for name in ("searchindex.js", "search.html", "genindex.html", "objects.inv"):
        assert not files[name].public
        assert files[name].docnames == ()


def test_an_image_is_opened_by_its_pages_and_own_static_files_by_the_project(tmp_path):
    source = builds.write_book(
        tmp_path / "s",
        conf=builds.HEAD + 'html_static_path = ["own"]\n',
        index="T\n=\n\n.. image:: four.png\n",
    )
    (source / "four.png").write_bytes((builds.BOOKS / "rst/img/four.png").read_bytes())
    (source / "own").mkdir()
    (source / "own/data.csv").write_text("1,2")
    files = builds.build(source, tmp_path / "out").files
    assert files["_images/four.png"].docnames == ("index",)
    assert not files["_static/data.csv"].public
    assert files["_static/basic.css"].public


def test_every_published_file_is_listed_and_nothing_else(built):
    found = built[1]
    assert manifest.FILE_NAME not in found.files
    assert not any(part.startswith(".") for name in found.files for part in name.split("/"))
    assert not any(name.startswith("_sources") for name in found.files)


@pytest.mark.parametrize("theme", ["alabaster", "furo", "sphinx_book_theme"])
def test_no_published_byte_tells_what_is_right(tmp_path, theme):
    source = builds.copy_book("rst", tmp_path / "source")
    with (source / "conf.py").open("a") as conf:
        conf.write(f'\nhtml_theme = "{theme}"\n')
    out = tmp_path / "out"
    found = builds.build(source, out)
    files = published(out, found)
    for name, data in files.items():
        if name.startswith("_feedback/"):
            continue
        for secret in SECRETS:
            assert secret not in data, f"{secret!r} in {name}"
    for page in found.pages():
        html = files[f"{page.docname}.html"]
        for one in page.questions:
            assert f'id="{one.label}"'.encode() in html
        for form in html.split(b'class="bookbinder-question"')[1:]:
            assert b"correct" not in form.split(b"</form>")[0].replace(b"autocorrect", b"")


@pytest.mark.parametrize("theme", ["alabaster", "furo", "sphinx_book_theme"])
def test_the_mark_of_a_right_choice_leaves_no_trace(tmp_path, theme):
    """Moving `:correct:` to another choice changes no published byte."""
    conf = f'{builds.HEAD}html_theme = "{theme}"\n'
    text = "T\n=\n\n.. question:: q\n\n   Ask.\n\n   .. choice:: a{}\n\n   .. choice:: b{}\n"
    right = "\n      :correct:"
    one = builds.write_book(tmp_path / "one", conf, index=text.format(right, ""))
    two = builds.write_book(tmp_path / "two", conf, index=text.format("", right))
    first = builds.build(one, tmp_path / "out1")
    second = builds.build(two, tmp_path / "out2")
    assert [f.points for f in question(first, "q").feedback] == [1, 0]
    assert [f.points for f in question(second, "q").feedback] == [0, 1]
    assert first.files == second.files
    assert published(tmp_path / "out1", first) == published(tmp_path / "out2", second)


def test_feedback_of_an_index_entry_is_not_in_the_index(tmp_path):
    text = "T\n=\n\n.. question:: q\n\n   Ask.\n\n   .. feedback:: a\n      :points: 1\n\n      .. index:: giveaway\n"
    source = builds.write_book(tmp_path / "s", index=text)
    builds.build(source, tmp_path / "out")
    assert "giveaway" not in (tmp_path / "out/genindex.html").read_text()


def test_no_extension_lists_what_stands_in_feedback(tmp_path):
    """Labels, to-dos and index entries of a reply are hidden from what collects them."""
    head = "T\n=\n\n.. todolist::\n\n.. question:: q\n\n   Ask.\n\n   .. feedback:: a\n      :points: 1\n\n"
    text = f"{head}      .. todo:: giveaway\n\n      .. index:: giveaway\n\n      .. rubric:: giveaway\n"
    conf = f'{builds.HEAD}extensions.append("sphinx.ext.todo")\ntodo_include_todos = True\n'
    source = builds.write_book(tmp_path / "s", conf, index=text)
    found = builds.build(source, tmp_path / "out")
    assert "giveaway" in question(found, "q").feedback[0].feedback
    for name, data in published(tmp_path / "out", found).items():
        assert b"giveaway" not in data, name


def test_feedback_has_curly_quotes_as_its_page_has(tmp_path):
    text = 'T\n=\n\n.. question:: q\n\n   Ask.\n\n   .. feedback:: a\n      :points: 1\n\n      Say "yes".\n'
    source = builds.write_book(tmp_path / "s", index=text)
    assert "“yes”" in question(builds.build(source, tmp_path / "out"), "q").feedback[0].feedback


def test_a_question_that_is_only_for_paper_is_not_in_the_manifest(tmp_path):
    ask = "   .. question:: one\n\n      Ask.\n\n      .. feedback:: a\n         :points: 1\n\n         Of {0}.\n\n"
    both = "".join(f".. only:: {one}\n\n{ask.format(one)}" for one in ("latex", "html"))
    source = builds.write_book(tmp_path / "s", index=f"T\n=\n\n{both}")
    found = builds.build(source, tmp_path / "out")
    (one,) = next(found.pages()).questions
    assert (one.label, one.feedback[0].feedback) == ("one", "<p>Of html.</p>")


def test_a_comment_is_no_part_of_what_is_asked(tmp_path):
    text = "T\n=\n\n.. question:: q\n   :grader: manual\n\n   Ask.\n\n   .. giveaway\n\n   .. raw:: html\n\n      <b>giveaway</b>\n"
    source = builds.write_book(tmp_path / "s", index=text)
    assert question(builds.build(source, tmp_path / "out"), "q").prompt.strip() == "Ask."


def test_doctrees_of_another_build_are_not_published(tmp_path):
    source = builds.copy_book("rst", tmp_path / "s")
    builds.build(source, tmp_path / "out", "-d", str(tmp_path / "out/trees"))
    assert not any("tree" in name for name in builds.build(source, tmp_path / "out").files)


FOLDERS = builds.HEAD + 'bookbinder_layout = "folders"\nbookbinder_non_book_pages = ["index"]\n'


def test_in_layout_folders_each_folder_is_a_book(tmp_path):
    page = "Title of {0}\n============\n\n.. question:: q\n   :grader: manual\n\n   Ask {0}.\n"
    source = builds.write_book(
        tmp_path / "s",
        conf=FOLDERS,
        index="T\n=\n\n.. toctree::\n\n   algebra/index\n   geometry/index\n",
        algebra__index=page.format("algebra"),
        geometry__index=page.format("geometry"),
    )
    found = builds.build(source, tmp_path / "out")
    assert [(book.url, book.title) for book in found.books] == [
        ("", "Tiny Book"),
        ("algebra", "Title of algebra"),
        ("geometry", "Title of geometry"),
    ]
    page = found.books[1].pages[0]
    assert (page.docname, page.url, page.index) == ("algebra/index", "index", 1)


def test_a_page_outside_every_book_is_a_mistake(tmp_path):
    text = "T\n=\n\n.. toctree::\n\n   lost\n"
    source = builds.write_book(tmp_path / "s", conf=FOLDERS, index=text, lost="L\n=\n")
    found = builds.mistakes(source, tmp_path / "out")
    assert len(found) == 1 and found[0].startswith("lost.rst:1: the page is in no book")


def test_excluded_documents_are_left_out(tmp_path):
    source = builds.write_book(
        tmp_path / "s",
        conf=builds.HEAD + 'bookbinder_exclude = ["draft*"]\n',
        index="T\n=\n\n.. toctree::\n\n   draft1\n",
        draft1="D\n=\n\nSecret draft.\n",
    )
    found = builds.build(source, tmp_path / "out")
    assert [page.docname for page in found.pages()] == ["index"]
    assert "draft1.html" not in found.files


def test_a_gradebook_index_that_is_given_is_kept_and_others_fill_the_gaps(tmp_path):
    page = ":gradebook-index: {}\n\nT\n=\n\n.. question:: q\n   :grader: manual\n\n   Ask.\n"
    source = builds.write_book(
        tmp_path / "s",
        index="T\n=\n\n.. toctree::\n\n   a\n   b\n   c\n   d\n",
        a=page.format("none"),
        b=page.format("x").removeprefix(":gradebook-index: x\n\n"),
        c=page.format(1),
        d=page.format("x").removeprefix(":gradebook-index: x\n\n"),
    )
    found = builds.build(source, tmp_path / "out")
    assert {page.docname: page.index for page in found.pages()} == {
        "index": None, "a": None, "b": 2, "c": 1, "d": 3,
    }  # fmt: skip


def test_other_builders_get_the_questions_and_no_feedback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "text", builds.BOOKS / "rst", tmp_path],
        cwd=builds.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "cities.txt").read_text()
    assert "Helsinki" in text and "1812" not in text
    assert not (tmp_path / manifest.FILE_NAME).exists()


def test_transforms_of_other_extensions_find_a_replys_document_as_any_other(tmp_path):
    """sphinx-gallery's asks each document for its source."""
    conf = builds.HEAD + (
        "from sphinx.transforms.post_transforms import SphinxPostTransform\n"
        "class Ask(SphinxPostTransform):\n"
        "    default_priority = 400\n"
        "    def run(self):\n"
        "        assert self.env.path2doc(self.document['source']) == 'index'\n"
        "def setup(app):\n"
        "    app.add_post_transform(Ask)\n"
    )
    question = ".. question:: q\n\n   What?\n\n   .. feedback:: a\n      :points: 1\n\n      Yes.\n"
    source = builds.write_book(tmp_path / "source", conf=conf, index=f"T\n=\n\n{question}")
    assert builds.build(source, tmp_path / "out").books
