"""A sync of 300 pages x 5 questions x 4 feedback, without files."""

import itertools
import json
from decimal import Decimal

from django.db import connection
from django.db.models import Model

from benchmarks.figures import Figure, alternate, count_queries
from bookbinder.sphinx import manifest as m
from books.models import Book, Feedback, Page, Question, Release
from books.releases import folders
from books.releases.folders import Staged
from books.sources import page_ids
from books.sync import apply, pipeline, snapshot
from books.sync.plan import NO_OPTIONS, Options
from books.sync.planning.make_plan import make_plan
from books.sync.report import totals

PAGES = 300
QUESTIONS = 5
FEEDBACK = 4
REPLY = "<p>Not yet: look at the second law, and count <em>both</em> sides once more.</p>"


def make_manifest(pages: int = PAGES) -> m.Manifest:
    """Return the manifest of a book, with texts of typical length."""

    def feedback(number: int) -> m.Feedback:
        return m.Feedback(
            None, f"answer {number}", REPLY, REPLY[3:-4], "sphinx", number, Decimal("0.5")
        )

    def question(page: int, number: int) -> m.Question:
        items = tuple(feedback(n) for n in range(FEEDBACK))
        prompt = f"What follows from the law of page {page} for case {number}? Give a number."
        name = f"{page:032x}{number:032x}"
        return m.Question(f"q{number}", "text", Decimal(2), prompt, {}, name, 10, items)

    def page(number: int) -> m.Page:
        questions = tuple(question(number, n) for n in range(QUESTIONS))
        name, digest = f"chapter/page{number}", f"{number:064x}"
        return m.Page(
            name, name, f"Page {number}", f"{name}.rst", f"id{number}", number, "", digest, digest,
            questions,
        )  # fmt: skip

    return m.Manifest("sync", (m.Book("sync", "Sync", tuple(page(n) for n in range(pages))),), {})


def bring_in(data: bytes, options: Options = NO_OPTIONS) -> None:
    """Read, plan and apply a manifest: a sync without its files."""
    manifest = m.parse(json.loads(data, parse_float=Decimal))
    ids = {page.page_id for page in manifest.pages() if page.page_id}
    before = snapshot.take({manifest.project}, ids)
    plan = make_plan([manifest], before, page_ids.random_ids())
    effects = pipeline.compute_effects(plan, before, (), options)
    if plan.is_empty:
        return
    number = next(_releases)
    staged = Staged(manifest.project, folders.releases_folder("sync") / f"staged-{number}")
    apply.apply(plan, effects, [staged], summary=totals.summary(plan))


Rows = dict[type[Model], list[tuple[object, ...]]]
_releases = itertools.count()
TABLES = (Page, Question, Feedback)


def columns(model: type[Model]) -> str:
    """Return the names of a model's columns, quoted for SQL."""
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)


def forget() -> None:
    """Delete the book with all its rows, and its releases."""
    Book.objects.filter(project="sync").delete()
    Release.objects.filter(project="sync").delete()


def saved_rows() -> Rows:
    """Return all rows of `TABLES`."""
    return {model: list(model._default_manager.order_by("pk").values_list()) for model in TABLES}


def copy_in(rows: Rows) -> None:
    """Write rows into their tables by COPY. Their book must already exist."""
    with connection.cursor() as cursor:
        for model, values in rows.items():
            statement = f"COPY {model._meta.db_table} ({columns(model)}) FROM STDIN"
            with cursor.copy(statement) as copy:
                for row in values:
                    copy.write_row([json.dumps(v) if isinstance(v, dict) else v for v in row])


def read_all(data: bytes) -> None:
    """Parse a manifest, and read all rows of `TABLES`."""
    json.loads(data)
    with connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            cursor.fetchall()


SIZE = f"{PAGES} pages × {QUESTIONS} questions × {FEEDBACK} feedback"


def first_sync(data: bytes) -> Figure:
    small = m.dumps(make_manifest(30))
    few = count_queries(lambda: bring_in(small))
    forget()
    many = count_queries(lambda: bring_in(data))
    rows, book = saved_rows(), Book.objects.get(project="sync")

    def forget_all_but_the_book() -> None:
        forget()
        Book.objects.create(pk=book.pk, project=book.project, url=book.url, title=book.title)

    ours, floor = alternate(
        lambda: bring_in(data),
        lambda: copy_in(rows),
        before_ours=forget,
        before_floor=forget_all_but_the_book,
    )
    note = f"{many} queries ({few} for 30 pages)"
    return Figure(f"first sync, {SIZE}", ours, "COPY of the rows", floor, 10, note)


def sync_of_nothing(data: bytes) -> Figure:
    forget()
    bring_in(data)
    queries = count_queries(lambda: bring_in(data))
    ours, floor = alternate(lambda: bring_in(data), lambda: read_all(data))
    name = f"sync that changes nothing, {SIZE}"
    return Figure(name, ours, "`json.loads` and `SELECT *`", floor, 4, f"{queries} queries")


def measure() -> list[Figure]:
    data = m.dumps(make_manifest())
    return [first_sync(data), sync_of_nothing(data)]
