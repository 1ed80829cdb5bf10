"""Where a generation is kept: its private tables, the one transaction that moves it, and the control database."""

from __future__ import annotations

from pathlib import Path

from newsroom_consumers.database.database import Database, DatabaseUrlError
from newsroom_consumers.database.sqlite import SqliteDatabase


def open_database(place: str | Path) -> Database:
    """Open the database at a place: the folder of SQLite files, or a ``postgresql://`` URL.

    Raises ``DatabaseUrlError`` for any other URL.
    """
    if str(place).startswith("postgresql://"):
        from newsroom_consumers.database.postgres import PostgresDatabase  # noqa: PLC0415 - its driver loads slowly

        return PostgresDatabase(str(place))
    if "://" in str(place):
        raise DatabaseUrlError
    return SqliteDatabase(Path(place))
