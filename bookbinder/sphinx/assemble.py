"""Assembles the manifest of a build: which documents are pages of which book, in which order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from bookbinder.sphinx import (
    contents,
    inventory,
    kinds,
    manifest,
    replies,
    script_hosts,
    shapes,
    shelf,
    source_copies,
)
from bookbinder.sphinx.checks import is_safe_path
from bookbinder.sphinx.collector import Found, Mistake, all_found, mistakes
from bookbinder.sphinx.fingerprints import question_fingerprint
from bookbinder.sphinx.stopping import stop

logger = logging.getLogger(__name__)
LAYOUTS = ("book", "folders")
NO_INDEX = "none"


@dataclass(frozen=True)
class Location:
    """The place of a document: the url of its book, and its own url within the book."""

    book: str
    url: str


def slug_of(name: str) -> str:
    """Return the slug for a project's name: `my-first-book` for `My First Book`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:100].strip("-") or "book"


class Assembly:
    """The pages of a build, in order, and all mistakes found in them."""

    def __init__(self, app: Sphinx) -> None:
        self.app = app
        self.env = app.env
        self.mistakes = list(mistakes(app.env))
        self.contents = contents.read(app.env)
        self.locations = {
            name: location for name in self.contents if (location := self.location(name))
        }
        self.page_ids = {name: self.page_id(name) for name in self.locations}
        self.check_page_ids()
        self.indexes = self.number_pages()

    def found(self, docname: str) -> Found:
        return all_found(self.env).get(docname, Found())

    def source(self, docname: str) -> str:
        """Return the path of a document's file within the source folder."""
        return Path(self.env.doc2path(docname)).relative_to(self.env.srcdir).as_posix()

    def mistake(self, docname: str, what: str) -> None:
        """Note a mistake in a document as a whole, at its first line."""
        self.mistakes.append(Mistake(self.source(docname), 1, what))

    def metadata(self, docname: str, name: str) -> str | None:
        """Return a field of a document's metadata, or None if it is missing."""
        value: Any = self.env.metadata.get(docname, {}).get(name)
        return None if value is None else str(value).strip()

    def location(self, docname: str) -> Location | None:
        """Return the place of a document, or None and note a mistake if it is in no book."""
        config = self.app.config
        if config.bookbinder_layout == "book":
            return Location(config.bookbinder_project, docname)
        folder, _, rest = docname.partition("/")
        if rest and folder == config.bookbinder_project:
            self.mistake(
                docname,
                f"the folder {folder!r} has the project's slug: change bookbinder_project",
            )
            return None
        if rest:
            return Location(folder, rest)
        if docname in config.bookbinder_non_book_pages:
            return Location("", docname)
        self.mistake(
            docname,
            "the page is in no book: move it into a book's folder, or list it in "
            "bookbinder_non_book_pages or bookbinder_exclude",
        )
        return None

    def page_id(self, docname: str) -> str | None:
        """Return the page id that a document has in a directive or in its metadata, if any."""
        by_directive = self.found(docname).page_id
        by_metadata = self.metadata(docname, "page-id")
        if by_metadata and not shapes.PAGE_ID.fullmatch(by_metadata):
            self.mistake(
                docname, f"page-id {by_metadata!r} must be letters, digits, - and _, at most 64"
            )
            return None
        if by_directive and by_metadata and by_directive != by_metadata:
            self.mistake(docname, f"two page ids: {by_directive} and {by_metadata}")
        return by_directive or by_metadata

    def check_page_ids(self) -> None:
        """Note each page id that two pages have."""
        first: dict[str, str] = {}
        for docname, page_id in self.page_ids.items():
            if page_id and page_id in first:
                other = self.source(first[page_id])
                self.mistake(docname, f"the page id {page_id} is also in {other}: remove one")
            elif page_id:
                first[page_id] = docname

    def number_pages(self) -> dict[str, int | None]:
        """Return the index of each page in the gradebook, None for a page that is kept out of it.

        An index that the author gave is used as it is. Other pages with questions get the numbers
        that are free in their book, in the order of the toctrees.
        """
        indexes = self.given_indexes()
        taken = {(self.locations[name].book, index) for name, index in indexes.items()}
        last: dict[str, int] = {}
        for docname, location in self.locations.items():
            if docname not in indexes and self.found(docname).questions:
                index = last.get(location.book, 0) + 1
                while (location.book, index) in taken:
                    index += 1
                indexes[docname] = last[location.book] = index
        return indexes

    def given_indexes(self) -> dict[str, int | None]:
        """Return the indexes given in the sources, and note what is wrong with them."""
        indexes: dict[str, int | None] = {}
        first: dict[tuple[str, int], str] = {}
        for docname, location in self.locations.items():
            text = self.metadata(docname, "gradebook-index")
            if text == NO_INDEX:
                indexes[docname] = None
            elif text is not None and re.fullmatch(r"[0-9]{1,9}", text):
                indexes[docname] = index = int(text)
                other = first.setdefault((location.book, index), docname)
                if other != docname:
                    self.mistake(docname, f"gradebook-index {index} is also that of {other}")
            elif text is not None:
                self.mistake(docname, f"gradebook-index must be a number or none, not {text!r}")
        return indexes

    def access(self, docname: str) -> str:
        """Return a document's `access`; empty if it is missing, or noted as not valid."""
        text = self.metadata(docname, "access") or ""
        if text not in shapes.ACCESSES:
            self.mistake(docname, f"access must be public or left out, not {text!r}")
            return ""
        return text

    def was(self, docname: str) -> str | None:
        """Return the former url of the page in its book, if the author gives one."""
        text = self.metadata(docname, "was")
        return self.url_in_book(docname, text) if text else None

    def url_in_book(self, docname: str, former: str) -> str:
        """Return the url of the document name `former` within the current book of `docname`."""
        folder = f"{self.locations[docname].book}/"
        in_folders = self.app.config.bookbinder_layout == "folders"
        return former.removeprefix(folder) if in_folders else former

    def question_was(self, docname: str, was: str | None) -> str | None:
        """Return a question's former name, with the docname in it replaced by its url."""
        former, hash_, label = (was or "").rpartition("#")
        return f"{self.url_in_book(docname, former)}#{label}" if hash_ else was

    def check_was(self) -> None:
        """Note each former name that is given twice, or that is not valid."""
        claims: dict[tuple[str, str], str] = {}
        for docname, location in self.locations.items():
            was = self.was(docname)
            if was and not is_safe_path(was):
                self.mistake(docname, f"was {was!r} must be the former name of the document")
            for name in [was] if was else []:
                other = claims.setdefault((location.book, name), docname)
                if other != docname:
                    self.mistake(docname, f"was {name}: also given by {self.source(other)}")
            labels = [question.was for question in self.found(docname).questions if question.was]
            for label in {label for label in labels if labels.count(label) > 1}:
                self.mistake(docname, f"two questions of this page have the former name {label}")

    def check(self) -> list[Mistake]:
        """Return all mistakes, sorted by file and line."""
        self.check_was()
        for docname in self.locations:
            self.access(docname)
            if len(self.env.titles[docname].astext()) > 500:
                self.mistake(docname, "the title is longer than 500 characters")
            self.warn_of_tries(docname)
        return sorted(set(self.mistakes))

    def warn_of_tries(self, docname: str) -> None:
        """Warn of each question with `:try:` on a page that is not public.

        It is not a mistake: a page that is closed for a term keeps its `:try:` for the next one.
        """
        if self.metadata(docname, "access") == "public":
            return
        for question in self.found(docname).questions:
            if question.options.get("try"):
                logger.warning(
                    "question %s: nobody can try it without an account, since its page is not "
                    "public: give the page the metadata access: public, or remove :try:",
                    question.label,
                    location=(docname, question.line),
                    type="bookbinder",
                    subtype="try",
                )

    def pages(self) -> Iterator[tuple[str, manifest.Page]]:
        """Yield each page with the url of its book, after rendering its feedback."""
        for docname, location in self.locations.items():
            found = self.found(docname)
            html = replies.render(self.app, docname)
            yield (
                location.book,
                manifest.Page(
                    docname=docname,
                    url=location.url,
                    title=self.env.titles[docname].astext(),
                    source=self.source(docname),
                    page_id=self.page_ids[docname],
                    index=self.indexes.get(docname),
                    access=self.access(docname),
                    sha256=inventory.sha256_of(self.output(docname)),
                    fingerprint=found.fingerprint,
                    questions=tuple(
                        question._replace(was=self.question_was(docname, question.was))
                        for question in _questions(found, html)
                    ),
                    was=self.was(docname),
                    level=self.contents[docname].level,
                    caption=self.contents[docname].caption,
                ),
            )

    def output(self, docname: str) -> Path:
        """Return the path of a document's HTML file."""
        return Path(self.app.outdir) / f"{docname}.html"

    def manifest(self, extra_pages: set[str]) -> manifest.Manifest:
        """Return the manifest, after rendering all feedback and copying its files.

        Stop the build if a file to be published would show what only a reply may show.
        """
        books: dict[str, list[manifest.Page]] = {}
        for url, page in self.pages():
            books.setdefault(url, []).append(page)
        replies.copy_files(self.app)
        inventory.tidy_search_index(Path(self.app.outdir))
        uses = {
            name: inventory.links(self.output(name).read_bytes(), name) for name in self.locations
        }
        files = inventory.take(
            Path(self.app.outdir),
            Path(self.app.doctreedir),
            uses,
            extra_pages=extra_pages,
            own_static=inventory.own_static(
                self.app.config.html_static_path, Path(self.app.confdir)
            ),
        )
        refuse_pictures(books, set().union(*uses.values()), files)
        cover = shelf.cover(self.app.config, files)
        if cover is not None:
            files[cover] = files[cover]._replace(docnames=(), public=True)
        self.refuse_copies_of_sources([*files, *(f"{docname}.html" for docname in self.locations)])
        return manifest.Manifest(
            project=self.app.config.bookbinder_project,
            books=tuple(
                manifest.Book(
                    url=url,
                    title=self.title(url),
                    pages=tuple(pages),
                    description=shelf.description(self.app.config),
                    author=shelf.author(self.app.config),
                    cover=cover,
                )
                for url, pages in books.items()
            ),
            files=files,
            script_hosts=tuple(self.app.config.bookbinder_script_hosts),
            mathjax=script_hosts.of_mathjax(self.app),
        )

    def refuse_copies_of_sources(self, paths: list[str]) -> None:
        """Stop the build if a file to be published shows which answers are right."""
        where = {
            question.label: f"{self.source(docname)}:{question.line}"
            for docname, found in all_found(self.env).items()
            for question in found.questions
        }
        questions = [
            question for found in all_found(self.env).values() for question in found.questions
        ]
        lines = []
        for copy in source_copies.find(Path(self.app.outdir), paths, questions):
            what = "the whole answer key (bookbinder.json)"
            if copy.label is not None:
                what = f"the source of question {copy.label} ({where[copy.label]})"
            lines.append(f"  {copy.path}: shows {what}")
        if lines:
            head = (
                "These files would show students the answers. Remove what copies them (such as "
                "sphinx.ext.viewcode, a download or a literalinclude), or move the questions out "
                "of what is copied:"
            )
            stop("\n".join([head, *lines]))

    def title(self, book_url: str) -> str:
        """Return a book's title: the project's name, or the title of its folder's index page."""
        if book_url in ("", self.app.config.bookbinder_project):
            return str(self.app.config.project) or book_url
        front = f"{book_url}/index"
        return self.env.titles[front].astext() if front in self.env.titles else book_url


def refuse_pictures(
    books: dict[str, list[manifest.Page]], used: set[str], files: dict[str, manifest.File]
) -> None:
    """Stop the build if a file that only a reply shows is not stored as a file of the reply.

    A picture that an extension has drawn would not be published. A file in a static folder would be
    published to everybody who knows or guesses its name.
    """
    lines = []
    for page in (page for pages in books.values() for page in pages):
        for question in page.questions:
            for item in question.feedback:
                for path in sorted(inventory.links(item.feedback.encode(), page.docname) - used):
                    what = f"feedback of {question.label}: shows {path}"
                    if path.startswith(inventory.USED_ONLY):
                        lines.append(f"  {page.source}:{item.line}: {what}, drawn by an extension")
                    elif path in files and _is_open(path, files[path]):
                        lines.append(f"  {page.source}:{item.line}: {what}, which others can open")
    if lines:
        head = (
            "Book Binder cannot keep these files for those who are shown the feedback. Save them "
            "as files beside the page, and show them with an image directive:"
        )
        stop("\n".join([head, *lines]))


def _is_open(path: str, file: manifest.File) -> bool:
    """Return whether a file is neither public, nor a page, nor the file of a reply."""
    is_page = path.endswith(".html")
    return not (file.public or is_page or path.startswith(inventory.REPLY_FILES))


def _questions(found: Found, rendered: list[str]) -> tuple[manifest.Question, ...]:
    html = iter(rendered)
    questions = []
    for question in found.questions:
        feedback = []
        for item in question.items:
            own = next(html)
            feedback.append(
                manifest.Feedback(
                    key=item.key,
                    answer=item.answer,
                    feedback=own if item.html is None else item.html,
                    text=item.text,
                    markup=item.markup,
                    line=item.line,
                    points=item.points,
                )
            )
        takes_choices = kinds.of(question.grader).takes_choices
        choices = [item.answer for item in question.items if takes_choices]
        questions.append(
            manifest.Question(
                label=question.label,
                grader=question.grader,
                points_possible=question.points,
                prompt=question.prompt,
                options=question.options,
                fingerprint=question_fingerprint(question.prompt, question.options, choices),
                line=question.line,
                feedback=tuple(feedback),
                was=question.was,
            )
        )
    return tuple(questions)
