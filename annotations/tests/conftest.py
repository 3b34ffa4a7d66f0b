import pytest
from django.core.cache import cache

from conftest import lay_page


@pytest.fixture
def laid(page):
    cache.clear()  # how many notes a minute, of people whose keys come again
    lay_page(page)
    return page
