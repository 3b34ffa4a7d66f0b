"""Migrations on a database with data in it, and a queue that an older version has filled."""

import uuid
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from bookbinder.tests.support import builds
from books.models import Edition
from conftest import make_user

OURS = ("accounts", "books", "grading", "annotations", "billing")
FIRST = [(app, "0001_initial") for app in OURS]


def write_rows(apps) -> None:
    """Write a row of each kind that people make, as the first version did."""
    user = apps.get_model("accounts", "User").objects.create(
        email="sam@example.org", username="sam", first_name="Sam", last_name="Tester"
    )
    book = apps.get_model("books", "Book").objects.create(project="tiny", url="tiny", title="Tiny")
    page = apps.get_model("books", "Page").objects.create(
        book=book, url="foxes", title="Foxes", source_id="aaaaaaaaaaaa", position=1
    )
    question = apps.get_model("books", "Question").objects.create(
        page=page, label="adding", grader="number", points_possible=Decimal(2)
    )
    feedback = apps.get_model("books", "Feedback").objects.create(
        question=question, answer="4", text="Right.", points=Decimal(2)
    )
    course = apps.get_model("grading", "Course").objects.create(book=book, name="Autumn")
    enrollment = apps.get_model("grading", "Enrollment").objects.create(
        course=course, user=user, origin="free", status="active"
    )
    given = {"enrollment": enrollment, "question": question, "string": "4", "points": Decimal(2)}
    apps.get_model("grading", "Attempt").objects.create(**given, feedback=feedback)
    apps.get_model("grading", "Answer").objects.create(**given, feedback=feedback)
    revision = apps.get_model("annotations", "PageRevision").objects.create(
        page=page, text_sha256="0" * 64, text=b"x", built_at=timezone.now(), source_commit="abc"
    )
    apps.get_model("annotations", "Annotation").objects.create(
        book=book, page=page, user=user, motivation="commenting", body="Hm.", revision=revision
    )
    apps.get_model("billing", "Payment").objects.create(
        user=user, course=course, amount=2490, currency="eur", session_id="cs_1", status="paid"
    )


def rows(apps) -> dict[str, list[object]]:
    """Return what must be the same before and after, by model."""
    wanted = {
        ("accounts", "User"): ("email",),
        ("books", "Page"): ("url", "title", "source_id", "position"),
        ("books", "Question"): ("label", "grader", "points_possible"),
        ("books", "Feedback"): ("answer", "text", "points"),
        ("grading", "Course"): ("name", "book__title"),
        ("grading", "Enrollment"): ("origin", "status", "user__email", "course__name"),
        ("grading", "Attempt"): ("string", "points", "feedback__answer"),
        ("grading", "Answer"): ("string", "points", "question__label"),
        ("annotations", "PageRevision"): ("text_sha256", "page__url"),
        ("annotations", "Annotation"): (
            "body",
            "motivation",
            "user__email",
            "revision__text_sha256",
        ),
        ("billing", "Payment"): ("amount", "currency", "session_id", "status"),
    }
    return {
        f"{app}.{model}": list(apps.get_model(app, model).objects.values_list(*fields))
        for (app, model), fields in wanted.items()
    }


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_all_migrations_run_forward_on_the_rows_of_the_first_version(migrated):
    old = migrated(FIRST)
    write_rows(old)
    before = rows(old)
    assert all(len(found) == 1 for found in before.values())
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    assert rows(migrated([node for node in latest if node[0] in OURS])) == before


@pytest.mark.sphinx
@pytest.mark.django_db(transaction=True)
def test_a_queue_that_an_older_version_has_filled_is_worked_off(tmp_path, settings):
    """It names the task by the path that it had then."""
    source = builds.copy_book("rst", tmp_path / "tiny")
    settings.BOOKBINDER_SOURCES = [source]
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    root = make_user("root", type="admin")
    edition = Edition.objects.create(source=str(source), folder=uuid.uuid4().hex, created_by=root)
    DBTaskResult.objects.create(
        args_kwargs={"args": [edition.pk], "kwargs": {}},
        task_path="books.tasks.work_on_edition",
        backend_name="default",
        run_after=timezone.now(),
    )
    call_command("db_worker", "--batch", "--no-startup-delay", "--worker-id", "one", verbosity=0)
    edition.refresh_from_db()
    assert (edition.state, edition.project) == ("planned", "tiny-book")
