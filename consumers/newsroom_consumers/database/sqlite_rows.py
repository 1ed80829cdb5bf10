"""Writes rows into SQLite in the fastest way: one prepared statement for many plain tuples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite


class SqliteRows:
    """Writes rows in the fastest way that SQLite has."""

    def __init__(self, tables: Sequence[Table]) -> None:
        """Prepare the statements of ``tables``."""
        self._insert = {table.name: _statement(table, upsert=False) for table in tables}
        self._upsert = {table.name: _statement(table, upsert=True) for table in tables}

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert new rows."""
        if rows:
            connection.exec_driver_sql(self._insert[table.name], list(rows))

    def upsert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, or replace those with the same key."""
        if rows:
            connection.exec_driver_sql(self._upsert[table.name], list(rows))

    def delete_editions(self, connection: Connection, table: Table, editions: Sequence[tuple[str, str]]) -> None:
        """Delete the rows of editions, given as pairs of article id and language."""
        if editions:
            connection.exec_driver_sql(
                f"DELETE FROM {table.name} WHERE article_id = ? AND language = ?",  # noqa: S608 - a name of ours
                list(editions),
            )


@cache
def _statement(table: Table, *, upsert: bool) -> str:
    statement = sqlite.insert(table)
    if upsert:
        values = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
        statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)
    return str(statement.compile(dialect=sqlite.dialect()))
