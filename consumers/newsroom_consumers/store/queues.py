"""Queues of parked records in a generation: reading them, and deleting their rows when they are folded again.

The old rows of records that are folded again are deleted in the transaction that stores the new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, Table, bindparam, delete, distinct, func, select

from newsroom_consumers.fold.result import Refold
from newsroom_consumers.log.record import Address, Record
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
    """Return the first parked record of an article, as it is in the log, or ``None``."""
    row = head_row(connection, id_)
    return None if row is None else parked_record(row)


def queue(connection: Connection, id_: str) -> Queue:
    """Return the parked records of an article, in log order."""
    rows = parked_rows_of(connection, id_)
    skips = select(func.count()).where(EVENT.c.article_id == id_, EVENT.c.type == RecordSkipped.__name__)
    hidden = any(row.hides != "[]" for row in rows)
    return Queue([parked_record(row) for row in rows], hidden or bool(connection.scalar(skips)))


def parked_rows(connection: Connection) -> Sequence[Row[Any]]:
    """Return every parked record, in log order."""
    return connection.execute(select(PARKED).order_by(PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)).all()


def parked_rows_of(connection: Connection, id_: str) -> Sequence[Row[Any]]:
    """Return the parked records of an article, in log order."""
    return connection.execute(_parked(id_)).all()


def head_row(connection: Connection, id_: str) -> Row[Any] | None:
    """Return the row of an article's first parked record, or ``None``."""
    return connection.execute(_parked(id_).limit(1)).one_or_none()


def addresses(connection: Connection) -> dict[str, list[Address]]:
    """Return the addresses of each article's parked records, in log order."""
    found: dict[str, list[Address]] = {}
    columns = (PARKED.c.article_id, PARKED.c.topic, PARKED.c.partition, PARKED.c.offset)
    for id_, topic, partition, offset in connection.execute(select(*columns).order_by(PARKED.c.offset)):
        found.setdefault(id_, []).append((topic, partition, offset))
    return found


def heads(connection: Connection) -> dict[str, int]:
    """Return the parked articles, each with the offset of its first parked record."""
    query = select(PARKED.c.article_id, func.min(PARKED.c.offset).label("first")).group_by(PARKED.c.article_id)
    return {row.article_id: row.first for row in connection.execute(query)}


def counts(connection: Connection) -> tuple[int, int]:
    """Return the number of parked articles, and of parked records."""
    query = select(func.count(distinct(PARKED.c.article_id)), func.count()).select_from(PARKED)
    articles, records = connection.execute(query).one()
    return articles, records


def remove(connection: Connection, refold: Refold) -> None:
    """Delete the event rows and the parked rows of records that are folded again."""
    places = [
        dict(zip(("topic_", "partition_", "offset_"), judged.record[:3], strict=True)) for judged in refold.records
    ]
    if places:
        for table in (EVENT, PARKED):
            connection.execute(_delete(table), places)


def clear(connection: Connection, tables: Iterable[Table], ids: Iterable[str]) -> None:
    """Delete all rows of articles that are refolded from their first record."""
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
