"""The databases that hold generations and the control database: SQLite or PostgreSQL, one class for each engine."""

from __future__ import annotations

from pathlib import Path

from newsroom_consumers.database.database import Database, DatabaseUrlError
from newsroom_consumers.database.sqlite import SqliteDatabase


def open_database(place: str | Path) -> Database:
    """Return the database at a place: a folder of SQLite files, or a ``postgresql://`` URL. Does not connect.

    Raises ``DatabaseUrlError`` for any other URL.
    """
    if str(place).startswith("postgresql://"):
        from newsroom_consumers.database.postgres import PostgresDatabase  # noqa: PLC0415 - its driver loads slowly

        return PostgresDatabase(str(place))
    if "://" in str(place):
        raise DatabaseUrlError
    return SqliteDatabase(Path(place))
