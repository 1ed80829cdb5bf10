"""The parts of a generation that seals use: its cursors, which a seal copies, and the hashes of folded records.

Separate from the other files of this folder, so that an export can be verified without a database.
"""

from __future__ import annotations

from sqlalchemy import Connection

from newsroom_consumers.log.record import Partition
from newsroom_consumers.seals.seal import Seal, SealedPartition
from newsroom_consumers.store import cursors, event_rows
from newsroom_schemas.instants import to_rfc3339


def seal_of(connection: Connection, generation: str, *, now: int) -> Seal:
    """Return a seal of what a generation has folded, read on a connection. ``now`` is in microseconds."""
    sealed = tuple(
        SealedPartition(
            topic=each.topic,
            partition=each.partition,
            next_offset=each.next_offset,
            last_offset=each.last_offset,
            last=None if each.last is None else bytes(each.last).hex(),
            chain=bytes(each.chain).hex(),
        )
        for each in cursors.cursors(connection).values()
    )
    return Seal(format=1, sealed_at=to_rfc3339(now), generation=generation, cursors=sealed)


class EventRowHashes:
    """The hashes of folded records, from the event rows of a generation."""

    def __init__(self, connection: Connection) -> None:
        """Use a connection that is inside a read transaction."""
        self._connection = connection
        self._cut = cursors.cut(connection)

    def end(self, at: Partition) -> int:
        """Return the offset after the last folded record of a partition."""
        return self._cut.get(at, 0)

    def hashes(self, at: Partition, first: int, end: int) -> dict[int, bytes]:
        """Return the hashes of a partition's records from ``first`` up to, but not including, ``end``, by offset."""
        return event_rows.hashes(self._connection, at, first, end)
