"""The small RST book, built and brought live."""

from pathlib import Path

import pytest

from bookbinder.tests import builds
from bookbinder.tests.syncing import sync


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The RST book, built once: tests copy what they change."""
    folder = tmp_path_factory.mktemp("built")
    builds.build(builds.BOOKS / "rst", folder)
    return folder


@pytest.fixture
def source(tmp_path) -> Path:
    return builds.copy_book("rst", tmp_path / "source")


@pytest.fixture
def live(built) -> Path:
    assert sync(built, "--noinput")[0] == 0
    return built
