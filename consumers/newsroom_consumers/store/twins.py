"""What the twins do differently inside a generation: how its tables are made, and how rows go in."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, Engine, MetaData

from newsroom_consumers.store import postgres
from newsroom_consumers.store.database import Rows
from newsroom_consumers.store.postgres_rows import PostgresRows
from newsroom_consumers.store.sqlite import SqliteRows


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


def rows_of(engine: Engine, metadata: Sequence[MetaData]) -> Rows:
    """Give the fastest way that rows go into these tables."""
    tables = [table for each in metadata for table in each.sorted_tables]
    return PostgresRows(tables) if engine.dialect.name == "postgresql" else SqliteRows(tables)
