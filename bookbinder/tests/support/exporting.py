"""Edits a book as the admin does, and exports the edits into its sources by `export_edits`."""

import shutil
import subprocess
from decimal import Decimal
from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command

from bookbinder.tests.support.syncing import sync
from books.editing.replies import set_reply
from books.models import Book, Feedback, Page, Question


def export(target: str, source: Path | None = None) -> tuple[int, str, str]:
    """Run `export_edits`; return the exit code, the patch and the messages."""
    out, err = StringIO(), StringIO()
    options = ["--source", str(source)] if source else []
    try:
        call_command("export_edits", target, *options, stdout=out, stderr=err)
        code = 0
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    return code, out.getvalue(), err.getvalue()


def applied(patch: str, source: Path, target: Path) -> Path:
    """Return a copy of the sources with the patch; `git apply` and `patch` must give the same."""
    shutil.copytree(source, target)
    shutil.copytree(source, target.with_name("by-patch"), dirs_exist_ok=True)
    commands = {
        target: ["git", "apply", "-"],
        target.with_name("by-patch"): ["patch", "-p1", "--no-backup-if-mismatch"],
    }
    for folder, command in commands.items():
        done = subprocess.run(command, cwd=folder, input=patch.encode(), capture_output=True)
        assert done.returncode == 0, (command, done.stdout, done.stderr, patch)
    by_git, by_patch = ({p: p.read_bytes() for p in files(folder)} for folder in commands)
    assert list(by_git.values()) == list(by_patch.values())
    shutil.rmtree(target.with_name("by-patch"))
    return target


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def shown() -> list:
    """Return all that can be edited, as it is shown to readers."""
    return [
        sorted(Book.objects.values_list("project", "url", "title")),
        sorted(Page.objects.values_list("url", "title", "index"), key=str),
        sorted(
            (label, answer, points, text, markup)
            for label, answer, points, text, markup in Feedback.objects.values_list(
                "question__label", "answer", "points", "text", "markup"
            )
        ),
    ]


def judge_settled() -> None:
    """Check that every field that is shown is what the source says."""
    for book in Book.objects.all():
        assert book.title == book.source_title
    for page in Page.objects.all():
        assert (page.title, page.index) == (page.source_title, page.source_index)
    for row in Feedback.objects.all():
        assert row.origin == "source"
        shown = (row.answer, row.points, row.text, row.markup, row.feedback)
        assert shown == (
            row.source_answer,
            row.source_points,
            row.source_text,
            row.source_markup,
            row.source_feedback,
        )


def go_round(target: str, source: Path, tmp_path: Path) -> str:
    """Export, apply and sync the edits, and check that nothing else changes. Return the patch."""
    before = shown()
    code, patch, err = export(target, source)
    assert (code, "by hand" in err) == (0, False), err
    new = applied(patch, source, tmp_path / "applied")
    code, out, err = sync(new, "--noinput")
    assert code == 0, err
    assert shown() == before
    judge_settled()
    code, out, _err = sync(new, "--noinput")
    assert code == 0 and "Nothing to do" in out
    code, out, err = export(target, new)
    assert (code, out) == (0, "") and "Nothing to export" in err
    return patch


def reply_to(label: str, answer: str, text: str | None = None, /, **fields) -> Feedback:
    """Edit a feedback: set these fields and, if there is a text, its reply."""
    row = Feedback.objects.get(question__label=label, answer=answer)
    for name, value in fields.items():
        setattr(row, name, value)
    if text is not None:
        set_reply(row, text)
    row.save()
    return row


def add(label: str, answer: str, text: str, points: str = "0") -> Feedback:
    """Add a feedback to a question as the admin does."""
    question = Question.objects.get(label=label)
    row = Feedback(question=question, answer=answer, points=Decimal(points), index=9)
    set_reply(row, text)
    row.save()
    return row


def retitle(url: str, title: str) -> None:
    assert Page.objects.filter(url=url).update(title=title) == 1
