"""Checks that the database and the files are one complete edition, even after a crash."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from bookbinder.sphinx import manifest as m
from bookbinder.tests.support.two_editions import Edition
from books.models import Book, Feedback, Page, Question, Release
from books.releases import folders, page_head, serving
from books.releases.contents import published_files


def said(edition: Edition) -> list[Any]:
    """Return the content of an edition according to its manifests, as nested lists and tuples."""
    return [
        (manifest.project, book.url, book.title, [
            (page.url, page.title, page.index, position, page.page_id, page.access,
             page.fingerprint, [question_said(*numbered) for numbered in enumerate(page.questions)])
            for position, page in enumerate(book.pages)
        ])
        for manifest in edition.manifests
        for book in manifest.books
    ]  # fmt: skip


def question_said(number: int, question: m.Question) -> tuple[Any, ...]:
    """Return the content of a question of a manifest; `number` is its position on the page."""
    return (
        question.label, number, question.points_possible, question.grader, question.prompt,
        question.options, question.fingerprint,
        [
            (position, one.key, one.answer, one.feedback, one.text, one.markup, one.points)
            for position, one in enumerate(question.feedback)
        ],
    )  # fmt: skip


def stored(edition: Edition) -> list[Any]:
    """Return the content of the database in the same form, for the projects of an edition."""
    projects = [manifest.project for manifest in edition.manifests]
    known = {page.page_id for manifest in edition.manifests for page in manifest.pages()}
    pages: dict[int, list[Page]] = {}
    for page in Page.objects.order_by("position"):
        pages.setdefault(page.book_id, []).append(page)
    questions: dict[int, list[Any]] = {}
    for question in Question.objects.order_by("index"):
        questions.setdefault(question.page_id, []).append(question_stored(question))
    return [
        (book.project, book.url, book.title, [
            (page.url, page.title, page.index, page.position,
             page.source_id if page.source_id in known else None, page.access, page.fingerprint,
             questions.get(page.pk, []))
            for page in pages.get(book.pk, [])
        ])
        for book in sorted(Book.objects.all(), key=lambda book: projects.index(book.project))
    ]  # fmt: skip


def question_stored(question: Question) -> tuple[Any, ...]:
    """Return the content of a row in the same form as `question_said`."""
    rows = Feedback.objects.filter(question=question).order_by("index", "pk")
    columns = ("index", "key", "answer", "feedback", "text", "markup", "points")
    return (
        question.label, question.index, question.points_possible, question.grader,
        question.prompt, question.options, question.fingerprint, list(rows.values_list(*columns)),
    )  # fmt: skip


def which(editions: tuple[Edition, Edition]) -> Edition:
    """Return the edition that the database contains completely, after checking its files."""
    rows = stored(editions[0])
    found = [edition for edition in editions if said(edition) == rows]
    assert len(found) == 1, f"the rows are not those of exactly one edition: {rows}"
    edition = found[0]
    for manifest, build in zip(edition.manifests, edition.folders, strict=True):
        check_files(manifest, build)
    check_reading(edition, other=editions[1 - editions.index(edition)])
    return edition


def check_files(manifest: m.Manifest, build: Path) -> None:
    """Check that all books of a project have a release with exactly the files of a build."""
    (release,) = Release.objects.filter(books__project=manifest.project).distinct()
    assert not Book.objects.filter(project=manifest.project).exclude(release=release).exists()
    files = published_files(manifest)
    assert release.files == files, "the release is another edition's"
    folder = folders.html_folder(manifest.project, release.folder)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == files.keys(), f"files missing or too many: {there ^ files.keys()}"
    for path, entry in files.items():
        data = (folder / path).read_bytes()
        data = page_head.remove(data) if "head" in entry else data
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], f"{path} is of another edition"
    kept = (folders.manifest_folder(folder.parent) / m.FILE_NAME).read_bytes()
    assert kept == (build / m.FILE_NAME).read_bytes(), "the release has another manifest"


def check_reading(edition: Edition, other: Edition) -> None:
    """Check that the site serves the pages of `edition` and no file that only `other` has."""
    for manifest, build in zip(edition.manifests, edition.folders, strict=True):
        for page in manifest.pages():
            found = serving.find(manifest.project, f"{page.docname}.html")
            assert found is not None
            data = (build / f"{page.docname}.html").read_bytes()
            assert page_head.remove(found.file.read_bytes()) == data
    for manifest, others in zip(edition.manifests, other.manifests, strict=True):
        for path in published_files(others).keys() - published_files(manifest).keys():
            assert serving.find(manifest.project, path) is None
    ready = Client().get("/readyz")
    assert ready.status_code == 200, ready.content


def check_clean() -> None:
    """Check that a sync that ran to its end left no folder without a row and no partial file."""
    data_dir = Path(settings.BOOKBINDER_DATA_DIR)
    known = {(row.project, row.folder) for row in Release.objects.all()}
    root = data_dir / "releases"
    there = {(folder.parent.name, folder.name) for folder in root.glob("*/*")}
    assert there == known, f"releases: {there ^ known}"
    left = [path for path in data_dir.glob("archives/*") if path.suffix != ".json"]
    assert not left, left
    assert not list(data_dir.glob("scratch/*"))
    for path in data_dir.glob("archives/*.json"):
        json.loads(path.read_bytes())
