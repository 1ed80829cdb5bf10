"""What the twins do differently inside a generation: how its tables are made, how rows go in and are found."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Engine, MetaData, Text, any_, bindparam

from newsroom_consumers.database import postgres, sqlite
from newsroom_consumers.database.database import CONTROL, Rows
from newsroom_consumers.database.postgres_rows import PostgresRows
from newsroom_consumers.database.sqlite import SqliteRows

_DAMAGES = 10
"""Places to name at most."""


def make_tables(engine: Engine, metadata: Sequence[MetaData], public: AbstractSet[str]) -> None:
    """Make the tables that are missing; readers may see those that ``public`` names."""
    if engine.dialect.name == "postgresql":
        postgres.make_tables(engine, metadata, public)
    else:
        for each in metadata:
            each.create_all(engine)


def end_holder(connection: Connection, topic: str, partition: int) -> None:
    """End a transaction that another worker has left open behind a cursor; SQLite has one worker."""
    if connection.dialect.name == "postgresql":
        postgres.end_holder(connection, topic, partition)


def pace(connection: Connection, records: int) -> None:
    """Tell the database how big a batch is; PostgreSQL paces itself."""
    if connection.dialect.name == "sqlite":
        sqlite.pace(connection, records)


def commit_in_full(connection: Connection) -> None:
    """Let a transaction on a generation reach the disk when it is committed, as those of batches need not."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")


def control_within(connection: Connection) -> Mapping[str, Any] | None:
    """Say how a statement on the control database runs within a generation's transaction; SQLite has no such way."""
    if connection.dialect.name == "postgresql":
        return {"schema_translate_map": {None: postgres.schema_of(CONTROL)}}
    return None


def take_any_text(connection: Connection) -> None:
    """Let a connection read text that is no UTF-8, by surrogate escapes; PostgreSQL stores none."""
    raw = connection.connection.driver_connection
    if isinstance(raw, sqlite3.Connection):
        raw.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")


def damage(connection: Connection) -> list[str]:
    """Say where a database contradicts itself, such as an index that hides a row; PostgreSQL has no such question."""
    if connection.dialect.name == "postgresql":
        return []
    found = connection.exec_driver_sql(f"PRAGMA integrity_check({_DAMAGES})").scalars().all()
    return [str(each) for each in found if each != "ok"]


def among_ids(engine: Engine, column: Column[Any]) -> ColumnElement[bool]:
    """Give the condition that a column has one of the values bound as ``ids``.

    PostgreSQL takes them as one array: to read and plan a list of hundreds takes it longer than to find the rows.
    """
    if engine.dialect.name == "postgresql":
        return column == any_(bindparam("ids", type_=ARRAY(Text)))
    return column.in_(bindparam("ids", expanding=True))


def rows_of(engine: Engine, metadata: Sequence[MetaData]) -> Rows:
    """Give the fastest way that rows go into these tables."""
    tables = [table for each in metadata for table in each.sorted_tables]
    return PostgresRows(tables) if engine.dialect.name == "postgresql" else SqliteRows(tables)
