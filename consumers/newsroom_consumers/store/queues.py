"""Queues of parked records in a generation: how they are read to be folded again, and how they make room for that.

What was made of records that are folded again is deleted in the transaction that stores what they make now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, bindparam, delete, func, select

from newsroom_consumers.fold.result import Refold
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.store.event_rows import parked_record
from newsroom_consumers.store.tables import EVENT, PARKED
from newsroom_schemas.events import RecordSkipped


class Queue(NamedTuple):
    """The parked records of one article, or of the tag catalogue."""

    records: Sequence[Record]
    from_start: bool
    """True if the whole article must be refolded, not just the queue: a parked record hides a page, or a
    ``RecordSkipped`` exists for the article."""


def head(connection: Connection, id_: str) -> Record | None:
    """Give the first parked record."""
    row = connection.execute(_parked(id_).limit(1)).one_or_none()
    return None if row is None else parked_record(row)


def queue(connection: Connection, id_: str) -> Queue:
    """Give all parked records, in log order."""
    rows = connection.execute(_parked(id_)).all()
    skips = select(func.count()).where(EVENT.c.article_id == id_, EVENT.c.type == RecordSkipped.__name__)
    hidden = any(row.hides != "[]" for row in rows)
    return Queue([parked_record(row) for row in rows], hidden or bool(connection.scalar(skips)))


def history(connection: Connection, id_: str, at: Partition) -> dict[int, bytes]:
    """Give the offset and the hash of every record of one partition that touched an article, in log order."""
    query = select(EVENT.c.offset, EVENT.c.record_sha).where(
        EVENT.c.article_id == id_, EVENT.c.topic == at.topic, EVENT.c.partition == at.partition
    )
    return {offset: bytes(sha) for offset, sha in connection.execute(query.order_by(EVENT.c.offset))}


def remove(connection: Connection, refold: Refold) -> None:
    """Delete the event rows and the parked rows of records that are folded again."""
    places = [
        dict(zip(("topic_", "partition_", "offset_"), judged.record[:3], strict=True)) for judged in refold.records
    ]
    if places:
        for table in (EVENT, PARKED):
            connection.execute(_delete(table), places)


def clear(connection: Connection, tables: Iterable[Table], ids: Iterable[str]) -> None:
    """Delete all rows of articles that are folded from their first record."""
    wanted = sorted(ids)
    if wanted:
        for table in tables:
            connection.execute(delete(table).where(table.c.article_id.in_(wanted)))


def _parked(id_: str) -> Select[Any]:
    return select(PARKED).where(PARKED.c.article_id == id_).order_by(PARKED.c.offset)


def _delete(table: Table) -> Any:
    columns = table.c
    return delete(table).where(
        columns.topic == bindparam("topic_"),
        columns.partition == bindparam("partition_"),
        columns.offset == bindparam("offset_"),
    )
