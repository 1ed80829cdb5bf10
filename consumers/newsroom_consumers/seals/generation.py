"""What a generation gives to seals: its cursors, which a seal copies, and the hashes of the records it has folded.

Apart from the other files of this folder, so that an export is verified without a database.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from newsroom_consumers.log.record import Partition
from newsroom_consumers.seals.seal import Seal, SealedPartition
from newsroom_consumers.store.tables import CURSOR, EVENT
from newsroom_schemas.instants import to_rfc3339


def seal_of(connection: Connection, generation: str, *, now: int) -> Seal:
    """Seal what a generation has folded, in the read transaction of a connection; ``now`` in microseconds."""
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
    """The event rows of a generation as what it remembers."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection inside a read transaction."""
        self._connection = connection
        columns = (CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next_offset)
        self._until = {Partition(*row[:2]): int(row[2]) for row in connection.execute(select(*columns))}

    def until(self, at: Partition) -> int:
        """Give the offset behind the last one folded."""
        return self._until.get(at, 0)

    def hashes(self, at: Partition, first: int, end: int) -> dict[int, bytes]:
        """Give the hashes of records from an offset to the one before another."""
        query = select(EVENT.c.offset, EVENT.c.record_sha).where(
            EVENT.c.topic == at.topic, EVENT.c.partition == at.partition, EVENT.c.offset >= first, EVENT.c.offset < end
        )
        return {row.offset: bytes(row.record_sha) for row in self._connection.execute(query)}
