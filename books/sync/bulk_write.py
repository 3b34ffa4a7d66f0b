"""Writes thousands of rows fast, since nobody else can write to SQLite meanwhile.

Django's `bulk_create` takes a second for 20,000 rows, and `bulk_update` minutes for a few thousand.
All names in the statements are those of our own models; all values are parameters.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.db.models import Field

Model = type[models.Model]
Row = Sequence[Any]  # values of different types


def new_keys(model: Model, count: int) -> list[int]:
    """Return `count` unused primary keys. Call it in the transaction that writes the rows."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + 1 + count))


def insert(model: Model, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows, each with the values of `names` in order; other columns get their defaults."""
    given = _fields(model, names)
    others = [field for field in model._meta.concrete_fields if field not in given]
    defaults = [field.get_default() for field in others]
    fields = [*given, *others]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    table = f'"{model._meta.db_table}"'
    values = _prepared(fields, ([*row, *defaults] for row in rows))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(fields))
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # nosec B608


def update(model: Model, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Update rows, each given by the values of `names` in order and then its primary key."""
    fields = _fields(model, (*names, "id"))
    columns = ", ".join(f'"{field.column}" = %s' for field in fields[:-1])
    statement = f'UPDATE "{model._meta.db_table}" SET {columns} WHERE "id" = %s'  # nosec B608
    with connection.cursor() as cursor:
        cursor.executemany(statement, _prepared(fields, rows))


def json_table(columns: Mapping[str, str]) -> str:
    """Return the SQL of a table `v` whose rows are a parameter: the JSON of a list of lists.

    `columns` maps the name of each column to its PostgreSQL type.
    """
    if connection.vendor == "postgresql":
        selected = (
            f"(value ->> {position})::{type_name} AS {name}"
            for position, (name, type_name) in enumerate(columns.items())
        )
        source = "json_array_elements(%s::json)"
    else:
        selected = (
            f"json_extract(value, '$[{position}]') AS {name}"
            for position, name in enumerate(columns)
        )
        source = "json_each(%s)"
    return f"(SELECT {', '.join(selected)} FROM {source}) AS v"  # nosec B608


def _fields(model: Model, names: Iterable[str]) -> list[Field]:
    return [field for name in names if isinstance(field := model._meta.get_field(name), Field)]


def _prepared(fields: Sequence[Field], rows: Iterable[Row]) -> list[Row]:
    """Return rows as database values, converted by column: a call for each value would be slow."""
    columns = []
    for field, values in zip(fields, zip(*rows, strict=True), strict=True):
        if isinstance(field, models.DecimalField | models.JSONField):
            columns.append(tuple(field.get_db_prep_save(value, connection) for value in values))
        else:
            columns.append(values)  # texts, numbers and null need no preparation
    return list(zip(*columns, strict=True))
