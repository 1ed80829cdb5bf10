"""Rows into PostgreSQL tables by the fastest way: binary COPY for many, a plain statement for a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table
from sqlalchemy.exc import DBAPIError

from newsroom_consumers.columns import INLINE_BYTES

FEW = 30
"""Rows up to which plain statements are faster: one takes 0.4 ms, by COPY 1.0; 200 take 7.6 ms, by COPY 4.1."""


class PostgresRows:
    """Puts rows into tables by the fastest way that PostgreSQL has."""

    def __init__(self, tables: Sequence[Table]) -> None:
        """Prepare the statements of the tables."""
        self._statements = {table.name: _Statements(table) for table in tables}

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows that are new."""
        statements = self._statements[table.name]
        if len(rows) > FEW:
            _copy(connection, statements.copy, statements.types, rows)
        elif rows:
            connection.exec_driver_sql(statements.insert, list(rows))

    def upsert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, each in place of the one with its key; many go by way of a temporary table."""
        statements = self._statements[table.name]
        if len(rows) > FEW:
            connection.exec_driver_sql(statements.stage)
            _copy(connection, statements.copy_staged, statements.types, rows)
            connection.exec_driver_sql(statements.merge)
        elif rows:
            connection.exec_driver_sql(statements.upsert, list(rows))

    def delete_editions(self, connection: Connection, table: Table, editions: Sequence[tuple[str, str]]) -> None:
        """Delete the rows of editions, given by article and language."""
        if editions:
            articles, languages = zip(*editions, strict=True)
            connection.exec_driver_sql(self._statements[table.name].delete, (list(articles), list(languages)))


class _Statements:
    """The statements that put rows into one table; a row's values stand in the order of the table's columns."""

    def __init__(self, table: Table) -> None:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        staged = f"pg_temp.staged_{table.name}"
        self.types = [_type(column) for column in table.columns]
        self.copy = f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT BINARY)'
        self.copy_staged = f"COPY {staged} ({names}) FROM STDIN (FORMAT BINARY)"
        self.stage = (
            f'CREATE TEMP TABLE IF NOT EXISTS staged_{table.name} (LIKE "{table.name}" INCLUDING STORAGE INCLUDING '
            f"COMPRESSION) WITH (toast_tuple_target = {INLINE_BYTES}) ON COMMIT DELETE ROWS"
        )
        replacing = _replacing(table)
        self.merge = f'INSERT INTO "{table.name}" ({names}) SELECT {names} FROM {staged} {replacing}'  # noqa: S608 - names of ours
        values = ", ".join(["%s"] * len(table.columns))
        self.insert = f'INSERT INTO "{table.name}" ({names}) VALUES ({values})'  # noqa: S608 - as above
        self.upsert = f"{self.insert} {replacing}"
        self.delete = (
            f'DELETE FROM "{table.name}" AS old USING unnest(%s::text[], %s::text[]) AS given (article_id, language) '  # noqa: S608 - as above
            "WHERE old.article_id = given.article_id AND old.language = given.language"
        )


def _copy(connection: Connection, statement: str, types: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Stream rows in. psycopg's errors become SQLAlchemy's, as they do for every other statement."""
    try:
        with cast("psycopg.Cursor", connection.connection.cursor()) as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, (), error, psycopg.Error, dialect=connection.dialect) from error


def _replacing(table: Table) -> str:
    """Say that a row takes the place of the one with its key."""
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    others = ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in table.columns if not column.primary_key
    )
    return f"ON CONFLICT ({keys}) DO UPDATE SET {others}"


def _type(column: Column[Any]) -> str:
    """Give the name by which psycopg knows a column's type."""
    match column.type:
        case BigInteger():
            return "int8"
        case LargeBinary():
            return "bytea"
        case _:
            return "text"
