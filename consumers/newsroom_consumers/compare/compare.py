"""Compare two generations, and say by names that a person knows what differs: articles, tag pages, timeline entries.

Example::

    with compared(control, "main", "trial") as (a, b):
        compare_equal(a, b).summary

From A to B an article *vanishes* or *appears*, *is withdrawn* or *is restored*, or *changes*; it changes *behind the
scenes* where readers see no difference. Digests are compared first, row by row only the tables whose digests differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from newsroom_consumers.compare.changes import ChangeReport, Findings, summary
from newsroom_consumers.compare.rows import NamedRow, differences
from newsroom_consumers.control.control import Control, KnownGeneration
from newsroom_consumers.fold.record_rules import CATALOGUE
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.digests import TABLES, digests
from newsroom_consumers.store.tables import CURSOR, EVENT
from newsroom_schemas.errors import Kind, NewsroomError


class CursorsDifferError(NewsroomError):
    """Two generations have not folded the log equally far, so that their rows say nothing about the code."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, distances: dict[Partition, tuple[int, int]]) -> None:
        """Take where A and B stand in each partition that they have not folded equally far."""
        listed = ", ".join(f"{at.topic}/{at.partition}: {a} and {b}" for at, (a, b) in sorted(distances.items()))
        super().__init__(
            f"the two generations have not folded the log equally far ({listed}): move the one behind on with "
            "`newsroom replay --into`, or compare what both hold whole with --common"
        )
        self.distances = distances


class TopicsDifferError(NewsroomError):
    """Two generations are made of different logs."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, a: KnownGeneration, b: KnownGeneration) -> None:
        """Take the two."""
        listed = " and ".join(f"{each.name} of {', '.join(sorted(each.build.partitions))}" for each in (a, b))
        super().__init__(
            f"the two generations are made of different logs and cannot be compared (topics, or their numbers of "
            f"partitions): {listed}"
        )


class Side(NamedTuple):
    """A generation in one read transaction."""

    name: str
    connection: Connection


class Comparison(msgspec.Struct, kw_only=True, frozen=True):
    """What two generations differ in."""

    equal: bool
    a: str
    """Name of the first generation."""
    b: str
    summary: str
    """One sentence for people."""
    findings: Findings
    digests: dict[str, dict[str, str]]
    """The digest of each table in ``a`` and ``b``; none where only a part of them was compared."""
    left_out: int = 0
    """Articles that were not compared, because only one of the two may hold all their records."""

    def answer(self) -> dict[str, Any]:
        """Give it as JSON."""
        known = {"equal": self.equal, "a": self.a, "b": self.b, "summary": self.summary, "left_out": self.left_out}
        return {**known, **msgspec.to_builtins(self.findings), "digests": self.digests}


@contextmanager
def compared(control: Control, a: str, b: str) -> Iterator[tuple[Side, Side]]:
    """Open two generations, each in a read transaction that lasts.

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
    """Compare all rows of two generations, cursors among them, however far each has folded the log."""
    of_a, of_b = digests(a.connection), digests(b.connection)
    naming = ChangeReport()
    for table in TABLES:
        if of_a[table.name] != of_b[table.name]:
            naming.take(differences(a.connection, b.connection, table))
    found = {name: {"a": of_a[name], "b": of_b[name]} for name in sorted(of_a)}
    return _comparison(a, b, naming, found)


def compare_common(a: Side, b: Side) -> Comparison:
    """Compare the articles of which both generations hold all records that either of them holds.

    Left out are those with a record at or past the cursor of the generation that is behind in its partition, and with
    any such record of the tag catalogue the catalogue. Cursors are compared where they stand at the same offset.
    """
    apart = distances(a.connection, b.connection)
    if not apart:
        return compare_rows(a, b)
    later = _later(a.connection, apart) | _later(b.connection, apart)
    naming = ChangeReport()
    for table in TABLES:
        naming.take(differences(a.connection, b.connection, table, _Common(apart, later).has))
    return _comparison(a, b, naming, {}, len(later - {CATALOGUE}))


def positions(connection: Connection) -> dict[Partition, int]:
    """Give how far a generation has folded each partition that it has begun."""
    rows = connection.execute(select(CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next_offset))
    return {Partition(topic, number): offset for topic, number, offset in rows if isinstance(offset, int) and offset}


def distances(a: Connection, b: Connection) -> dict[Partition, tuple[int, int]]:
    """Give the two positions in each partition that two generations have not folded equally far."""
    of_a, of_b = positions(a), positions(b)
    both = {at: (of_a.get(at, 0), of_b.get(at, 0)) for at in of_a | of_b}
    return {at: (left, right) for at, (left, right) in both.items() if left != right}


class _Common:
    """What two generations both hold whole."""

    def __init__(self, apart: dict[Partition, tuple[int, int]], later: set[str]) -> None:
        self._ends = {at: min(positions) for at, positions in apart.items()}
        self._later = later

    def has(self, row: NamedRow) -> bool:
        """Say whether a row belongs to it: rows of articles by those, rows of records by their place besides."""
        if "next_offset" in row:
            return Partition(row["topic"], row["partition"]) not in self._ends
        if "offset" in row and row["offset"] >= self._end(row):
            return False
        return row.get("article_id", "") not in self._later

    def _end(self, row: NamedRow) -> float:
        return self._ends.get(Partition(row["topic"], row["partition"]), float("inf"))


def _later(connection: Connection, apart: dict[Partition, tuple[int, int]]) -> set[str]:
    """Give the articles with a record that one generation of two has folded and the other has not."""
    found: set[str] = set()
    for at, ends in apart.items():
        place = (EVENT.c.topic == at.topic, EVENT.c.partition == at.partition, EVENT.c.offset >= min(ends))
        found.update(connection.scalars(select(EVENT.c.article_id).where(*place, EVENT.c.article_id.is_not(None))))
    return found


def _comparison(
    a: Side, b: Side, naming: ChangeReport, found: dict[str, dict[str, str]], left_out: int = 0
) -> Comparison:
    findings = naming.findings()
    return Comparison(
        equal=not findings.counts,
        a=a.name,
        b=b.name,
        summary=summary(findings),
        findings=findings,
        digests=found,
        left_out=left_out,
    )
