"""Cursors: how far a generation has folded each partition, which worker moves it, and the chain of folded records.

A worker takes a partition by raising its epoch. From then on a worker with an older epoch is fenced: it cannot move the
cursor, so its batch is rolled back.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from newsroom_consumers.database.database import Database
from newsroom_consumers.log.chain import CHAIN_START
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.tables import CURSOR
from newsroom_schemas.errors import NewsroomError

_MOVE = update(CURSOR).where(
    CURSOR.c.topic == bindparam("of_topic"),
    CURSOR.c.partition == bindparam("of_partition"),
    CURSOR.c.epoch == bindparam("mine"),
    CURSOR.c.next_offset == bindparam("held"),
)
_ALL = select(CURSOR).order_by(*CURSOR.primary_key)
_CUT = _ALL.with_only_columns(CURSOR.c.topic, CURSOR.c.partition, CURSOR.c.next_offset)


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a generation has folded one partition, and the chain of what it has folded."""

    topic: str
    partition: int
    next_offset: int = 0
    last_offset: int | None = None
    last: bytes | None = None
    """Hash of the last folded record."""
    chain: bytes = CHAIN_START
    epoch: int = 0
    """Raised by every worker that takes the partition. A worker with an older epoch is fenced."""
    owner: str | None = None


class FencedError(NewsroomError):
    """Another worker has taken the partition; this worker's batch is rolled back."""

    def __init__(self, partition: Partition) -> None:
        """``partition`` is the one that was taken."""
        super().__init__(f"{partition.topic}/{partition.partition} has been taken by another worker")
        self.partition = partition


def cursors(connection: Connection) -> dict[Partition, Cursor]:
    """Return the cursor of every partition that has one, in the order of topics and partitions."""
    found = connection.execute(_ALL).mappings().all()
    return {Partition(row["topic"], row["partition"]): Cursor(**row) for row in found}


def cut(connection: Connection) -> dict[Partition, int]:
    """Return how far a generation has folded each partition that has a cursor: the offset of the next record.

    A cursor whose offset was edited by hand to something other than a number is left out.
    """
    return {Partition(*at): offset for *at, offset in connection.execute(_CUT) if isinstance(offset, int)}


def take(database: Database, connection: Connection, cursor: Cursor, owner: str) -> Cursor:
    """Raise the epoch of a partition, which fences every earlier owner, and return the cursor as it now stands.

    What an earlier owner has begun to store but not committed is rolled back.
    """
    key = (CURSOR.c.topic == cursor.topic, CURSOR.c.partition == cursor.partition)
    row = select(CURSOR).where(*key)
    if connection.execute(row).first() is None:
        connection.execute(insert(CURSOR).values(msgspec.structs.asdict(cursor)))
    database.end_holder(connection, row)
    connection.execute(update(CURSOR).where(*key).values(epoch=CURSOR.c.epoch + 1, owner=owner))
    return Cursor(**connection.execute(row).mappings().one())


def move(connection: Connection, moves: Sequence[tuple[Cursor, Cursor]]) -> None:
    """Move cursors, given as pairs of old and new values.

    Raises ``FencedError`` if another worker has taken one of the partitions.
    """
    for held, moved in moves:
        result = connection.execute(
            _MOVE,
            {
                "of_topic": held.topic,
                "of_partition": held.partition,
                "mine": held.epoch,
                "held": held.next_offset,
                "next_offset": moved.next_offset,
                "last_offset": moved.last_offset,
                "last": moved.last,
                "chain": moved.chain,
            },
        )
        if result.rowcount == 0:
            raise FencedError(Partition(held.topic, held.partition))


def fence(connection: Connection, owner: str) -> dict[Partition, int]:
    """Raise the epoch of every cursor, which fences all workers, and return the next offset of each.

    Cursors are locked in the same order as workers lock them. Workers are fenced once this is committed; if it is
    rolled back, they continue as before.
    """
    found = connection.execute(_ALL.with_for_update()).all()
    connection.execute(update(CURSOR).values(epoch=CURSOR.c.epoch + 1, owner=owner))
    return {Partition(row.topic, row.partition): row.next_offset for row in found}
