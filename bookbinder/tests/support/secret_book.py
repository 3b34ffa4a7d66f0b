"""A book whose answer key has a random word for each secret, and who may see which secrets."""

import random
import re
import string
from dataclasses import dataclass
from pathlib import Path

from bookbinder.tests.support import builds

# The kinds of secrets. A picture in a reply has two: its content, and the name of its file.
ANSWER, POINTS, REPLY, KEY, PICTURE, FILE = "answer", "points", "reply", "key", "picture", "file"


@dataclass(frozen=True)
class Secret:
    """A word that is only in the key; `is_met` if the student's answer matched its feedback."""

    question: str
    kind: str
    word: str
    is_met: bool


# Roles, kinds of secrets, values of `is_met`, and URL patterns. Nobody else may see a secret.
EVERY_KIND = {ANSWER, POINTS, REPLY, KEY, PICTURE, FILE}
MAY_SEE = (
    # Authors and admins read and edit the book's feedback, and resolve conflicts.
    ({"author", "admin"}, EVERY_KIND, {True, False}, r"admin/books/question/.*(change|history|settle)/"),
    ({"author", "admin"}, {PICTURE}, {True, False}, r"books/.*_feedback/"),
    # The student sees their own answers and the replies to them.
    ({"student"}, {ANSWER, POINTS, REPLY, PICTURE}, {True}, r"api/(state|questions)/|answer/|books/.*_feedback/"),
    # Instructors and admins see the student's answers and their points.
    ({"instructor", "admin"}, {ANSWER, POINTS}, {True}, r"admin/grading/(answer|attempt)/"),
    # They also see the points in the gradebook that they export.
    ({"instructor", "admin"}, {POINTS}, {True}, r"admin/grading/course/"),
)  # fmt: skip


def lines_for(role: str, secret: Secret, route: str) -> set[int]:
    """Return the positions in `MAY_SEE` that let `role` see a secret at a URL pattern."""
    return {
        number
        for number, (who, kinds, met, where) in enumerate(MAY_SEE)
        if role in who and secret.kind in kinds and secret.is_met in met and re.match(where, route)
    }


class Key:
    """Draws random secrets and records them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.secrets: list[Secret] = []

    def draw(self, question: str, kind: str, *, is_met: bool, is_number: bool = False) -> str:
        """Return a new secret of a question: letters, a number, or points."""
        word = "".join(self.chance.choices(string.ascii_lowercase, k=14))
        if is_number:
            word = str(self.chance.randint(10**8, 10**9 - 1))
        if kind == POINTS:
            # It does not end with a zero, which would not be shown.
            word = f"{self.chance.randint(10_000, 99_999)}.{self.chance.randint(1, 9)}7"
        self.secrets.append(Secret(question, kind, word, is_met))
        return word

    def met(self, question: str, kind: str = ANSWER) -> str:
        """Return the secret of the feedback that the student's answer matches."""
        wanted = (question, kind, True)
        return next(s.word for s in self.secrets if (s.question, s.kind, s.is_met) == wanted)


class Writer:
    """Writes the book's sources and pictures, with secrets of a key."""

    def __init__(self, folder: Path, key: Key) -> None:
        self.folder = folder
        self.key = key

    def reply(self, label: str, *, is_met: bool) -> str:
        """Write the picture of a reply, and return the source of the reply."""
        reply = self.key.draw(label, REPLY, is_met=is_met)
        file = self.key.draw(label, FILE, is_met=is_met)
        content = self.key.draw(label, PICTURE, is_met=is_met)
        # Also in the static folder, whose files are published under their own names.
        for folder in (self.folder, self.folder / "static"):
            # The signature of PNG is enough for Sphinx.
            (folder / f"{file}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content.encode())
        return f"      {reply}\n\n      .. image:: {file}.png\n         :alt: {reply}\n\n"

    def foreseen(self, label: str, grader: str, option: str = "") -> str:
        """Return the source of a question with two expected answers."""
        text = f".. question:: {label}\n   :grader: {grader}\n   :points: 999999\n{option}\n   What?\n\n"
        for is_met in (True, False):
            answer = self.key.draw(label, ANSWER, is_met=is_met, is_number=grader == "number")
            if grader == "number":
                answer += f" +- 0.{self.key.draw(label, ANSWER, is_met=False, is_number=True)}"
            if grader == "regex":
                answer += f"|{self.key.draw(label, ANSWER, is_met=False)}"
            text += (
                f"   .. feedback:: {answer}\n"
                f"      :points: {self.key.draw(label, POINTS, is_met=is_met)}\n"
                f"      :key: {self.key.draw(label, KEY, is_met=is_met)}\n\n"
                f"{self.reply(label, is_met=is_met)}"
            )
        return text

    def choices(self, label: str, right: str, option: str = "") -> str:
        """Return the source of a question with three choices, of which `right` is correct."""
        text = f".. question:: {label}\n   :points: 999999\n{option}\n   Which?\n\n"
        for name in ("turku", "vaasa", "kemi"):
            is_met = name == "turku"
            text += f"   .. choice:: {name}\n      :key: {name}\n"
            if name == right:
                text += "      :correct:\n"
            elif not option:
                text += f"      :points: {self.key.draw(label, POINTS, is_met=is_met)}\n"
            text += f"\n{self.reply(label, is_met=is_met)}"
        return text


CONF = """
import sys
sys.path.insert(0, "{code}")
project = "Tiny"
html_theme = "{theme}"
extensions = [
    "bookbinder.sphinx", "sphinx.ext.autodoc", "sphinx.ext.autosectionlabel", "sphinx.ext.todo",
    "sphinx.ext.viewcode",
]
todo_include_todos = True
html_copy_source = True
html_show_sourcelink = True
html_static_path = ["static"]
"""
MODULE = '"""Public."""\n\n\ndef add(a, b):\n    """Adds."""\n    return a + b\n'


def write(folder: Path, seed: int, right: str, theme: str) -> Key:
    """Write the sources; return the key. Books with the same theme differ only in their keys."""
    (folder / "static").mkdir(parents=True)
    (folder / "code").mkdir()
    (folder / "code/public.py").write_text(MODULE)
    writer = Writer(folder, Key(seed))
    questions = [
        writer.foreseen("text", "text"),
        writer.foreseen("number", "number"),
        writer.foreseen("regex", "regex"),
        writer.choices("choice", right),
        writer.choices("several", right, "   :multiple:\n"),
        ".. question:: manual\n   :grader: manual\n\n   Why?\n",
    ]
    builds.write_book(
        folder,
        CONF.format(theme=theme, code=folder / "code"),
        index="Book\n====\n\n.. toctree::\n\n   numbers\n   open\n   code\n   todos\n",
        numbers="Numbers\n=======\n\n" + "\n".join(questions),
        open=":access: public\n\nFor all\n=======\n\n"
        + writer.foreseen("open", "text", "   :try:\n"),
        code="Code\n====\n\n.. automodule:: public\n   :members:\n",
        todos="To do\n=====\n\n.. todolist::\n",
    )
    return writer.key
