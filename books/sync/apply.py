"""Carries out a plan: one short transaction that writes rows and points books at their release."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from django.db import models, transaction
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from accounts.models import User
from books.errors import BooksError
from books.models import Book, Feedback, FormerAddress, Page, Question, Release
from books.releases.folders import Staged
from books.sync import bulk_write, names
from books.sync.content_rows import BookRow, FeedbackRow, PageRow, QuestionRow
from books.sync.follower import Effects, registered_followers
from books.sync.plan import Changes, Plan, Row

CHUNK = 10_000  # rows in one query: SQLite allows 32,766 parameters
Marks = Mapping[str, object]
Pks = dict[int, int]


class ChangedError(BooksError):
    """The database is not as it was when the plan was made."""


@transaction.atomic
def apply(
    plan: Plan,
    effects: Mapping[str, Effects],
    staged: Sequence[Staged],
    *,
    summary: str,
    by: User | None = None,
    operator: str = "",
    marks: Marks | None = None,
    sources: Mapping[str, str] | None = None,
) -> None:
    """Write what the plan says. The rows that it deletes have been archived before.

    `marks` are those of `marks_of`, taken before the archive was written; `sources` maps each
    project to the folder that it was built from. Raises ChangedError if somebody has edited rows
    that the plan changes, or given data that it deletes, since the plan was made.
    """
    for follower in registered_followers():
        follower.lock_rows(plan)
    _lock_and_compare(Book, BookRow, plan.books)
    _lock_and_compare(Page, PageRow, plan.pages)
    _lock_and_compare(Question, QuestionRow, plan.questions)
    _lock_and_compare(Feedback, FeedbackRow, plan.feedback)
    _check_user_data(plan, marks or {})
    releases = {
        files.project: Release.objects.create(
            project=files.project,
            folder=files.release,
            created_by=by,
            operator=operator,
            source=(sources or {}).get(files.project, ""),
            summary=summary,
            files=plan.releases[files.project].files,
        )
        for files in staged
    }
    if plan.losses:
        for follower in registered_followers():
            follower.drop(plan)
    _keep_addresses(plan)
    pks = _write_content(plan)
    published = [pks.get(pk, pk) for pk in plan.published]
    for project, release in releases.items():
        Book.objects.filter(project=project, pk__in=published).update(release=release)
        Release.objects.filter(pk=release.pk).update(names=names.of(release))
    Book.objects.filter(pk__in=[book.pk for book in plan.withdrawn]).update(release=None)
    for follower in registered_followers():
        follower.follow(plan, effects[follower.name], pks)


def _lock_and_compare(
    model: type[models.Model], row_type: type[Row], changes: Changes[Row]
) -> None:
    """Lock the rows that the plan changes. Raises ChangedError if they differ from the plan's."""
    expected = {row.pk: row for row in (*(old for old, _new in changes.update), *changes.delete)}
    pks = list(expected)
    for start in range(0, len(pks), CHUNK):
        rows = _rows(model, pks[start : start + CHUNK]).select_for_update(of=("self",))
        for values in rows.values_list(*row_type._fields):
            row = row_type._make(values)
            if expected.pop(row.pk) != row:
                raise ChangedError(_edited())
    if expected:
        raise ChangedError(_edited())


def _rows(model: type[models.Model], pks: Iterable[int]) -> QuerySet[models.Model]:
    return model._default_manager.filter(pk__in=pks).order_by()


def _edited() -> str:
    return _(
        "What the plan would change has been edited meanwhile. Nothing was changed: sync again."
    )


def marks_of(plan: Plan) -> Marks:
    """Return the marks of the followers' rows that the plan deletes, by follower.

    If a mark is different later, somebody has written to those rows.
    """
    if not plan.losses:
        return {}
    return {follower.name: follower.mark(plan) for follower in registered_followers()}


def _check_user_data(plan: Plan, marks: Marks) -> None:
    """Raise ChangedError if the user data that the plan deletes is not what was archived.

    Locks the questions, so that nobody can answer them until the transaction ends.
    """
    deleted = [question.pk for question in plan.questions.delete]
    if not deleted:
        return
    # Ordered by key: the default order would also lock pages and books, which notes lock too.
    questions = Question.objects.filter(pk__in=deleted).order_by("pk")
    list(questions.select_for_update(of=("self",)).values_list("pk"))
    expected = {loss.question_id: loss.counts for loss in plan.losses}
    counted: dict[int, dict[str, int]] = {}
    for follower in registered_followers():
        for pk, counts in follower.counts(plan.projects).by_question.items():
            counted.setdefault(pk, {}).update(counts)
    has_new_rows = any(counted.get(pk, {}) != expected.get(pk, {}) for pk in deleted)
    is_written_to = any(
        follower.mark(plan) != marks[follower.name]
        for follower in registered_followers()
        if follower.name in marks
    )
    if has_new_rows or is_written_to:
        raise ChangedError(
            _(
                "Somebody has answered a question that would be deleted. Nothing was changed: sync "
                "again."
            )
        )


def _write_content(plan: Plan) -> Pks:
    """Write the rows of all four tables; return the keys of new rows by their negative ones."""
    pks: Pks = {}
    _create(Book, plan.books, pks)
    _update(Book, plan.books, pks)
    # A url or label may pass from one row to another, so the old owners give theirs up first.
    for model, changes, parent, parked in (
        (Page, plan.pages, "book_id", ("url", "source_id")),
        (Question, plan.questions, "page_id", ("label",)),
        (Feedback, plan.feedback, "question_id", ("key",)),
    ):
        _park(model, changes, parked, parent)
        _create(model, changes, pks, parent)
        _update(model, changes, pks, parent, parked)
    for table, deleted in (
        (Feedback, [row.pk for row in plan.feedback.delete]),
        (Question, [row.pk for row in plan.questions.delete]),
        (Page, [row.pk for row in plan.pages.delete]),
        (Book, [row.pk for row in plan.books.delete]),
    ):
        if deleted:
            _rows(table, deleted).delete()
    return pks


def _keep_addresses(plan: Plan) -> None:
    """Remember the addresses that pages leave, for links to them."""
    moved = [(old, old.pk) for old, new in plan.pages.update if old.url != new.url]
    left = moved + [(old, None) for old in plan.pages.delete]
    former = [
        FormerAddress(book_id=old.book_id, url=old.url, page_id=pk, access=old.access)
        for old, pk in left
    ]
    FormerAddress.objects.bulk_create(
        former,
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=("book", "url"),
        update_fields=("page", "access"),
    )


def _create(
    model: type[models.Model], changes: Changes[Any], pks: Pks, parent: str | None = None
) -> None:
    """Insert the new rows; `parent` is the field that may hold a negative key."""
    if not changes.create:
        return
    keys = bulk_write.new_keys(model, len(changes.create))
    pks.update(zip((row.pk for row in changes.create), keys, strict=True))
    names = [name for name in changes.create[0]._fields if name != "pk"]
    read = attrgetter(*names)
    written = []
    for row in changes.create:
        values = [pks[row.pk], *read(row)]
        if parent:
            position = 1 + names.index(parent)
            values[position] = pks.get(values[position], values[position])
        written.append(values)
    bulk_write.insert(model, ["id", *names], written)


def _update(
    model: type[models.Model],
    changes: Changes[Any],
    pks: Pks,
    parent: str | None = None,
    parked: tuple[str, ...] = (),
) -> None:
    """Write the columns that differ, with one statement for each set that changes together.

    A row that has another parent gets its `parked` names back, too.
    """
    groups: dict[tuple[str, ...], list[tuple[object, ...]]] = defaultdict(list)
    for old, new in changes.update:
        values = new._asdict()
        if parent:
            values[parent] = pks.get(values[parent], values[parent])
        is_elsewhere = parent is not None and getattr(old, parent) != values[parent]
        again = parked if is_elsewhere else ()
        names = tuple(
            name for name in new._fields if name in again or getattr(old, name) != values[name]
        )
        if names:
            groups[names].append((*(values[name] for name in names), new.pk))
    for names, written in groups.items():
        bulk_write.update(model, names, written)


def _park(
    model: type[models.Model], changes: Changes[Any], fields: Iterable[str], parent: str
) -> None:
    """Give a temporary unique name to rows that give up theirs within their parent.

    They get another name or another parent, or are deleted. Their names are then free for other
    rows until the new ones are written.
    """
    deleted = [row.pk for row in changes.delete]
    parked = Concat(Value("//"), Cast(F("pk"), CharField()))
    for name in fields:
        leaving = [
            old.pk
            for old, new in changes.update
            if any(getattr(old, field) != getattr(new, field) for field in (name, parent))
        ]
        if leaving or deleted:
            _rows(model, [*leaving, *deleted]).update(**{name: parked})
