"""The seeds of tests that draw their data at random."""

from django.db import connection


def seeds(count: int) -> range:
    """Return this database's half of `count` seeds: `make test` tries each on one of the two."""
    return range(count)[connection.vendor == "postgresql" :: 2]
