"""Carries out a plan: one short transaction that writes rows and points books at their release."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from accounts.models import User
from books.models import Book, Feedback, Page, Question, Release
from books.releases.folders import Staged
from books.sync import bulk_write
from books.sync.follower import Effects as FollowerEffects
from books.sync.follower import Follower, registered_followers
from books.sync.plan import Changes, Plan


class ChangedError(Exception):
    """The database is not as it was when the plan was made."""


CHUNK = 10_000  # rows that are asked for at once: SQLite takes 32,766 parameters
EDITED = "What the plan would change has been edited meanwhile. Nothing was changed: sync again."
Effects = Mapping[str, FollowerEffects]
Marks = Mapping[str, Any]
Pks = dict[int, int]


@transaction.atomic
def apply(
    plan: Plan,
    effects: Effects,
    staged: Sequence[Staged],
    *,
    summary: str,
    by: User | None = None,
    operator: str = "",
    marks: Marks | None = None,
    sources: Mapping[str, str] | None = None,
) -> None:
    """Write what the plan says. Rows that go were written to the archive before.

    `sources` are the folders that projects were built from.

    `marks` are what followers say of rows that go, as they were archived. Raises ChangedError
    where somebody has edited what is written, or touched what goes, since the plan was made.
    """
    for follower in registered_followers():
        follower.lock_rows(plan)
    for model, changes in _tables(plan):
        _check_rows(model, changes)
    _check_losses(plan, marks or {})
    releases = {
        one.project: Release.objects.create(
            project=one.project,
            folder=one.release,
            created_by=by,
            operator=operator,
            source=(sources or {}).get(one.project, ""),
            summary=summary,
            files=plan.releases[one.project].files,
        )
        for one in staged
    }
    for follower in registered_followers() if plan.losses else ():
        follower.drop(plan)
    pks = _write_books(plan, releases)
    for follower in registered_followers():
        follower.follow(plan, effects[follower.name], pks)


def _tables(plan: Plan) -> list[tuple[type[models.Model], Changes[Any]]]:
    return [
        (Book, plan.books),
        (Page, plan.pages),
        (Question, plan.questions),
        (Feedback, plan.feedback),
    ]


def _check_rows(model: type[models.Model], changes: Changes[Any]) -> None:
    """Hold the rows that the plan changes, and see that they are as it was made for."""
    expected = {row.pk: row for row in (*(old for old, _new in changes.update), *changes.delete)}
    pks = list(expected)
    for start in range(0, len(pks), CHUNK):
        some = model._default_manager.filter(pk__in=pks[start : start + CHUNK]).order_by()
        names = expected[pks[start]]._fields
        for values in some.select_for_update(of=("self",)).values_list(*names):
            if expected.pop(values[0]) != values:
                raise ChangedError(EDITED)
    if expected:
        raise ChangedError(EDITED)


def marks_of(plan: Plan) -> Marks:
    """Return what tells whether anybody touches the rows that go, from when they are archived."""
    return {one.name: one.mark(plan) for one in registered_followers()} if plan.losses else {}


def _check_losses(plan: Plan, marks: Marks) -> None:
    gone = [question.pk for question in plan.questions.delete]
    if not gone:
        return
    # Nobody can answer these any more until this transaction ends.
    going = Question.objects.filter(pk__in=gone).order_by("pk")
    # Not their pages and books, by which Django would order them: notes hold those.
    list(going.select_for_update(of=("self",)).values_list("pk"))
    expected = {loss.question_id: loss.counts for loss in plan.losses}
    found: dict[int, dict[str, int]] = {}
    for follower in registered_followers():
        for pk, counts in follower.counts(plan.projects).by_question.items():
            found.setdefault(pk, {}).update(counts)
    is_counted = all(found.get(pk, {}) == expected.get(pk, {}) for pk in gone)
    if not is_counted or any(one.mark(plan) != marks[one.name] for one in _marked(marks)):
        raise ChangedError(
            "Somebody has answered a question that would go. Nothing was changed: sync again."
        )


def _marked(marks: Marks) -> list[Follower]:
    return [one for one in registered_followers() if one.name in marks]


def _write_books(plan: Plan, releases: Mapping[str, Release]) -> Pks:
    pks: Pks = {}
    _create(Book, plan.books, pks)
    _update(Book, plan.books, pks)
    # A label or url may pass from one row to another: nobody has it in between.
    _park(Page, plan.pages, ("url", "source_id"))
    _create(Page, plan.pages, pks, parent="book_id")
    _update(Page, plan.pages, pks, parent="book_id")
    _park(Question, plan.questions, ("label",))
    _create(Question, plan.questions, pks, parent="page_id")
    _update(Question, plan.questions, pks, parent="page_id")
    _park(Feedback, plan.feedback, ("key",))
    _create(Feedback, plan.feedback, pks, parent="question_id")
    _update(Feedback, plan.feedback, pks, parent="question_id")
    _delete(Feedback, plan.feedback)
    _delete(Question, plan.questions)
    _delete(Page, plan.pages)
    _delete(Book, plan.books)
    published = [pks.get(pk, pk) for pk in plan.published]
    for project, release in releases.items():
        Book.objects.filter(project=project, pk__in=published).update(release=release)
    Book.objects.filter(pk__in=[book.pk for book in plan.withdrawn]).update(release=None)
    return pks


def _create(
    model: type[models.Model], changes: Changes[Any], pks: Pks, parent: str | None = None
) -> None:
    if not changes.create:
        return
    keys = bulk_write.new_keys(model, len(changes.create))
    pks.update(zip((row.pk for row in changes.create), keys, strict=True))
    columns = ["id", *changes.create[0]._fields[1:]]
    place = columns.index(parent) if parent else 0
    written = []
    for row in changes.create:
        values = [pks[row.pk], *row[1:]]
        values[place] = pks.get(values[place], values[place])
        written.append(values)
    bulk_write.insert(model, columns, written)


def _update(
    model: type[models.Model], changes: Changes[Any], pks: Pks, parent: str | None = None
) -> None:
    """Write what differs: a statement for each set of columns that change together."""
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for old, new in changes.update:
        values = new._asdict()
        if parent:
            values[parent] = pks.get(values[parent], values[parent])
        names = tuple(name for name in new._fields if getattr(old, name) != values[name])
        if names:
            groups[names].append((*(values[name] for name in names), new.pk))
    for names, written in groups.items():
        bulk_write.update(model, names, written)


def _park(model: type[models.Model], changes: Changes[Any], fields: Iterable[str]) -> None:
    """Give rows a name that nothing else can have where theirs changes, or they go.

    Nobody has it then until it is written anew: only what is written may be taken from a row.
    """
    gone = [row.pk for row in changes.delete]
    parked = Concat(Value("//"), Cast(F("pk"), CharField()))
    for name in fields:
        leaving = [
            old.pk for old, new in changes.update if getattr(old, name) != getattr(new, name)
        ]
        if leaving or gone:
            model._default_manager.filter(pk__in=[*leaving, *gone]).update(**{name: parked})


def _delete(model: type[models.Model], changes: Changes[Any]) -> None:
    if changes.delete:
        model._default_manager.filter(pk__in=[row.pk for row in changes.delete]).delete()
