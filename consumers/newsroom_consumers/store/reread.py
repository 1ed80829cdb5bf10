"""Reading the records of one article, or of the tag catalogue, from the log again: found by the event index, checked.

Example::

    with control.database.reading(name) as connection:
        places = places_of(connection, "storm")
    judged = read_again(log, reader, places)
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.log.cut import Cut
from newsroom_consumers.log.log import LogMismatchError, LogRecords
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.tables import EVENT

Places = Mapping[Partition, Mapping[int, bytes]]
"""Offset and hash of some records, in log order, by partition."""


def places_of(connection: Connection, id_: str) -> dict[Partition, dict[int, bytes]]:
    """Return the places of all records of an article (or of ``CATALOGUE``), including misplaced ones."""
    columns = EVENT.c
    query = select(columns.topic, columns.partition, columns.offset, columns.record_sha)
    found: dict[Partition, dict[int, bytes]] = {}
    order = (columns.topic, columns.partition, columns.offset)
    for topic, partition, offset, sha in connection.execute(query.where(columns.article_id == id_).order_by(*order)):
        found.setdefault(Partition(topic, partition), {})[offset] = bytes(sha)
    return found


def before(places: Places, cut: Cut) -> dict[Partition, dict[int, bytes]]:
    """Return the places before a cut."""
    return {
        at: {offset: sha for offset, sha in records.items() if offset < cut.get(at, 0)}
        for at, records in places.items()
    }


def read_again(log: LogRecords, reader: RecordReader, places: Places) -> list[JudgedRecord]:
    """Return records read from the log again, in order for each partition.

    Raises ``LogMismatchError`` if one is missing or differs, and ``LogError``.
    """
    judged: list[JudgedRecord] = []
    for at, expected in places.items():
        of_partition = [reader.read(record) for record in log.records_of(at, list(expected))] if expected else []
        found = {each.record.offset: each.record_sha for each in of_partition}
        for offset, sha in expected.items():
            if found.get(offset) != sha:
                raise LogMismatchError(at, f"the record at {offset} is missing or differs")
        judged += of_partition
    return judged
