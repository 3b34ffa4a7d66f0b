"""Fixtures: the small RST book, built and published, and another book that must stay hidden."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import sync
from conftest import (
    enroll,
    make_answer,
    make_book,
    make_course,
    make_feedback,
    make_page,
    make_question,
    make_user,
)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The build folder of the RST book. It is built once, so tests copy what they change."""
    folder = tmp_path_factory.mktemp("built")
    builds.build(builds.BOOKS / "rst", folder)
    return folder


@pytest.fixture
def source(tmp_path) -> Path:
    """A copy of the source folder of the RST book."""
    return builds.copy_book("rst", tmp_path / "source")


@pytest.fixture
def live(built) -> Path:
    """The build folder of the RST book, after it has been published."""
    assert sync(built, "--noinput")[0] == 0
    return built


@pytest.fixture
def other(db):
    """Another book with a course, a student and an answer, none of which may be visible."""
    book = make_book("other", title="Other book")
    question = make_question(make_page(book, "secret", title="Secret page"), "secretq")
    make_feedback(question, "secret answer")
    course = make_course(book, "Other course")
    enrollment = enroll(make_user("olga", last_name="Otherperson"), course)
    make_answer(enrollment, question, "secret string")
    return book


@pytest.fixture
def migrated():
    """Return a function that migrates our apps, and returns the models of that time."""

    def migrate(targets):
        executor = MigrationExecutor(connection)
        executor.migrate(targets)
        return MigrationExecutor(connection).loader.project_state(targets).apps

    yield migrate
    call_command("migrate", verbosity=0)
