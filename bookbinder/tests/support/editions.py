"""Editions in tests: who makes them, and the requests that they send."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import User
from bookbinder.tests.support import builds
from bookbinder.tests.support.syncing import change
from books.models import Author, Book
from conftest import make_user

ADD = "admin:books_edition_add"


@pytest.fixture
def tasks_at_once(settings):
    """Work is done before the request ends, as a worker with no time between would."""
    settings.BOOKBINDER_WORKER = True
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}


@pytest.fixture
def author(live) -> User:
    user = make_user("ada")
    Author.objects.create(book=Book.objects.get(), user=user)
    return user


@pytest.fixture
def admin() -> User:
    return make_user("root", type="admin")


@pytest.fixture
def changed(source, tmp_path) -> Path:
    """A build of the next edition."""
    change(source, "cities.rst", "It was, until 1812", "It was, until about 1812")
    builds.build(source, tmp_path / "next")
    return tmp_path / "next"


def upload(client, data: bytes, name: str = "build.zip"):
    file = SimpleUploadedFile(name, data, content_type="application/zip")
    return client.post(reverse(ADD), {"build": file}, follow=True)
