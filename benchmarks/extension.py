"""The CPU time of builds with the Sphinx extension, and with directives for plain containers."""

import resource
import shutil
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks import book
from benchmarks.figures import Figure, alternate
from bookbinder.tests.support import builds

PAGES = 60
PER_PAGE = 5
PARAGRAPHS = 14  # per page
RUNS = 5
PLAIN = """
from docutils.nodes import container
from docutils.parsers.rst.directives import unchanged
from sphinx.util.docutils import SphinxDirective


class Plain(SphinxDirective):
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = dict.fromkeys(("points", "grader", "correct"), unchanged)

    def run(self):
        box = container()
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def setup(app):
    for name in ("question", "choice", "feedback"):
        app.add_directive(name, Plain)
    return {"parallel_read_safe": True}
"""
CONF = """
import sys
sys.path.append({folder!r})
project = "Extension"
extensions = ["{extension}"]
html_theme = "alabaster"
"""


def pages() -> dict[str, str]:
    """Return pages of prose, each with questions between its paragraphs."""
    prose = book.paragraphs()
    texts = {"index": "Index\n=====\n\n.. toctree::\n   :glob:\n\n   p*\n"}
    for page in range(PAGES):
        parts = [f"Page {page}\n=======\n", *(f"{one}\n" for one in islice(prose, PARAGRAPHS))]
        parts += [book.question(page * PER_PAGE + number) for number in range(PER_PAGE)]
        texts[f"p{page}"] = "\n".join(parts)
    return texts


def write(folder: Path, extension: str, texts: dict[str, str]) -> Path:
    """Write a book that uses `extension`, and return its source folder."""
    source = builds.write_book(
        folder / extension, CONF.format(extension=extension, folder=str(folder)), **texts
    )
    (folder / "plain_containers.py").write_text(PLAIN, encoding="utf-8")
    return source


def build(source: Path) -> None:
    """Build a book, and check that a question is on its page."""
    done = builds.run(source, source / "_build")
    assert done.returncode == 0, done.stderr
    assert "Which of these holds in case 1?" in (source / "_build/p0.html").read_text()


def of_children() -> float:
    """Return the CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure() -> list[Figure]:
    texts = pages()
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = (
            write(Path(folder), name, texts) for name in ("bookbinder.sphinx", "plain_containers")
        )
        best, floor = alternate(
            lambda: build(ours),
            lambda: build(plain),
            before_ours=lambda: shutil.rmtree(ours / "_build", ignore_errors=True),
            before_floor=lambda: shutil.rmtree(plain / "_build", ignore_errors=True),
            runs=RUNS,
            clock=of_children,
        )
    name = f"CPU of a build by Sphinx, {PAGES} pages × {PER_PAGE} questions"
    return [Figure(name, best, "plain containers for directives", floor, 1.1)]
