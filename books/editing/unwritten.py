"""Finds the edits made in the admin that the sources lack, and writes them there. Pure.

This is only correct if a plan has found nothing to do, so that rows correspond to the manifest.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import PurePosixPath
from typing import NamedTuple, Protocol

from bookbinder.sphinx import kinds
from bookbinder.sphinx import manifest as m
from bookbinder.sphinx.fingerprints import collapse
from books.errors import BooksError
from books.sources import files, myst, rst
from books.sources.directive import (
    NOT_THERE,
    Change,
    Directive,
    Lines,
    NotWrittenError,
    tidy,
    tidy_answer,
)
from books.sync.content_rows import BookRow, FeedbackRow, PageRow, QuestionRow
from books.sync.snapshot import Snapshot

FRONT_PAGE = "index"
AT_THE_END = 1 << 31  # greater than any line number


class EditsError(BooksError):
    """The edits cannot be written into the sources together; the message says why."""


class Language(Protocol):
    """The interface of the modules for RST and MyST; `at` is a line number, from 0."""

    def read(self, lines: Lines, at: int) -> Directive: ...
    def changed(self, lines: Lines, at: int, change: Change) -> Lines: ...
    def added(self, lines: Lines, at: int, change: Change) -> Lines: ...
    def with_title(self, lines: Lines, old: str, new: str) -> Lines: ...
    def with_index(self, lines: Lines, index: str) -> Lines: ...
    def has_index(self, lines: Lines) -> bool: ...


@dataclass(frozen=True)
class Edit:
    """One edit of one file: `what` it changes, and the `new` text.

    `write` returns the changed lines of the file, or raises NotWrittenError. The last edit of a
    file is made first, so that line numbers stay correct.
    """

    source: str
    line: tuple[int, int]  # of the question, and of the part that is edited
    what: str
    new: str
    write: Callable[[Lines], Lines]
    refused: str = ""  # why it has to be made by hand, if that is known already

    @property
    def place(self) -> str:
        """The source file and the line number, from 1, for people."""
        question, own = self.line
        return f"{self.source}:{question if own == AT_THE_END else max(own, 1)}"


class _Page(NamedTuple):
    item: m.Page
    row: PageRow


def language_of(source: str) -> Language:
    """Return the module for the markup of a source file.

    Raises NotWrittenError if it is neither RST nor MyST.
    """
    suffix = PurePosixPath(source).suffix.lower()
    if suffix in (".rst", ".txt", ".rest"):
        return rst
    if suffix in (".md", ".markdown"):
        return myst
    raise NotWrittenError("only .rst and .md files can be written")


def find(
    manifest: m.Manifest,
    snapshot: Snapshot,
    url: str | None,
    has_index: Callable[[str], bool],
) -> Iterator[Edit]:
    """Yield the edits of a project, or of its book with `url`.

    `has_index` says whether a source file gives its page a position in the gradebook.
    Raises EditsError if a build with all of them would fail.
    """
    rows = {book.url: book for book in snapshot.books[manifest.project]}
    for book in manifest.books:
        if url in (None, book.url):
            row = rows[book.url]
            by_url = {page.url: page for page in snapshot.pages.get(row.pk, ())}
            pages = [_Page(page, by_url[page.url]) for page in book.pages]
            yield from _titles(row, pages)
            yield from _indexes(pages, has_index)
            for page in pages:
                yield from _questions(page, snapshot)


# Titles. That of a book is in conf.py, or on the first page of its folder.


def _titles(book: BookRow, pages: list[_Page]) -> Iterator[Edit]:
    edited = {page.item.url: page for page in pages if page.row.title != page.row.source_title}
    yield from (_title(page.item, f"page {page.item.url}", page.row) for page in edited.values())
    if book.title == book.source_title:
        return
    what = f"book {book.project}/{book.url}"
    if book.url in ("", book.project):
        yield _title_in_conf(book, what)
    elif FRONT_PAGE not in edited:
        front = next((page.item for page in pages if page.item.url == FRONT_PAGE), None)
        yield _title(front, what, book)
    elif edited[FRONT_PAGE].row.title != book.title:
        why = "its first page has the same title in the source, and was given another one"
        yield replace(_title(edited[FRONT_PAGE].item, what, book), refused=why)


def _title(page: m.Page | None, what: str, row: PageRow | BookRow) -> Edit:
    source = page.source if page else ""
    return Edit(
        source,
        (0, 1),
        what,
        f"title: {row.title}",
        lambda lines: language_of(source).with_title(lines, row.source_title, row.title),
        refused="" if page else "its folder has no page named index",
    )


def _title_in_conf(book: BookRow, what: str) -> Edit:
    return Edit(
        "conf.py",
        (0, 1),
        what,
        f"title: {book.title}",
        lambda lines: files.with_project(lines, book.source_title, book.title, book.project),
    )


# Positions in the gradebook.


def _indexes(pages: list[_Page], has_index: Callable[[str], bool]) -> Iterator[Edit]:
    """Yield the indexes that were edited, and those that are needed to keep the order of pages.

    A page whose source has no index gets the next free number, so it may move if an edit frees or
    takes a number. That is allowed as long as the order of the pages stays the same.
    """
    _check_indexes(pages)
    written = [page for page in pages if page.row.index != page.row.source_index]
    if not written:
        return
    shown = {page.item.docname: page.row.index for page in pages if page.row.index is not None}
    given = {
        page.item.docname for page in (*written, *(p for p in pages if has_index(p.item.source)))
    }
    while _in_order(numbers := _numbered(pages, given)) != _in_order(shown):
        moved = [page for page in pages if numbers.get(page.item.docname) != page.row.index][-1]
        given.add(moved.item.docname)
        written.append(moved)
    yield from map(_index, written)


def _check_indexes(pages: list[_Page]) -> None:
    counts = Counter(page.row.index for page in pages if page.row.index is not None)
    for index, count in counts.items():
        if count > 1:
            names = " and ".join(page.item.url for page in pages if page.row.index == index)
            raise EditsError(
                f"The pages {names} of one book have the same index, {index}, which a build would "
                "refuse. Give one of them another index in the admin."
            )


def _in_order(numbers: dict[str, int]) -> list[str]:
    return sorted(numbers, key=lambda docname: numbers[docname])


def _numbered(pages: list[_Page], given: set[str]) -> dict[str, int]:
    """Return the indexes, by docname, in a build whose sources have only those of `given`."""
    shown = {page.item.docname: page.row.index for page in pages}
    numbers = {name: number for name in given if (number := shown[name]) is not None}
    taken, number = set(numbers.values()), 0
    for page in pages:
        if page.item.questions and page.item.docname not in given:
            number += 1
            while number in taken:
                number += 1
            numbers[page.item.docname] = number
    return numbers


def _index(page: _Page) -> Edit:
    index = "none" if page.row.index is None else str(page.row.index)
    return Edit(
        page.item.source,
        (0, 0),
        f"page {page.item.url}",
        f"gradebook-index: {index}",
        lambda lines: language_of(page.item.source).with_index(lines, index),
    )


# Feedback.


def _questions(page: _Page, snapshot: Snapshot) -> Iterator[Edit]:
    by_label = {row.label: row for row in snapshot.questions.get(page.row.pk, ())}
    for question in page.item.questions:
        row = by_label[question.label]
        rows = snapshot.feedback.get(row.pk, [])
        old = [feedback for feedback in rows if feedback.origin == "source"]
        for item, feedback in zip(question.feedback, old, strict=True):
            change = _change(row, feedback)
            if change != Change():
                edit = _changed(page.item.source, question, item, change)
                yield replace(edit, refused=_choice_fault(question, change, rows))
        for new in (_new(feedback) for feedback in rows if feedback.origin == "admin"):
            if not _has(question, new):
                yield _added(page.item.source, question, new)


def _new(row: FeedbackRow) -> Change:
    options = {"points": _shown(row.points), "format": "markdown"}
    return Change(tidy_answer(row.answer), options, tidy(row.text))


def _change(question: QuestionRow, row: FeedbackRow) -> Change:
    """Return how a feedback from the source now differs from what the source says."""
    said = (row.source_answer, row.source_text, row.source_markup, row.source_points)
    if (row.answer, row.text, row.markup, row.points) == said:
        return Change()  # the usual case
    answer, reply = tidy_answer(row.answer), tidy(row.text)
    options = _points(question, row)
    if row.markup != row.source_markup:
        options["format"] = "markdown" if row.markup == "md" else None
    is_same = reply == tidy(row.source_text or "") and "format" not in options
    return Change(
        argument=None if answer == tidy_answer(row.source_answer or "") else answer,
        options=options,
        body=None if is_same else reply,
    )


def _points(question: QuestionRow, row: FeedbackRow) -> dict[str, str | None]:
    said = row.source_points or Decimal(0)
    if kinds.of(question.grader).takes_choices and question.options.get("multiple"):
        # The right set of choices earns all points: a single choice is only right or wrong.
        is_right = row.points > 0
        return {"correct": "" if is_right else None} if is_right != (said > 0) else {}
    return {"points": _shown(row.points)} if row.points != said else {}


def _shown(points: Decimal) -> str:
    return f"{points.normalize():f}"


def _choice_fault(question: m.Question, change: Change, rows: list[FeedbackRow]) -> str:
    if not kinds.of(question.grader).takes_choices:
        return ""
    if change.argument is not None:
        return "the text of a choice is part of the page"
    if change.options.keys() & {"points", "correct"} and not any(row.points > 0 for row in rows):
        return "no choice would be right, which a build refuses"
    return ""


def _changed(source: str, question: m.Question, item: m.Feedback, change: Change) -> Edit:
    is_choice = kinds.of(question.grader).takes_choices

    def write(lines: Lines) -> Lines:
        language = language_of(source)
        if not _is_of(language.read(lines, item.line - 1), item, is_choice=is_choice):
            raise NotWrittenError(NOT_THERE)
        return language.changed(lines, item.line - 1, change)

    what = f"{'choice' if is_choice else 'feedback'} {item.answer!r} of question {question.label}"
    return Edit(source, (question.line, item.line), what, _text_of(change), write)


def _is_of(directive: Directive, item: m.Feedback, *, is_choice: bool) -> bool:
    if collapse(directive.text) != collapse(item.text):
        return False
    if is_choice:
        return directive.is_a("choice")  # the manifest has its text without the markup
    return directive.is_a("feedback") and collapse(directive.argument) == collapse(item.answer)


def _has(question: m.Question, new: Change) -> bool:
    """Return whether the source already has this feedback, apart from white space.

    A sync compares white space too, and so does not recognize it.
    """
    return any(
        (tidy_answer(item.answer), tidy(item.text)) == (new.argument, new.body)
        for item in question.feedback
    )


def _added(source: str, question: m.Question, change: Change) -> Edit:
    def write(lines: Lines) -> Lines:
        language = language_of(source)
        directive = language.read(lines, question.line - 1)
        if not directive.is_a("question") or directive.argument != question.label:
            raise NotWrittenError(NOT_THERE)
        return language.added(lines, question.line - 1, change)

    what = f"a new feedback for question {question.label}"
    return Edit(source, (question.line, AT_THE_END), what, _text_of(change), write)


def _text_of(change: Change) -> str:
    """Return the text of a change, for an author who has to make it by hand."""
    return "\n".join(_parts(change))


def _parts(change: Change) -> Iterable[str]:
    if change.argument is not None:
        yield f"answer: {change.argument}"
    for name, value in change.options.items():
        yield f"without :{name}:" if value is None else f":{name}: {value}".rstrip()
    if change.body is not None:
        yield f"reply:\n{change.body}"
