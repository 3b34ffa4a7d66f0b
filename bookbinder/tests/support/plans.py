"""Makes plans and snapshots for manifests, without a database."""

import itertools

from bookbinder.sphinx import manifest as m
from books.releases.contents import published_files
from books.sync.plan import Plan
from books.sync.planning.make_plan import make_plan
from books.sync.snapshot import Snapshot


def plan_of(snapshot: Snapshot, *manifests: m.Manifest) -> Plan:
    return make_plan(manifests, snapshot, new_ids())


def snapshot_of(manifest: m.Manifest, **over) -> Snapshot:
    """Return the snapshot after a manifest was published; primary keys count from 1."""
    plan = plan_of(Snapshot(), manifest)

    def real(row, parent=None):
        values = {"pk": -row.pk} | ({parent: -getattr(row, parent)} if parent else {})
        return row._replace(**values)

    def grouped(rows, parent):
        groups = {}
        for row in rows:
            groups.setdefault(getattr(row, parent), []).append(row)
        return groups

    pages = [real(row, "book_id") for row in plan.pages.create]
    questions = [real(row, "page_id") for row in plan.questions.create]
    feedback = [real(row, "question_id") for row in plan.feedback.create]
    books = [real(row)._replace(release_id=1) for row in plan.books.create]
    fields = {
        "books": {manifest.project: books},
        "pages": grouped(pages, "book_id"),
        "questions": grouped(questions, "page_id"),
        "feedback": grouped(feedback, "question_id"),
        "files": {manifest.project: published_files(manifest)},
        "folders": {manifest.project: "r1"},
    }
    return Snapshot(**fields | over)


def new_ids():
    return (f"new{number}" for number in itertools.count(1))
