"""A real book: one page of about 300 kB of HTML with 100 questions, built by Sphinx."""

import html
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks import prose
from bookbinder.tests.support import builds

QUESTIONS = 100
PARAGRAPHS = 1_000  # about 300 kB of HTML with the questions
LONGEST = 1_000  # characters
A_QUESTION_EVERY = PARAGRAPHS // QUESTIONS
MARKS = re.compile(r"([\\*`|_<>:\[\]{}])")
CONF = """
project = "Long"
extensions = ["bookbinder.sphinx"]
html_theme = "alabaster"
html_copy_source = False
"""


def paragraphs() -> Iterator[str]:
    """Yield short paragraphs of Python's manual as reStructuredText."""
    for page in prose.manual(40_000).values():
        for found in re.findall(r"<p>(.*?)</p>", page, re.DOTALL):
            text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", found)).split())
            if re.match(r"[A-Z][a-z]+\b", text) and len(text) < LONGEST:
                yield MARKS.sub(r"\\\1", text)


def question(number: int) -> str:
    """Return a question in reStructuredText: with choices if `number` is odd, else numeric."""
    if number % 2:
        return (
            f".. question:: q{number}\n\n   Which of these holds in case {number}?\n\n"
            "   .. choice:: The first\n      :correct:\n\n      Yes: see above.\n\n"
            "   .. choice:: The second\n\n      Look once more.\n\n"
            "   .. choice:: Neither of the two\n\n      One of them does.\n\n"
        )
    return (
        f".. question:: q{number}\n   :grader: number\n   :points: 2\n\n"
        f"   How many are there in case {number}?\n\n"
        f"   .. feedback:: {number}\n      :points: 2\n\n      Right.\n\n"
        "   .. feedback:: *\n\n      Count once more.\n\n"
    )


def text() -> str:
    """Return the page in reStructuredText."""
    parts = ["Long\n====\n"]
    for number, paragraph in enumerate(islice(paragraphs(), PARAGRAPHS)):
        if number % A_QUESTION_EVERY == 0:
            parts.append(f"Section {number}\n{'-' * 20}\n")
        parts.append(f"{paragraph}\n")
        if number % A_QUESTION_EVERY == A_QUESTION_EVERY - 1:
            parts.append(question(number // A_QUESTION_EVERY))
    return "\n".join(parts)


def build(folder: Path) -> Path:
    """Return the folder of the built book; its page is `long.html`."""
    index = "Index\n=====\n\n.. toctree::\n\n   long\n"
    source = builds.write_book(folder / "source", CONF, index=index, long=text())
    builds.build(source, folder / "build")
    return folder / "build"
