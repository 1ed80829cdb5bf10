"""A newsroom for tests: topics of its own on the run's real broker, and generations in folders of their own.

Example::

    newsroom.desk("olena").create("storm", "uk", headline="Буря")
    newsroom.work()
    newsroom.look(lambda seen: seen.queries.timeline("uk", limit=5))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, Table, select

from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database import open_database
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.generations.open import editor_queries, folded_cut, reader_queries
from newsroom_consumers.log.kafka import KafkaLog, SharedKafkaLog, placement
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.queries.readers import ReaderQueries, Site
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.tables import all_tables
from newsroom_consumers.worker.loop import Loop
from newsroom_producers.desk import Desk
from newsroom_producers.kafka.transport import KafkaTransport
from newsroom_schemas.topics import Topics
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas

T = TypeVar("T")
Tables = dict[str, list[tuple[Any, ...]]]
"""Every row of every table, in the order of its key."""

CODEC = Codec(ReleasedSchemas.load())
SITE = Site(("uk", "ru", "en"), ZoneInfo("Europe/Kyiv"), CODEC.blocks)
TABLES = all_tables()
NOT_COMPARED = {"cursor": {"epoch", "owner"}}
"""Columns that say who worked, not what was folded."""


class Snapshot(NamedTuple):
    """What can be asked of the live generation."""

    queries: ReaderQueries
    ledger: EditorQueries


class Newsroom:
    """One log and a generation made of it; ``batch`` is the size of the batches that its workers fold."""

    def __init__(
        self, bootstrap: str, prefix: str, place: Path | str, *, batch: int = 500, generation: str = "main"
    ) -> None:
        self.bootstrap = bootstrap
        self.topics = Topics.of(prefix)
        self.place = str(place)
        self.database = open_database(place)
        self.batch = batch
        self.generation = generation
        self._transport: KafkaTransport | None = None

    @property
    def transport(self) -> KafkaTransport:
        """The transport that this newsroom's tools share."""
        if self._transport is None:
            self._transport = KafkaTransport(self.bootstrap, self.topics, CODEC)
        return self._transport

    def desk(self, actor: str = "olena") -> Desk:
        """Put a tool in somebody's hands."""
        return Desk(self.transport, source="test-desk", actor=actor)

    @contextmanager
    def loop(self, *, folding: BatchFold | None = None, group: str | None = None, **options: Any) -> Iterator[Loop]:
        """Open a worker's loop on the generation, as a worker process would: alone, or as a member of a group."""
        control = Control(self.database)
        name = self.generation
        kind = SharedKafkaLog if group else KafkaLog
        with (
            self.database.worker_lock(name),
            closing(kind(self.bootstrap, self.topics, group=group, batch=self.batch)) as log,
        ):
            control.register(name, this_build(log.partitions), now=0)
            reader = RecordReader(CODEC, tags_topic=self.topics.tags, place=placement(log.partitions))
            session = self.database.session(name)
            try:
                generation = options.pop("generation", Generation)(session)
                yield Loop(log, generation, reader, folding or BatchFold(), owner="test", **options)
            finally:
                session.close()

    def work(self, *, folding: BatchFold | None = None, **options: Any) -> None:
        """Fold everything that is in the log now."""
        ends = self.ends()
        with self.loop(folding=folding, **options) as loop:
            while not reached(ends, self.positions()):
                loop.run_once(0.2)

    def positions(self) -> Mapping[Any, int]:
        """Return how far the generation is, live or not."""
        return folded_cut(Control(self.database), self.generation)

    def ends(self) -> Mapping[Any, int]:
        """Where the log ends now."""
        with closing(KafkaLog(self.bootstrap, self.topics, batch=self.batch)) as log:
            return {at: bounds.end for at, bounds in log.bounds(log.assigned()).items()}

    def look(self, ask: Callable[[Snapshot], T]) -> T:
        """Ask the live generation."""
        control = Control(self.database)
        with reader_queries(control, SITE) as queries, editor_queries(control) as ledger:
            return ask(Snapshot(queries, ledger))

    def tables(self) -> Tables:
        """Scan every column of every table of the generation."""
        with self.database.reading(self.generation) as connection:
            return scan(connection)

    def close(self) -> None:
        """End the connection of the tools."""
        if self._transport is not None:
            self._transport.close()


def tables_of(path: Path) -> Tables:
    """Scan every column of every table of a generation's file, but for those that say who worked."""
    with SqliteDatabase(path.parent).reading(path.stem) as connection:
        return scan(connection)


def scan(connection: Connection) -> Tables:
    """Scan every column of every table of a generation, but for those that say who worked."""
    return {name: list(map(tuple, connection.execute(query))) for name, query in _SCANS.items()}


def _scan_of(table: Table) -> Select[Any]:
    hidden = NOT_COMPARED.get(table.name, set())
    columns = [column for column in table.columns if column.name not in hidden]
    return select(*columns).order_by(*table.primary_key)


_SCANS = {table.name: _scan_of(table) for table in TABLES}


def reached(ends: Mapping[Any, int], positions: Mapping[Any, int]) -> bool:
    """Return whether positions are at or past every end."""
    return all(positions.get(at, 0) >= end for at, end in ends.items())
