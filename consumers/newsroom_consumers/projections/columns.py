"""The column types of every table, so that a value is the same on SQLite and PostgreSQL.

Instants are BIGINT microseconds, ids and JSON are text in byte order, booleans are 0 or 1.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlalchemy.sql.type_api import TypeEngine

from newsroom_schemas.values import Blocks, StoredBlocks

INLINE_BYTES = 8160
"""Size up to which PostgreSQL keeps a row of a fat table as it is. By default it compresses rows from 2 KB on.

By the compression that every server has, that takes longer than to write the row; SQLite does not compress either.
"""

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_encode = msgspec.json.Encoder(order="sorted").encode


def text(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Make a column for an id, a word, a text or canonical JSON."""
    return _column(name, _TEXT, key=key, null=null)


def integer(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Make a column for a number, an instant (microseconds) or a boolean (0 or 1)."""
    return _column(name, BigInteger(), key=key, null=null)


def binary(name: str, *, null: bool = False) -> Column[Any]:
    """Make a column for bytes."""
    return _column(name, LargeBinary(), key=False, null=null)


def canonical(value: object) -> str:
    """Write a value as canonical JSON: sorted keys, no spaces, UTF-8."""
    return _encode(value).decode()


def blocks_values(blocks: Blocks) -> tuple[bytes | None, str | None]:
    """Give the values of the columns ``blocks`` and ``blocks_schema``: the log's bytes, and of what schema they are."""
    match blocks:
        case StoredBlocks(data=data, schema=schema):
            return data, schema
        case ():
            return None, None
    raise TypeError("blocks are stored as the log holds them, not as values")


def _column(name: str, type_: TypeEngine[Any], *, key: bool, null: bool) -> Column[Any]:
    return Column(name, type_, primary_key=key, nullable=null, autoincrement=False)
