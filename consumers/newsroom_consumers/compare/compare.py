"""The comparison of two generations: which articles, tag pages and timeline entries differ.

Example::

    with compared(control, "main", "trial") as (a, b):
        compare_equal(a, b).summary

From A to B an article *vanishes* or *appears*, *is withdrawn* or *is restored*, or *changes*; it changes *behind the
scenes* if readers see no difference. Digests are compared first; only tables whose digests differ are compared row by
row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

import msgspec
from sqlalchemy import Connection

from newsroom_consumers.compare.changes import ChangeReport, Differences, summary
from newsroom_consumers.compare.rows import NamedRow, differences
from newsroom_consumers.control.control import Control, KnownGeneration
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store import cursors, event_rows
from newsroom_consumers.store.digests import digests
from newsroom_consumers.store.tables import all_tables
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.errors import Kind, NewsroomError


class CursorsDifferError(NewsroomError):
    """Two generations have not folded the log equally far, so their rows cannot be compared."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, distances: dict[Partition, tuple[int, int]]) -> None:
        """``distances`` are the next offsets of A and B in each partition where they differ."""
        listed = ", ".join(f"{at.topic}/{at.partition}: {a} and {b}" for at, (a, b) in sorted(distances.items()))
        super().__init__(
            f"the two generations have not folded the log equally far ({listed}): move the one that is behind on with "
            "`newsroom replay --into`, or compare only what both have folded completely with --common"
        )
        self.distances = distances


class TopicsDifferError(NewsroomError):
    """Two generations were made from different logs."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, a: KnownGeneration, b: KnownGeneration) -> None:
        """Name both generations and their topics."""
        listed = " and ".join(f"{each.name} of {', '.join(sorted(each.build.partitions))}" for each in (a, b))
        super().__init__(
            f"the two generations were made from different logs (topics, or their numbers of partitions) and cannot be "
            f"compared: {listed}"
        )


class Side(NamedTuple):
    """One generation of a comparison, with a connection in a read transaction."""

    name: str
    connection: Connection


class Comparison(msgspec.Struct, kw_only=True, frozen=True):
    """The result of comparing two generations, A and B."""

    equal: bool
    a: str
    """Name of the first generation."""
    b: str
    summary: str
    """One sentence for people."""
    differences: Differences
    digests: dict[str, dict[str, str]]
    """The digest of each table in ``a`` and ``b``; empty if only a part of them was compared."""
    left_out: int = 0
    """Number of articles that were not compared, because one of the two may lack some of their records."""


@contextmanager
def compared(control: Control, a: str, b: str) -> Iterator[tuple[Side, Side]]:
    """Open two generations, each in a read transaction that lasts until the end of the block.

    Raises ``UnknownGenerationError`` and ``TopicsDifferError``.
    """
    known = [control.known(name) for name in (a, b)]
    if known[0].build.partitions != known[1].build.partitions:
        raise TopicsDifferError(*known)
    with control.database.auditing(a) as of_a, control.database.auditing(b) as of_b:
        yield Side(a, of_a), Side(b, of_b)


def compare_equal(a: Side, b: Side) -> Comparison:
    """Compare two generations that have folded the log equally far. Raises ``CursorsDifferError``."""
    if apart := distances(a.connection, b.connection):
        raise CursorsDifferError(apart)
    return compare_rows(a, b)


def compare_rows(a: Side, b: Side) -> Comparison:
    """Compare all rows of two generations, including cursors, however far each has folded the log."""
    of_a, of_b = digests(a.connection), digests(b.connection)
    report = ChangeReport()
    for table in all_tables():
        if of_a[table.name] != of_b[table.name]:
            report.take(differences(a.connection, b.connection, table))
    found = {name: {"a": of_a[name], "b": of_b[name]} for name in sorted(of_a)}
    return _comparison(a, b, report, found)


def compare_common(a: Side, b: Side) -> Comparison:
    """Compare the articles of which both generations have folded the same records.

    An article is left out if it has a record at or past the cursor of the generation that is behind in that partition.
    The same holds for the tag catalogue. Cursors are compared in partitions where both are at the same offset.
    """
    apart = distances(a.connection, b.connection)
    if not apart:
        return compare_rows(a, b)
    later = _later(a.connection, apart) | _later(b.connection, apart)
    report = ChangeReport()
    for table in all_tables():
        report.take(differences(a.connection, b.connection, table, _Common(apart, later).has))
    return _comparison(a, b, report, {}, len(later - {CATALOGUE}))


def distances(a: Connection, b: Connection) -> dict[Partition, tuple[int, int]]:
    """Return the next offsets of both generations in each partition where they differ."""
    of_a, of_b = cursors.cut(a), cursors.cut(b)
    both = {at: (of_a.get(at, 0), of_b.get(at, 0)) for at in of_a | of_b}
    return {at: (left, right) for at, (left, right) in both.items() if left != right}


class _Common:
    """The rows that two generations can be compared by, although they have not folded the log equally far."""

    def __init__(self, apart: dict[Partition, tuple[int, int]], later: set[str]) -> None:
        self._cut = {at: min(offsets) for at, offsets in apart.items()}
        self._later = later

    def has(self, row: NamedRow) -> bool:
        """Return True for a row of a compared article; a row of a record must also be before both cursors."""
        if "next_offset" in row:
            return Partition(row["topic"], row["partition"]) not in self._cut
        if "offset" in row and row["offset"] >= self._end(row):
            return False
        return row.get("article_id", "") not in self._later

    def _end(self, row: NamedRow) -> float:
        return self._cut.get(Partition(row["topic"], row["partition"]), float("inf"))


def _later(connection: Connection, apart: dict[Partition, tuple[int, int]]) -> set[str]:
    """Return the ids of the articles with a record past the cursor of the generation that is behind."""
    found: set[str] = set()
    for at, offsets in apart.items():
        found |= event_rows.ids_from(connection, at, min(offsets))
    return found


def _comparison(
    a: Side, b: Side, report: ChangeReport, digested: dict[str, dict[str, str]], left_out: int = 0
) -> Comparison:
    found = report.differences()
    return Comparison(
        equal=not found.counts,
        a=a.name,
        b=b.name,
        summary=summary(found),
        differences=found,
        digests=digested,
        left_out=left_out,
    )
