"""The fold of a log, afresh and in memory; and where tables differ from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chaos.evidence import Appended, Finding, Held
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from support.kit import CODEC, TABLES, Tables, scan
from support.memory_log import MemoryLog

from newsroom_consumers.database.database import Session
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.kafka import placement
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.tables import CURSOR
from newsroom_consumers.worker.loop import Loop

_NAMED = 3
"""Keys to name of each table."""
_CATALOGUE = ".tags"
"""What the name of the tags' topic ends with."""


def check(held: Held, log: Sequence[Appended]) -> Iterator[Finding]:
    """Name the rows that differ from the fold of the log up to the generation's cursors."""
    if not held.cursors:
        return
    wanted = fold([each.record for each in log], held.cursors)
    taken = [row for row in wanted[CURSOR.name] if Partition(*row[:2]) in held.cursors]  # others will be, later
    wanted |= {CURSOR.name: taken}
    for table in TABLES:
        count = len(table.primary_key.columns)
        names = [column.name for column in table.columns]
        places = [names.index(column.name) for column in table.primary_key.columns]
        is_, should = (
            {tuple(row[at] for at in places): row for row in rows[table.name]} for rows in (held.tables, wanted)
        )
        differing = sorted(key for key in is_.keys() | should.keys() if is_.get(key) != should.get(key))
        if differing:
            named = ", ".join("/".join(map(str, key[:count])) for key in differing[:_NAMED])
            yield Finding("diverged", held.name, f"{len(differing)} rows of {table.name}: {named}")


def fold(records: Sequence[Record], cut: Mapping[Partition, int]) -> Tables:
    """Fold the records before a cut in memory, and scan the tables."""
    counts: dict[str, int] = {}
    for topic, partition in (*cut, *(each[:2] for each in records)):
        counts[topic] = max(counts.get(topic, 0), partition + 1)
    for topic in list(counts):
        counts.setdefault(topic.rpartition(".")[0] + _CATALOGUE, 1)
    (tags,) = (topic for topic in counts if topic.endswith(_CATALOGUE))
    reader = RecordReader(CODEC, tags_topic=tags, place=placement(counts))
    before = [each for each in records if each.offset < cut.get(Partition(each.topic, each.partition), 0)]
    session = Session(SqliteDatabase(Path()), "again", create_engine("sqlite://", poolclass=StaticPool))
    try:
        log = MemoryLog(counts, before, sizes=(5000,))
        loop = Loop(log, Generation(session), reader, BatchFold(), owner="checker")
        while loop.run_once(0).records:
            pass
        with session.connect() as connection:
            return scan(connection)
    finally:
        session.close()
