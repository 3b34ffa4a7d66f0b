"""Decides what a sync changes, so that the database mirrors the builds. Pure."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic

from bookbinder.sphinx import manifest as m
from books.sync import head
from books.sync.changes import (
    Changes,
    FileChanges,
    Loss,
    Match,
    MissingPageId,
    Plan,
    Row,
)
from books.sync.matching import Matching
from books.sync.merging import Merger
from books.sync.plan_feedback import FeedbackPlanner
from books.sync.snapshot import BookRow, PageRow, QuestionRow, Snapshot

NEW_BY = "new"


class PlanError(Exception):
    """The manifests cannot be brought in; `errors` lists why."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


def make_plan(manifests: Sequence[m.Manifest], snapshot: Snapshot, new_ids: Iterator[str]) -> Plan:
    """Return what makes the database mirror the manifests.

    `new_ids` yields page ids that nobody has yet. Raises PlanError.
    """
    _judge(manifests, snapshot)
    planner = _Planner(snapshot, new_ids)
    for manifest in manifests:
        planner.project(manifest)
    return planner.plan(tuple(manifest.project for manifest in manifests))


def _judge(manifests: Sequence[m.Manifest], snapshot: Snapshot) -> None:
    errors = []
    projects = [manifest.project for manifest in manifests]
    for project in sorted({p for p in projects if projects.count(p) > 1}):
        errors.append(
            f"Two of the builds are of project {project}: its books would have one url. "
            "Give one another bookbinder_project in its conf.py."
        )
    errors += _misplaced_ids(manifests, snapshot)
    if errors:
        raise PlanError(errors)


def _misplaced_ids(manifests: Sequence[m.Manifest], snapshot: Snapshot) -> Iterator[str]:
    """Yield an error for each page id that a page of another book has."""
    owners = _owners(snapshot)
    carried: dict[str, str] = {}
    for manifest in manifests:
        for book in manifest.books:
            place = (manifest.project, book.url)
            for page in (page for page in book.pages if page.page_id):
                page_id = str(page.page_id)
                here = f"{manifest.project}: {page.source}"
                where, name = owners.get(page_id, (place, ""))
                other = snapshot.elsewhere.get(page_id) or carried.get(page_id)
                other = name if where != place else other
                carried[page_id] = here
                if other:
                    yield (
                        f"The page id {page_id} of {here} is that of {other} too, in another "
                        "book. A page keeps its id within its book: remove the line here."
                    )


def _owners(snapshot: Snapshot) -> dict[str, tuple[tuple[str, str], str]]:
    """Return, by page id, the book that a page belongs to (project and url) and its name."""
    owners = {}
    for book in itertools.chain.from_iterable(snapshot.books.values()):
        for page in snapshot.pages.get(book.pk, ()):
            name = f"{book.project}: {book.url}/{page.url}"
            owners[page.source_id] = (book.project, book.url), name
    return owners


class _Table(Generic[Row]):
    """Collects what happens to the rows of one table."""

    def __init__(self) -> None:
        self.create: list[Row] = []
        self.update: list[tuple[Row, Row]] = []
        self.delete: list[Row] = []

    def put(self, old: Row | None, new: Row) -> None:
        if old is None:
            self.create.append(new)
        elif old != new:
            self.update.append((old, new))

    def changes(self) -> Changes[Row]:
        return Changes(tuple(self.create), tuple(self.update), tuple(self.delete))


class _Planner:
    def __init__(self, snapshot: Snapshot, new_ids: Iterator[str]) -> None:
        self.snapshot = snapshot
        self.new_ids = new_ids
        self.new_pks = itertools.count(-1, -1)
        self.books: _Table[BookRow] = _Table()
        self.pages: _Table[PageRow] = _Table()
        self.questions: _Table[QuestionRow] = _Table()
        self.merger = Merger()
        self.feedback = FeedbackPlanner(self.merger, self.new_pks)
        self.releases: dict[str, FileChanges] = {}
        self.withdrawn: list[BookRow] = []
        self.gutted: list[BookRow] = []
        self.matches: list[Match] = []
        self.losses: list[Loss] = []
        self.missing_page_ids: list[MissingPageId] = []
        self.book_titles: dict[int, str] = {}
        self.urls: dict[int, str] = {}
        self.old_urls: dict[int, str] = {}

    def plan(self, projects: tuple[str, ...]) -> Plan:
        return Plan(
            projects=projects,
            books=self.books.changes(),
            pages=self.pages.changes(),
            questions=self.questions.changes(),
            feedback=self.feedback.changes(),
            releases=self.releases,
            withdrawn=tuple(self.withdrawn),
            gutted=tuple(self.gutted),
            matches=tuple(self.matches),
            kept_edits=tuple(self.merger.kept),
            lost_edits=tuple(self.feedback.lost_edits),
            losses=tuple(self.losses),
            missing_page_ids=tuple(self.missing_page_ids),
            book_titles=self.book_titles,
        )

    def project(self, manifest: m.Manifest) -> None:
        old = {book.url: book for book in self.snapshot.books.get(manifest.project, ())}
        before = self.count()
        for book in manifest.books:
            self.book(manifest.project, old.pop(book.url, None), book)
        for gone in old.values():
            self.drop_book(gone)
        self.release(manifest, is_changed=self.count() > before)

    def count(self) -> int:
        tables = (self.books, self.pages, self.questions, self.feedback)
        return sum(len(t.create) + len(t.update) + len(t.delete) for t in tables)

    def release(self, manifest: m.Manifest, *, is_changed: bool) -> None:
        """A release is files and content together: a new one where either has changed."""
        new = published_files(manifest)
        books = self.snapshot.books.get(manifest.project, ())
        old = self.snapshot.files.get(manifest.project, {})
        urls = {book.url for book in manifest.books}
        # A book that was withdrawn is back.
        is_back = any(book.release_id is None and book.url in urls for book in books)
        if new != old or is_back or is_changed:
            self.releases[manifest.project] = FileChanges(
                added=tuple(sorted(new.keys() - old.keys())),
                changed=tuple(
                    sorted(path for path in new.keys() & old.keys() if new[path] != old[path])
                ),
                removed=tuple(sorted(old.keys() - new.keys())),
                files=new,
            )

    # Books and their pages.

    def book(self, project: str, old: BookRow | None, new: m.Book) -> None:
        pk = next(self.new_pks) if old is None else old.pk
        title = new.title
        if old is not None:
            title = self.merger.merged(
                "book", pk, new.title, "title", old.title, old.source_title, new.title
            )
        release = None if old is None else old.release_id
        self.books.put(old, BookRow(pk, project, new.url, title, new.title, release))
        self.book_titles[pk] = title
        self.pages_of(project, pk, old, new)

    def pages_of(self, project: str, book_pk: int, old: BookRow | None, new: m.Book) -> None:
        rows = self.snapshot.pages.get(book_pk, [])
        matching: Matching[PageRow, m.Page] = Matching(rows, new.pages)
        matching.by("page id", lambda row: row.source_id, lambda page: page.page_id)
        matching.by("url", lambda row: row.url, lambda page: page.url)
        matching.by("text", lambda row: row.fingerprint or None, lambda page: page.fingerprint)
        found = {id(page): (row, by) for row, page, by in matching.pairs}
        asked: list[tuple[int, m.Page]] = []
        for position, page in enumerate(new.pages):
            row, by = found.get(id(page), (None, NEW_BY))
            asked.append((self.page(project, book_pk, position, row, page, by), page))
        kept = [row for row, _page, _by in matching.pairs]
        self.questions_of(kept + matching.old, asked)
        self.pages.delete += matching.old
        if old is not None and len(matching.old) * 2 > len(rows):
            self.gutted.append(old)

    def page(
        self,
        project: str,
        book_pk: int,
        position: int,
        old: PageRow | None,
        new: m.Page,
        by: str,
    ) -> int:
        title, index = new.title, new.index
        if old is not None:
            title, index = self.merged_page(old, new)
            if old.url != new.url:
                self.matches.append(Match("page", old.pk, old.url, new.url, by))
        source_id = new.page_id or (old.source_id if old else next(self.new_ids))
        if new.page_id is None:
            self.missing_page_ids.append(MissingPageId(project, new.source, source_id))
        row = PageRow(
            pk=next(self.new_pks) if old is None else old.pk,
            book_id=book_pk,
            url=new.url,
            title=title,
            source_title=new.title,
            index=index,
            source_index=new.index,
            position=position,
            source_id=source_id,
            fingerprint=new.fingerprint,
            access=new.access,
        )
        self.pages.put(old, row)
        self.urls[row.pk] = new.url
        return row.pk

    def merged_page(self, old: PageRow, new: m.Page) -> tuple[str, int | None]:
        def merged(field: str, shown: Any, source: Any, value: Any) -> Any:
            return self.merger.merged("page", old.pk, new.url, field, shown, source, value)

        return (
            merged("title", old.title, old.source_title, new.title),
            merged("index", old.index, old.source_index, new.index),
        )

    def drop_book(self, book: BookRow) -> None:
        """Delete a book that the build no longer has, or withdraw it where people need it."""
        if book.pk in self.snapshot.kept_books:
            if book.release_id is not None:
                self.withdrawn.append(book)
            return
        pages = self.snapshot.pages.get(book.pk, [])
        for page in pages:
            questions = self.snapshot.questions.get(page.pk, [])
            for question in questions:
                self.lose(page.url, question)
            self.questions.delete += questions
        self.pages.delete += pages
        if pages:
            self.gutted.append(book)
        self.books.delete.append(book)

    # Questions: looked for on their page first, then in the whole book.

    def questions_of(self, pages: list[PageRow], asked: list[tuple[int, m.Page]]) -> None:
        old_by_page = {page.pk: self.snapshot.questions.get(page.pk, []) for page in pages}
        found: dict[int, tuple[QuestionRow, str]] = {}
        left_old: list[QuestionRow] = []
        left_new: list[m.Question] = []
        for pk, page in asked:
            on_page = Matching(old_by_page.pop(pk, []), page.questions)
            on_page.by("label", lambda row: row.label, lambda question: question.label)
            found |= {id(new): (row, by) for row, new, by in on_page.pairs}
            left_old += on_page.old
            left_new += on_page.new
        for rows in old_by_page.values():
            left_old += rows
        in_book = Matching(left_old, left_new)
        in_book.by("moved", lambda row: row.label, lambda question: question.label)
        in_book.by(
            "text",
            lambda row: (row.fingerprint, row.grader) if row.fingerprint else None,
            lambda question: (question.fingerprint, question.grader),
        )
        found |= {id(new): (row, by) for row, new, by in in_book.pairs}
        self.old_urls |= {page.pk: page.url for page in pages}
        for pk, page in asked:
            for index, question in enumerate(page.questions):
                row, by = found.get(id(question), (None, NEW_BY))
                self.question(pk, index, row, question, by)
        for row in in_book.old:
            self.lose(self.old_urls[row.page_id], row)
            self.questions.delete.append(row)

    def question(
        self, page_pk: int, index: int, old: QuestionRow | None, new: m.Question, by: str
    ) -> None:
        pk = next(self.new_pks) if old is None else old.pk
        row = QuestionRow(
            pk,
            page_pk,
            new.label,
            index,
            new.points_possible,
            new.grader,
            new.prompt,
            new.options,
            new.fingerprint,
        )
        self.questions.put(old, row)
        if old is not None and by != "label":
            was = f"{self.old_urls[old.page_id]}#{old.label}"
            is_now = f"{self.urls[page_pk]}#{new.label}"
            self.matches.append(Match("question", pk, was, is_now, by))
        self.feedback.plan(row.pk, row.label, self.snapshot.feedback.get(row.pk, []), new)

    def lose(self, page_url: str, question: QuestionRow) -> None:
        counts = self.snapshot.counts.get(question.pk)
        if counts:
            self.losses.append(Loss(question.pk, page_url, question.label, counts))


def published_files(manifest: m.Manifest) -> dict[str, Any]:
    """Return what a release keeps of its files: path -> hash, and whose right opens it."""
    files = {
        path: {"sha256": file.sha256, "docnames": list(file.docnames), "public": file.public}
        for path, file in manifest.files.items()
    }
    for page in manifest.pages():
        files[f"{page.docname}.html"] = {
            "sha256": page.sha256,
            "docnames": [page.docname],
            "public": False,
            "head": head.VERSION,
        }
    return files
