"""The differences of two generations, row by row: two scans in the order of the key, side by side.

Example::

    for difference in differences(a, b, PUBLISHED):
        difference.fields()

A generation is as large as a newsroom's history: only one chunk of each scan is in memory.
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
"""A row by the names of its columns."""

_SHORT = 64
"""Bytes up to which a value is shown whole."""
_ABSENT: NamedRow = {}


class RowDifference(NamedTuple):
    """A row that two generations, A and B, do not have alike."""

    table: Table
    a: NamedRow | None
    """The row in A; ``None`` where it is in B only."""
    b: NamedRow | None

    def both(self, column: str) -> tuple[Any, Any]:
        """Give what A and B have in a column; ``None`` where there is no row."""
        return (self.a or _ABSENT).get(column), (self.b or _ABSENT).get(column)

    def known(self, column: str) -> Any:
        """Give what a column of the key says, which is the same in both; or what one of them says of another column."""
        of_a, of_b = self.both(column)
        return of_b if of_a is None else of_a

    def state(self) -> str:
        """Say whether the row is in one generation only, or changed."""
        if self.b is None:
            return "only in a"
        return "only in b" if self.a is None else "changed"

    def names(self) -> list[str]:
        """Name the columns that differ; none where the row is in one generation only."""
        if self.a is None or self.b is None:
            return []
        return [name for name in self.a if self.a[name] != self.b[name]]

    def fields(self) -> dict[str, dict[str, Any]]:
        """Give both values of the columns that differ, as JSON shows them."""
        return {name: {"a": shown(name, of_a), "b": shown(name, of_b)} for name, of_a, of_b in self._values()}

    def _values(self) -> Iterator[tuple[str, Any, Any]]:
        for name in self.names():
            yield name, *self.both(name)


Wanted = Callable[[NamedRow], bool]
"""Says whether a row is to be compared."""


def differences(a: Connection, b: Connection, table: Table, wanted: Wanted = lambda _: True) -> Iterator[RowDifference]:
    """Compare a table of two generations, in the order of its key."""
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
    """Write a cell as JSON shows it: instants by the column's name, long bytes by their hash."""
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
    """Replace what is no UTF-8 in a text that a hand has changed."""
    return text_bytes(text).decode("utf-8", "replace")


def _numbered(side: int, rows: Iterator[Cells], width: int) -> Iterator[tuple[Cells, int, Cells]]:
    return ((_order(row[:width]), side, row) for row in rows)


def _order(key: Cells) -> Cells:
    """Give what orders keys as both databases do, whatever type a hand has given a cell: text by its bytes."""
    return tuple(
        (1, text_bytes(cell)) if isinstance(cell, str) else (2, cell) if isinstance(cell, bytes) else (0, cell or 0)
        for cell in key
    )


def _instant(value: int) -> str | int:
    """Write an instant; a number that is none stays one."""
    try:
        return to_rfc3339(value)
    except (OverflowError, ValueError):
        return value
