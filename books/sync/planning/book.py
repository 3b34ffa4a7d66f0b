"""Plans one book: its pages, then its questions, which are matched in the whole book. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bookbinder.sphinx import manifest as m
from books.sync.content_rows import BookRow, PageRow, QuestionRow
from books.sync.names import Names
from books.sync.plan import (
    BookPlan,
    Changes,
    Collector,
    Loss,
    Match,
    MissingPageId,
    NearMiss,
    Prefer,
)
from books.sync.planning import similar
from books.sync.planning.feedback import FeedbackPlanner, lost_edits
from books.sync.planning.matching import Claims, Matching, Pair
from books.sync.planning.merging import Merger
from books.sync.planning.similar import NewQuestion
from books.sync.snapshot import Snapshot

MOST_LABELS = 20  # former ones that are remembered
NOBODY: tuple[int | None, Mapping[str, int]] = (None, {})


@dataclass(frozen=True)
class Context:
    """What all books of a plan share; `new_pks` yields negative keys for new rows."""

    snapshot: Snapshot
    new_ids: Iterator[str]
    new_pks: Iterator[int]
    prefer: Prefer | None = None
    # Of releases that come back, by project.
    names: Mapping[str, Names] = field(default_factory=dict)


def plan_book(project: str, old: BookRow | None, new: m.Book, context: Context) -> BookPlan:
    """Return the changes that make the book's rows mirror the manifest."""
    return _BookPlanner(project, context).plan(old, new)


def plan_without(book: BookRow, context: Context) -> BookPlan | None:
    """Return what happens to a book that is no longer in the build.

    It is withdrawn if people need its rows, else deleted. None if it has been withdrawn already.
    """
    snapshot = context.snapshot
    if book.pk in snapshot.kept_books:
        return None if book.release_id is None else BookPlan(book, "withdrawn")
    pages = {page.pk: page for page in snapshot.pages.get(book.pk, [])}
    questions = [row for pk in pages for row in snapshot.questions.get(pk, [])]
    return BookPlan(
        book,
        "deleted",
        book=Changes(delete=(book,)),
        pages=Changes(delete=tuple(pages.values())),
        questions=Changes(delete=tuple(questions)),
        is_gutted=bool(pages),
        lost_edits=tuple(_lost_edits(questions, snapshot)),
        losses=tuple(_losses(questions, pages, snapshot)),
    )


def _losses(
    questions: Iterable[QuestionRow], pages: dict[int, PageRow], snapshot: Snapshot
) -> Iterator[Loss]:
    """Yield the deleted questions that have user data."""
    for question in questions:
        counts = snapshot.counts.get(question.pk)
        if counts:
            yield Loss(question.pk, pages[question.page_id].url, question.label, counts)


def _lost_edits(deleted: Iterable[QuestionRow], snapshot: Snapshot) -> Iterator[str]:
    for question in deleted:
        yield from lost_edits(question.label, snapshot.feedback.get(question.pk, []))


class _BookPlanner:
    """Plans one book that is in the build, table by table."""

    def __init__(self, project: str, context: Context) -> None:
        self.project = project
        self.context = context
        self.snapshot = context.snapshot
        self.books: Collector[BookRow] = Collector()
        self.pages: Collector[PageRow] = Collector()
        self.questions: Collector[QuestionRow] = Collector()
        self.merger = Merger(context.prefer)
        self.feedback = FeedbackPlanner(self.merger, context.new_pks)
        self.matches: list[Match] = []
        self.near_misses: list[NearMiss] = []
        self.missing_page_ids: list[MissingPageId] = []
        self.old_pages: dict[int, PageRow] = {}
        # If a release comes back: the rows that its names belonged to.
        self.names: Mapping[str, tuple[int, Mapping[str, int]]] = {}

    def plan(self, old: BookRow | None, new: m.Book) -> BookPlan:
        self.names = self.context.names.get(self.project, {}).get(new.url, {})
        row = self.plan_row(old, new)
        self.old_pages = {page.pk: page for page in self.snapshot.pages.get(row.pk, [])}
        new_questions = self.plan_pages(row.pk, new)
        self.plan_questions(new_questions)
        deleted = self.questions.delete
        return BookPlan(
            row,
            "published",
            book=self.books.changes(),
            pages=self.pages.changes(),
            questions=self.questions.changes(),
            feedback=self.feedback.table.changes(),
            is_gutted=len(self.pages.delete) * 2 > len(self.old_pages),
            matches=tuple(self.matches + self.feedback.matches),
            # Nobody can add the advice to a release.
            near_misses=() if self.project in self.context.names else tuple(self.near_misses),
            edits=tuple(self.merger.edits),
            lost_edits=(*self.feedback.lost_edits, *_lost_edits(deleted, self.snapshot)),
            losses=tuple(_losses(deleted, self.old_pages, self.snapshot)),
            missing_page_ids=tuple(self.missing_page_ids),
        )

    def plan_row(self, old: BookRow | None, new: m.Book) -> BookRow:
        if old is None:
            row = BookRow(
                pk=next(self.context.new_pks),
                project=self.project,
                url=new.url,
                title=new.title,
                source_title=new.title,
                release_id=None,
                description=new.description,
                author=new.author,
                cover=new.cover or "",
                conflicts="",
            )
            self.books.put(None, row)
            return row
        merger = self.merger.row("book", old.pk, new.title, old.conflicts)
        title = merger.merged("title", old.title, old.source_title, new.title)
        row = old._replace(
            title=title,
            source_title=new.title,
            description=new.description,
            author=new.author,
            cover=new.cover or "",
            conflicts=merger.conflicts,
        )
        if row == old and old.release_id is None:
            # A book that was withdrawn comes back: only its release changes.
            self.books.update.append((old, row))
        self.books.put(old, row)
        return row

    # Pages.

    def plan_pages(self, book_pk: int, new: m.Book) -> list[NewQuestion]:
        """Plan the pages; return their new questions with the keys of the pages."""
        matching = self.match_pages(new)
        new_questions = []
        for position, page in enumerate(new.pages):
            page_pk = self.plan_page(book_pk, position, matching.pair_of(position), page)
            new_questions += [
                NewQuestion(page_pk, page, index, question)
                for index, question in enumerate(page.questions)
            ]
        self.pages.delete += matching.old
        self.near_misses += similar.pages(matching.old, matching.new, self.snapshot)
        return new_questions

    def match_pages(self, new: m.Book) -> Matching[PageRow, m.Page]:
        matching: Matching[PageRow, m.Page] = Matching(self.old_pages.values(), new.pages)
        if self.names:
            matching.by(
                "release", lambda row: row.pk, lambda page: self.names.get(page.url, NOBODY)[0]
            )
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

    def plan_page(
        self, book_pk: int, position: int, pair: Pair[PageRow] | None, new: m.Page
    ) -> int:
        """Plan one page; return its key."""
        old = pair.row if pair else None
        title, index, conflicts = new.title, new.index, ""
        if pair and old:
            merger = self.merger.row("page", old.pk, new.url, old.conflicts)
            title = merger.merged("title", old.title, old.source_title, new.title)
            index = merger.merged("index", old.index, old.source_index, new.index)
            conflicts = merger.conflicts
            if old.url != new.url:
                self.matches.append(Match("page", old.pk, old.url, new.url, pair.rule))
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
            level=new.level,
            caption=new.caption,
            source_id=source_id,
            fingerprint=new.fingerprint,
            access=new.access,
            conflicts=conflicts,
        )
        self.pages.put(old, row)
        return row.pk

    # Questions.

    def plan_questions(self, new: list[NewQuestion]) -> None:
        """Plan the questions: each is looked for on its page first, then in the whole book."""
        old = [row for pk in self.old_pages for row in self.snapshot.questions.get(pk, [])]
        matching = self.match_questions(old, new)
        for position, item in enumerate(new):
            self.plan_question(matching.pair_of(position), item)
        self.questions.delete += matching.old
        self.near_misses += similar.questions(
            matching.old, matching.new, self.old_pages, self.snapshot
        )

    def match_questions(
        self, old: list[QuestionRow], new: list[NewQuestion]
    ) -> Matching[QuestionRow, NewQuestion]:
        matching: Matching[QuestionRow, NewQuestion] = Matching(old, new)
        if self.names:
            matching.by(
                "release",
                lambda row: row.pk,
                lambda item: self.names.get(item.page.url, NOBODY)[1].get(item.question.label),
            )
        if any(item.question.was for item in new):
            matching.by_was(
                Claims(
                    row=lambda row: (row.page_id, row.label),
                    item=lambda item: (item.page_pk, item.question.label),
                    was=self.was_of,
                    row_text=_text,
                    item_text=lambda item: _text(item.question),
                )
            )
        matching.by(
            "label",
            lambda row: (row.page_id, row.label),
            lambda item: (item.page_pk, item.question.label),
        )
        matching.by("moved", lambda row: row.label, lambda item: item.question.label)
        matching.by(":was:", lambda row: row.label, lambda item: item.question.was)
        matching.by(
            "text",
            lambda row: _text(row) if row.fingerprint else None,
            lambda item: _text(item.question),
        )
        return matching

    def was_of(self, item: NewQuestion) -> tuple[int | None, str] | None:
        """Return page and label in `:was:`: a label of the same page, or `page#label`."""
        if not item.question.was:
            return None
        url, hash_sign, label = item.question.was.rpartition("#")
        if not hash_sign:
            return item.page_pk, label
        page = next((pk for pk, page in self.old_pages.items() if page.url == url), None)
        return page, label

    def plan_question(self, pair: Pair[QuestionRow] | None, item: NewQuestion) -> None:
        old, new = pair.row if pair else None, item.question
        row = QuestionRow(
            pk=next(self.context.new_pks) if old is None else old.pk,
            page_id=item.page_pk,
            label=new.label,
            index=item.index,
            points_possible=new.points_possible,
            grader=new.grader,
            prompt=new.prompt,
            options=new.options,
            fingerprint=new.fingerprint,
            former_labels=_former_labels(old, new.label),
        )
        self.questions.put(old, row)
        if pair and old and (old.page_id, old.label) != (item.page_pk, new.label):
            was = f"{self.old_pages[old.page_id].url}#{old.label}"
            name = f"{item.page.url}#{new.label}"
            self.matches.append(Match("question", old.pk, was, name, pair.rule))
        self.feedback.plan(row.pk, row.label, self.snapshot.feedback.get(row.pk, []), new)


def _former_labels(old: QuestionRow | None, label: str) -> list[str]:
    """Return the labels, other than `label`, that a question has had, the latest ones last."""
    had = [] if old is None else [*old.former_labels, old.label]
    return [name for name in dict.fromkeys(reversed(had)) if name != label][:MOST_LABELS][::-1]


def _text(question: QuestionRow | m.Question) -> tuple[str, str]:
    """Return what identifies a question by its content: the hash of its text, and its grader."""
    return question.fingerprint, question.grader
