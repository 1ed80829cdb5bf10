"""The digest of a table: SHA-256 over its rows in the order of their key, the same on both databases.

Example::

    with control.database.auditing("main") as connection:
        digests(connection)["published"]

The bytes that are hashed: the table's name and the name of each column as cells, then every cell of every row. A cell
is one byte for its type, then nothing (``0``, no value), 8 bytes of a big-endian integer (``1``), a length of 4 bytes
and UTF-8 (``2``), a length of 4 bytes and bytes (``3``), or 8 bytes of a double (``4``, which no column uses). Columns
of a cursor that tell which worker moved it are left out, as is a cursor that has not moved yet.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select

from newsroom_consumers.log.chain import CHAIN_START
from newsroom_consumers.store.tables import CURSOR, all_tables

WHO_WORKED: Mapping[str, frozenset[str]] = MappingProxyType({CURSOR.name: frozenset({"epoch", "owner"})})
"""Columns that are left out, by table."""

Cells = tuple[Any, ...]
"""The values of one row, in the order of ``columns``."""

_CHUNK = 200
"""Rows in memory at once. One may have a megabyte."""
_UNMOVED = (0, None, None, CHAIN_START)
_INTEGER = struct.Struct(">Bq")
_SIZED = struct.Struct(">BI")
_DOUBLE = struct.Struct(">Bd")


def columns(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns that a digest covers, in order."""
    hidden = WHO_WORKED.get(table.name, frozenset())
    return tuple(column for column in table.columns if column.name not in hidden)


def scan(connection: Connection, table: Table) -> Iterator[Cells]:
    """Yield the rows of a table in the order of its key, reading some rows at a time.

    Values are those of the database, even if edited by hand, so use a connection of ``Database.auditing``.
    """
    statement = select(*columns(table)).order_by(*table.primary_key).compile(dialect=connection.dialect)
    found = connection.exec_driver_sql(str(statement), execution_options={"yield_per": _CHUNK})  # no value is converted
    for row in found:
        if table is not CURSOR or row[2:] != _UNMOVED:
            yield tuple(row)


def digest(connection: Connection, table: Table) -> str:
    """Return the digest of a table, in hexadecimal."""
    hashed = hashlib.sha256(_encoded((table.name, *(column.name for column in columns(table)))))
    for row in scan(connection, table):
        hashed.update(_encoded(row))
    return hashed.hexdigest()


def digests(connection: Connection) -> dict[str, str]:
    """Return the digest of every table of a generation, private and public, by the table's name."""
    return {str(table.name): digest(connection, table) for table in all_tables()}


def digest_of(found: Mapping[str, str]) -> str:
    """Return one digest of all tables: SHA-256 over lines of name, space and digest, sorted by name."""
    return hashlib.sha256("".join(f"{name} {found[name]}\n" for name in sorted(found)).encode()).hexdigest()


def row_counts(connection: Connection) -> dict[str, int]:
    """Return the number of rows of every table of a generation, by the table's name."""
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in all_tables()}


def text_bytes(text: str) -> bytes:
    """Return the bytes of a text as stored in the database."""
    return text.encode("utf-8", "surrogateescape")


def _encoded(row: Cells) -> bytes:
    return b"".join(map(_cell, row))


def _cell(value: str | bytes | float | None) -> bytes:
    match value:
        case None:
            return b"\0"
        case int():
            return _INTEGER.pack(1, value)
        case str():
            data = text_bytes(value)
            return _SIZED.pack(2, len(data)) + data
        case float():
            return _DOUBLE.pack(4, value)
    return _SIZED.pack(3, len(value)) + value
