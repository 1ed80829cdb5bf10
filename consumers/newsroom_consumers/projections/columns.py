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
"""Maximum bytes of a row that PostgreSQL keeps uncompressed in a table with texts. Its default is 2 KB.

The compression that every server has takes longer than writing the row. SQLite does not compress either.
"""

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_encode = msgspec.json.Encoder(order="sorted").encode


def text(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Return a column for an id, a word, a text or canonical JSON."""
    return _column(name, _TEXT, key=key, null=null)


def integer(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Return a column for a number, an instant (microseconds) or a boolean (0 or 1)."""
    return _column(name, BigInteger(), key=key, null=null)


def binary(name: str, *, null: bool = False) -> Column[Any]:
    """Return a column for bytes."""
    return _column(name, LargeBinary(), key=False, null=null)


def canonical(value: object) -> str:
    """Return a value as canonical JSON: sorted keys, no spaces."""
    return _encode(value).decode()


def blocks_values(blocks: Blocks) -> tuple[bytes | None, str | None]:
    """Return the values of the columns ``blocks`` and ``blocks_schema``: the log's bytes, and their schema."""
    match blocks:
        case StoredBlocks(data=data, schema=schema):
            return data, schema
        case ():
            return None, None
    raise TypeError("blocks are stored as the log holds them, not as values")


def _column(name: str, type_: TypeEngine[Any], *, key: bool, null: bool) -> Column[Any]:
    return Column(name, type_, primary_key=key, nullable=null, autoincrement=False)
