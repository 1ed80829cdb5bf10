"""A worker's way of moving a generation without a log: events in, cursors and rows out."""

from __future__ import annotations

import msgspec
from sqlalchemy import MetaData, select
from support.kit import CODEC
from support.record_strategies import PLACE, TAGS_TOPIC, real, record_of

from newsroom_consumers.database.database import Session
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.log.chain import link
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.store.cursors import Cursor
from newsroom_consumers.store.generation import Generation
from newsroom_schemas.events import AnyEvent

READER = RecordReader(CODEC, tags_topic=TAGS_TOPIC, place=PLACE)

Moves = list[tuple[Cursor, Cursor]]
Scan = dict[str, list[str]]


class Writer:
    """One worker: the cursors that it holds, and the batches that it stores."""

    def __init__(self, generation: Generation, owner: str = "test") -> None:
        self.generation = generation
        self.owner = owner
        self.held: dict[Partition, Cursor] = {}

    def take(self, *partitions: Partition) -> None:
        """Acquire partitions."""
        for at in partitions:
            self.held[at] = self.generation.take(self.generation.cursor(at), self.owner)

    def prepare(self, *records: Record) -> tuple[Moves, FoldResult]:
        """Fold records, each the next of its partition, and return what a commit takes."""
        moved = dict(self.held)
        reads: list[JudgedRecord] = []
        for record in records:
            at = Partition(record.topic, record.partition)
            read = READER.read(record._replace(offset=moved[at].next_offset))
            reads.append(read)
            moved[at] = msgspec.structs.replace(
                moved[at],
                next_offset=read.record.offset + 1,
                last_offset=read.record.offset,
                last=read.record_sha,
                chain=link(moved[at].chain, read.record_sha),
            )
        aggregates = self.generation.load({read.aggregate for read in reads if read.aggregate is not None})
        folded = BatchFold().fold(reads, aggregates)
        return [(held, moved[at]) for at, held in self.held.items() if moved[at] != held], folded

    def store(self, *records: Record) -> None:
        """Fold records and store them; take their partitions first where they are not held."""
        self.take(*sorted({Partition(each.topic, each.partition) for each in records} - self.held.keys()))
        moves, folded = self.prepare(*records)
        self.generation.commit(moves, folded)
        self.held |= {Partition(moved.topic, moved.partition): moved for _, moved in moves}


def records_of(*events: AnyEvent) -> list[Record]:
    """Write events as records; the n-th has the event id ``e<n>`` if it has none."""
    named = [
        each if each.event_id else msgspec.structs.replace(each, event_id=f"e{number}")
        for number, each in enumerate(events, 1)
    ]
    return [record_of(real(each)) for each in named]


def scan(session: Session) -> Scan:
    """Return every column of every row of every table, written down and in an order of their own."""
    metadata = MetaData()
    with session.begin() as connection:
        metadata.reflect(connection)
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
        }
