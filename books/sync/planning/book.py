"""What happens to one book: its pages, then its questions, looked for in the whole book. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bookbinder.sphinx import manifest as m
from books.sync.content_rows import BookRow, PageRow, QuestionRow
from books.sync.plan import BookPlan, Changes, Loss, Match, MissingPageId, NearMiss, Prefer, Table
from books.sync.planning import similar
from books.sync.planning.feedback import FeedbackPlanner, lost_edits
from books.sync.planning.matching import Claims, Matching
from books.sync.planning.merging import Merger
from books.sync.snapshot import Snapshot

NEW_BY = "new"


@dataclass(frozen=True)
class Context:
    """What all books of a plan share; `new_pks` yields negative keys for rows to create."""

    snapshot: Snapshot
    new_ids: Iterator[str]
    new_pks: Iterator[int]
    prefer: Prefer | None = None


def plan_book(project: str, old: BookRow | None, new: m.Book, context: Context) -> BookPlan:
    """Return what makes the book's rows mirror the manifest."""
    return _BookPlanner(project, context).plan(old, new)


def plan_without(book: BookRow, context: Context) -> BookPlan | None:
    """Return the end of a book that the build no longer has: withdrawn where people need it.

    None: it is withdrawn already.
    """
    snapshot = context.snapshot
    if book.pk in snapshot.kept_books:
        return None if book.release_id is None else BookPlan(book, "withdrawn")
    pages = snapshot.pages.get(book.pk, [])
    questions = [(page, one) for page in pages for one in snapshot.questions.get(page.pk, [])]
    return BookPlan(
        book,
        "deleted",
        book=Changes(delete=(book,)),
        pages=Changes(delete=tuple(pages)),
        questions=Changes(delete=tuple(question for _page, question in questions)),
        is_gutted=bool(pages),
        lost_edits=tuple(_lost_edits((one for _page, one in questions), snapshot)),
        losses=tuple(_losses(questions, snapshot)),
    )


def _losses(questions: list[tuple[PageRow, QuestionRow]], snapshot: Snapshot) -> Iterator[Loss]:
    for page, question in questions:
        counts = snapshot.counts.get(question.pk)
        if counts:
            yield Loss(question.pk, page.url, question.label, counts)


def _lost_edits(gone: Iterable[QuestionRow], snapshot: Snapshot) -> Iterator[str]:
    for question in gone:
        yield from lost_edits(question.label, snapshot.feedback.get(question.pk, []))


class _BookPlanner:
    def __init__(self, project: str, context: Context) -> None:
        self.project = project
        self.context = context
        self.snapshot = context.snapshot
        self.books: Table[BookRow] = Table()
        self.pages: Table[PageRow] = Table()
        self.questions: Table[QuestionRow] = Table()
        self.merger = Merger(context.prefer)
        self.feedback = FeedbackPlanner(self.merger, context.new_pks)
        self.matches: list[Match] = []
        self.near_misses: list[NearMiss] = []
        self.missing_page_ids: list[MissingPageId] = []
        self.old_pages: dict[int, PageRow] = {}
        self.is_gutted = False

    def plan(self, old: BookRow | None, new: m.Book) -> BookPlan:
        row = self.row(old, new)
        # A book that was withdrawn is back: its release changes, if nothing else does.
        is_back = old is not None and old.release_id is None
        if is_back and not self.books.update and old is not None:
            self.books.update.append((old, row))
        else:
            self.books.put(old, row)
        asked = self.pages_of(row.pk, new)
        self.questions_of(asked)
        gone = [(self.old_pages[row.page_id], row) for row in self.questions.delete]
        return BookPlan(
            row,
            "published",
            book=self.books.changes(),
            pages=self.pages.changes(),
            questions=self.questions.changes(),
            feedback=self.feedback.table.changes(),
            is_gutted=self.is_gutted,
            matches=tuple(self.matches + self.feedback.matches),
            near_misses=tuple(self.near_misses),
            edits=tuple(self.merger.edits),
            lost_edits=(
                *self.feedback.lost_edits,
                *_lost_edits(self.questions.delete, self.snapshot),
            ),
            losses=tuple(_losses(gone, self.snapshot)),
            missing_page_ids=tuple(self.missing_page_ids),
        )

    def row(self, old: BookRow | None, new: m.Book) -> BookRow:
        if old is None:
            return BookRow(
                next(self.context.new_pks), self.project, new.url, new.title, new.title, None, ""
            )
        merger = self.merger.row("book", old.pk, new.title, old.conflicts)
        title = merger.merged("title", old.title, old.source_title, new.title)
        return old._replace(title=title, source_title=new.title, conflicts=merger.conflicts)

    # Pages.

    def pages_of(self, book_pk: int, new: m.Book) -> list[tuple[int, m.Page]]:
        """Pair the pages; return each new one with the key of its row."""
        rows = self.snapshot.pages.get(book_pk, [])
        self.old_pages = {row.pk: row for row in rows}
        matching = _match_pages(rows, new)
        found = {id(page): (row, by) for row, page, by in matching.pairs}
        asked = []
        for position, page in enumerate(new.pages):
            row, by = found.get(id(page), (None, NEW_BY))
            asked.append((self.page(book_pk, position, row, page, by), page))
        self.pages.delete += matching.old
        self.near_misses += similar.pages(matching.old, matching.new, self.snapshot)
        self.is_gutted = len(matching.old) * 2 > len(rows)
        return asked

    def page(self, book_pk: int, position: int, old: PageRow | None, new: m.Page, by: str) -> int:
        title, index, conflicts = new.title, new.index, ""
        if old is not None:
            title, index, conflicts = self.merged_page(old, new)
            if old.url != new.url:
                self.matches.append(Match("page", old.pk, old.url, new.url, by))
        source_id = new.page_id or (old.source_id if old else next(self.context.new_ids))
        if new.page_id is None:
            self.missing_page_ids.append(MissingPageId(self.project, new.source, source_id))
        row = PageRow(
            pk=next(self.context.new_pks) if old is None else old.pk,
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
            conflicts=conflicts,
        )
        self.pages.put(old, row)
        return row.pk

    def merged_page(self, old: PageRow, new: m.Page) -> tuple[str, int | None, str]:
        merger = self.merger.row("page", old.pk, new.url, old.conflicts)
        title = merger.merged("title", old.title, old.source_title, new.title)
        index = merger.merged("index", old.index, old.source_index, new.index)
        return title, index, merger.conflicts

    # Questions: looked for on their page first, then in the whole book.

    def questions_of(self, asked: list[tuple[int, m.Page]]) -> None:
        rows = [row for pk in self.old_pages for row in self.snapshot.questions.get(pk, [])]
        matching = self.match_questions(rows, asked)
        found = {id(new): (row, by) for row, new, by in matching.pairs}
        for pk, page in asked:
            for index, question in enumerate(page.questions):
                row, by = found.get(id(question), (None, NEW_BY))
                self.question(pk, page, index, row, question, by)
        self.questions.delete += matching.old
        left = set(map(id, matching.new))
        new = [(pk, page, one) for pk, page in asked for one in page.questions if id(one) in left]
        self.near_misses += similar.questions(matching.old, new, self.old_pages, self.snapshot)

    def match_questions(
        self, rows: list[QuestionRow], asked: list[tuple[int, m.Page]]
    ) -> Matching[QuestionRow, m.Question]:
        items = [question for _pk, page in asked for question in page.questions]
        places = {id(one): (pk, one.label) for pk, page in asked for one in page.questions}
        matching: Matching[QuestionRow, m.Question] = Matching(rows, items)
        if any(one.was for one in items):
            matching.by_was(self.claims(places))
        matching.by("label", lambda row: (row.page_id, row.label), lambda one: places[id(one)])
        matching.by("moved", lambda row: row.label, lambda one: one.label)
        matching.by(":was:", lambda row: row.label, lambda one: one.was)
        matching.by(
            "text",
            lambda row: _text(row) if row.fingerprint else None,
            _text,
        )
        return matching

    def claims(self, places: dict[int, tuple[int, str]]) -> Claims:
        """Return how questions say what they were: a label of their page, or `page#label`."""
        pages = {page.url: pk for pk, page in self.old_pages.items()}

        def was(question: m.Question) -> tuple[int | None, str] | None:
            url, hash_, label = (question.was or "").rpartition("#")
            page = pages.get(url) if hash_ else places[id(question)][0]
            return (page, label) if question.was else None

        return Claims(
            row=lambda row: (row.page_id, row.label),
            item=lambda question: places[id(question)],
            was=was,
            row_text=_text,
            item_text=_text,
        )

    def place_of(self, row: QuestionRow) -> str:
        return f"{self.old_pages[row.page_id].url}#{row.label}"

    def question(
        self,
        page_pk: int,
        page: m.Page,
        index: int,
        old: QuestionRow | None,
        new: m.Question,
        by: str,
    ) -> None:
        row = QuestionRow(
            next(self.context.new_pks) if old is None else old.pk,
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
            is_now = f"{page.url}#{new.label}"
            self.matches.append(Match("question", old.pk, self.place_of(old), is_now, by))
        self.feedback.plan(row.pk, row.label, self.snapshot.feedback.get(row.pk, []), new)


def _match_pages(rows: list[PageRow], new: m.Book) -> Matching[PageRow, m.Page]:
    matching: Matching[PageRow, m.Page] = Matching(rows, new.pages)
    matching.by("page id", lambda row: row.source_id, lambda page: page.page_id)
    if any(page.was for page in new.pages):
        matching.by_was(
            Claims(
                row=lambda row: row.url,
                item=lambda page: page.url,
                was=lambda page: page.was,
                row_text=lambda row: row.fingerprint,
                item_text=lambda page: page.fingerprint,
            )
        )
    matching.by("url", lambda row: row.url, lambda page: page.url)
    matching.by("text", lambda row: row.fingerprint or None, lambda page: page.fingerprint)
    return matching


def _text(question: QuestionRow | m.Question) -> tuple[str, str]:
    """Return what makes two questions one: the same text, asked for the same kind of answer."""
    return question.fingerprint, question.grader
