"""The parts of a generation that seals use: its cursors, which a seal copies, and the hashes of folded records.

Separate from the other files of this folder, so that an export can be verified without a database.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from newsroom_consumers.log.record import Partition
from newsroom_consumers.seals.seal import Seal, SealedPartition
from newsroom_consumers.store.tables import CURSOR, EVENT
from newsroom_schemas.instants import to_rfc3339


def seal_of(connection: Connection, generation: str, *, now: int) -> Seal:
    """Return a seal of what a generation has folded, read on a connection. ``now`` is in microseconds."""
    query = select(CURSOR).order_by(CURSOR.c.topic, CURSOR.c.partition)
    cursors = tuple(
        SealedPartition(
            topic=row.topic,
            partition=row.partition,
            next_offset=row.next_offset,
            last_offset=row.last_offset,
            last=None if row.last is None else bytes(row.last).hex(),
            chain=bytes(row.chain).hex(),
        )
        for row in connection.execute(query)
    )
    return Seal(format=1, sealed_at=to_rfc3339(now), generation=generation, cursors=cursors)


class EventRowHashes:
    """The hashes of folded records, from the event rows of a generation."""

    def __init__(self, connection: Connection) -> None:
        """Use a connection that is inside a read transaction."""
        self._connection = connection
        columns = (CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next_offset)
        self._until = {Partition(*row[:2]): int(row[2]) for row in connection.execute(select(*columns))}

    def until(self, at: Partition) -> int:
        """Return the offset after the last folded record of a partition."""
        return self._until.get(at, 0)

    def hashes(self, at: Partition, first: int, end: int) -> dict[int, bytes]:
        """Return the hashes of a partition's records from ``first`` up to, but not including, ``end``, by offset."""
        query = select(EVENT.c.offset, EVENT.c.record_sha).where(
            EVENT.c.topic == at.topic, EVENT.c.partition == at.partition, EVENT.c.offset >= first, EVENT.c.offset < end
        )
        return {row.offset: bytes(row.record_sha) for row in self._connection.execute(query)}
