"""The rows that differ between two generations, found by two parallel scans in the order of the primary key.

Example::

    for difference in differences(a, b, PUBLISHED):
        difference.fields()    # the values of each column that differs, in a and in b

A generation can be very large, so only one chunk of each scan is in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table

from newsroom_consumers.store.digests import Cells, columns, scan, text_bytes
from newsroom_schemas.instants import to_rfc3339

NamedRow = Mapping[str, Any]
"""A row by column names."""

_SHORT = 64
"""Maximum bytes of a value that is shown whole."""
_ABSENT: NamedRow = {}


class RowDifference(NamedTuple):
    """A row that differs between two generations, A and B."""

    table: Table
    a: NamedRow | None
    """The row in A; ``None`` if it is in B only."""
    b: NamedRow | None

    def both(self, column: str) -> tuple[Any, Any]:
        """Return the values of a column in A and in B; ``None`` if there is no row."""
        return (self.a or _ABSENT).get(column), (self.b or _ABSENT).get(column)

    def known(self, column: str) -> Any:
        """Return the value of a column in A, or if that is ``None`` in B. For columns of the key both are the same."""
        of_a, of_b = self.both(column)
        return of_b if of_a is None else of_a

    def state(self) -> str:
        """Return ``changed``, ``only in a`` or ``only in b``."""
        if self.b is None:
            return "only in a"
        return "only in b" if self.a is None else "changed"

    def names(self) -> list[str]:
        """Return the columns that differ; none if the row is in one generation only."""
        if self.a is None or self.b is None:
            return []
        return [name for name in self.a if self.a[name] != self.b[name]]

    def fields(self) -> dict[str, dict[str, Any]]:
        """Return both values of each column that differs, as JSON values."""
        return {name: {"a": shown(name, of_a), "b": shown(name, of_b)} for name, of_a, of_b in self._values()}

    def _values(self) -> Iterator[tuple[str, Any, Any]]:
        for name in self.names():
            yield name, *self.both(name)


Wanted = Callable[[NamedRow], bool]
"""Returns True for a row that is to be compared."""


def differences(a: Connection, b: Connection, table: Table, wanted: Wanted = lambda _: True) -> Iterator[RowDifference]:
    """Yield the rows of a table that differ between two generations, in the order of its key."""
    names = [str(column.name) for column in columns(table)]
    width = len(table.primary_key)
    sides = (_numbered(number, scan(each, table), width) for number, each in enumerate((a, b)))
    for _, found in groupby(merge(*sides), key=itemgetter(0)):
        rows = {side: row for _, side, row in found}
        if rows.get(0) != rows.get(1):
            of_a, of_b = ({} if side not in rows else dict(zip(names, rows[side], strict=True)) for side in (0, 1))
            if all(wanted(row) for row in (of_a, of_b) if row):
                yield RowDifference(table, of_a or None, of_b or None)


def shown(name: str, value: Any) -> Any:
    """Return a cell as a JSON value: instants (known by the column's name) as RFC 3339, long bytes as a hash."""
    match value:
        case int() if name.endswith("_at") or name in {"since", "embargo_until"}:
            return _instant(value)
        case str():
            return readable(value)
        case bytes():
            whole = len(value) <= _SHORT
            return value.hex() if whole else f"{len(value)} bytes, sha256 {hashlib.sha256(value).hexdigest()}"
    return value


def readable(text: str) -> str:
    """Return a text with invalid UTF-8 replaced: somebody may have edited the database by hand."""
    return text_bytes(text).decode("utf-8", "replace")


def _numbered(side: int, rows: Iterator[Cells], width: int) -> Iterator[tuple[Cells, int, Cells]]:
    return ((_order(row[:width]), side, row) for row in rows)


def _order(key: Cells) -> Cells:
    """Return a sort key for a primary key in the databases' order, whatever types the cells have: text by its bytes."""
    return tuple(
        (1, text_bytes(cell)) if isinstance(cell, str) else (2, cell) if isinstance(cell, bytes) else (0, cell or 0)
        for cell in key
    )


def _instant(value: int) -> str | int:
    """Return an instant as RFC 3339, or the number itself if it is outside the range."""
    try:
        return to_rfc3339(value)
    except OverflowError:
        return value
