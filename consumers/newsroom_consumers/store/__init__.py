"""Where a generation is kept: its private tables, the one transaction that moves it, and the control database."""

from __future__ import annotations

from pathlib import Path

from newsroom_consumers.store.database import Database
from newsroom_consumers.store.sqlite import SqliteDatabase


def open_database(place: str | Path) -> Database:
    """Open the database at a place: the folder of SQLite files, or a ``postgresql://`` URL."""
    return SqliteDatabase(Path(place))
