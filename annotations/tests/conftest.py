import pytest

from conftest import lay_page


@pytest.fixture
def laid(page):
    lay_page(page)
    return page
