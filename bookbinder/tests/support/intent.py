"""Finds questions of a new edition that are certainly old ones, as the author intended.

It is written independently of how plans match. It is slow, and leaves out what is doubtful.
"""

from collections.abc import Iterator
from typing import NamedTuple

from bookbinder.sphinx import manifest as m
from books.sync.content_rows import PageRow, QuestionRow
from books.sync.snapshot import Snapshot


class Asked(NamedTuple):
    """A question of the new edition and its page."""

    page: m.Page
    question: m.Question

    @property
    def place(self) -> tuple[str, str]:
        return self.page.url, self.question.label


class Kept(NamedTuple):
    """An old question that is certainly in the new edition, and the rule that says so."""

    row: QuestionRow
    asked: Asked
    why: str
    # Whether the edition has no `was`, which might contradict: then plans must match the two.
    is_only: bool


class Judge:
    """Compares the old and the new version of one book."""

    def __init__(self, snapshot: Snapshot, book_pk: int, new: m.Book) -> None:
        self.pages = {row.pk: row for row in snapshot.pages.get(book_pk, [])}
        self.rows = [one for pk in self.pages for one in snapshot.questions.get(pk, [])]
        self.new = new
        self.asked = [Asked(page, one) for page in new.pages for one in page.questions]
        self.says_was = any(page.was for page in new.pages) or any(
            one.question.was for one in self.asked
        )

    def kept(self) -> Iterator[Kept]:
        """Yield each old question that is kept, once for each rule that says so."""
        rules = (self.on_its_page, self.moved, self.relabelled, self.named_before)
        for row in self.rows:
            for rule in rules:
                found = rule(row)
                if found is not None:
                    yield Kept(row, found, rule.__name__, not self.says_was)

    def page_of(self, old: PageRow) -> m.Page | None:
        """Return the new page with the id of an old one or, if no id contradicts, with its url."""
        ids = {page.page_id: page for page in self.new.pages if page.page_id}
        if old.source_id in ids:
            return ids[old.source_id]
        claimed = [page for page in self.new.pages if page.was == old.url and page.url != old.url]
        known = {row.source_id for row in self.pages.values()}
        for page in self.new.pages:
            if (
                page.url == old.url
                and not claimed
                and page.was is None
                and page.page_id not in known
            ):
                return page
        return self.renamed(old, claimed, known)

    def renamed(self, old: PageRow, claimed: list[m.Page], known: set[str]) -> m.Page | None:
        """Return the page that says in `was` that it is the old one, if its url is a new one."""
        urls = {row.url for row in self.pages.values()}
        is_left = old.url not in {page.url for page in self.new.pages}
        if len(claimed) == 1 and is_left and claimed[0].url not in urls:
            return claimed[0] if claimed[0].page_id not in known else None
        return None

    def on_its_page(self, row: QuestionRow) -> Asked | None:
        """Return the question with the same label on the same page."""
        page = self.page_of(self.pages[row.page_id])
        for one in self.asked:
            if one.page is page and one.question.label == row.label and one.question.was is None:
                return one
        return None

    def moved(self, row: QuestionRow) -> Asked | None:
        """Return the question with the same label, if it is unique in the old and the new book."""
        found = [one for one in self.asked if one.question.label == row.label]
        is_once = [one.label for one in self.rows].count(row.label) == 1 == len(found)
        return found[0] if is_once and found[0].question.was is None else None

    def relabelled(self, row: QuestionRow) -> Asked | None:
        """Return the question with the same text, if it is unique in the old and the new book.

        Its old label must not be used in the new book, nor its new label in the old one.
        """
        text = (row.fingerprint, row.grader)
        found = [
            one for one in self.asked if (one.question.fingerprint, one.question.grader) == text
        ]
        is_once = [(one.fingerprint, one.grader) for one in self.rows].count(text) == 1
        if not is_once or len(found) != 1 or found[0].question.was is not None:
            return None
        old, new = {one.label for one in self.rows}, {one.question.label for one in self.asked}
        is_new = row.label not in new and found[0].question.label not in old
        return found[0] if is_new else None

    def named_before(self, row: QuestionRow) -> Asked | None:
        """Return the only question that says in `was` that it is this one, if its label is new."""
        place = f"{self.pages[row.page_id].url}#{row.label}"
        page = self.page_of(self.pages[row.page_id])
        names = (place, row.label)
        claims = [one for one in self.asked if one.question.was in names]
        if len(claims) != 1 or not self.has_new_name(claims[0]):
            return None
        is_here = claims[0].question.was == place or claims[0].page is page
        return claims[0] if is_here or self.is_label_clear(row) else None

    def has_new_name(self, asked: Asked) -> bool:
        """Return whether no old question has the label of this one."""
        labels = [one.label for one in self.rows]
        return asked.question.label not in labels

    def is_label_clear(self, row: QuestionRow) -> bool:
        """Return whether a label is unique in the old book and unused in the new one."""
        is_once = [one.label for one in self.rows].count(row.label) == 1
        return is_once and row.label not in {one.question.label for one in self.asked}
