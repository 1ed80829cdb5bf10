"""A newsroom for tests: topics of its own on the run's real broker, and generations in folders of their own.

Example::

    newsroom.desk("olena").create("storm", "uk", headline="Буря")
    newsroom.work()
    newsroom.queries(lambda seen: seen.queries.timeline("uk", limit=5))
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from newsroom_consumers import generations
from newsroom_consumers.folding import Folding
from newsroom_consumers.loop import Loop
from newsroom_consumers.queries import Site
from newsroom_consumers.reads import RecordReader
from newsroom_consumers.store import sqlite
from newsroom_consumers.store.control import Control
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.transport import KafkaLog, placement
from newsroom_producers.desk import Desk
from newsroom_producers.transport import KafkaTransport, Topics
from newsroom_schemas.codec import Codec
from newsroom_schemas.registry import Registry

T = TypeVar("T")
Tables = dict[str, list[tuple[Any, ...]]]
"""Every row of every table, in the order of its key."""

CODEC = Codec(Registry.load())
SITE = Site(("uk", "ru", "en"), ZoneInfo("Europe/Kyiv"), CODEC.blocks)
NOT_COMPARED = {"cursor": {"epoch", "owner"}}
"""Columns that say who worked, not what was folded."""


class Newsroom:
    """One log and the generations made of it; ``batch`` is the size of the batches that its workers fold."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path, *, batch: int = 500) -> None:
        """Take the broker, the topics' prefix and the folder of the generations."""
        self.bootstrap = bootstrap
        self.topics = Topics(f"{prefix}.articles", f"{prefix}.tags")
        self.folder = folder
        self.batch = batch
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
    def loop(self, folder: Path | None = None, *, folding: Folding | None = None, **options: Any) -> Iterator[Loop]:
        """Open a worker's loop on a generation, as a worker process would."""
        control = Control(folder or self.folder)
        path = control.file("main")
        with sqlite.lock(path), closing(KafkaLog(self.bootstrap, self.topics, batch=self.batch)) as log:
            control.register("main", generations.build(log.partitions), now=0)
            reader = RecordReader(CODEC, tags_topic=self.topics.tags, place=placement(log.partitions))
            engine = sqlite.writer(path)
            generation = options.pop("generation", Generation)(engine, "main")
            yield Loop(log, generation, reader, folding or Folding(), owner="test", **options)
            engine.dispose()

    def work(self, folder: Path | None = None, *, folding: Folding | None = None, **options: Any) -> None:
        """Fold everything that is in the log now."""
        ends = self.ends()
        with self.loop(folder, folding=folding, **options) as loop:
            while not _reached(ends, self.look(lambda seen: seen.ledger.positions(), folder)):
                loop.run_once(0.2)

    def ends(self) -> Mapping[Any, int]:
        """Where the log ends now."""
        with closing(KafkaLog(self.bootstrap, self.topics)) as log:
            return {at: bounds.end for at, bounds in log.bounds(log.assigned()).items()}

    def look(self, ask: Callable[[generations.Snapshot], T], folder: Path | None = None) -> T:
        """Ask the live generation."""
        with generations.snapshot(Control(folder or self.folder), SITE) as seen:
            return ask(seen)

    def tables(self, folder: Path | None = None) -> Tables:
        """Scan every column of every table of the generation."""
        return tables_of(Control(folder or self.folder).file("main"))

    def close(self) -> None:
        """End the connection of the tools."""
        if self._transport is not None:
            self._transport.close()


def tables_of(path: Path) -> Tables:
    """Scan every column of every table of a generation's file, but for those that say who worked."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return {name: _rows_of(connection, name) for (name,) in names}


def _rows_of(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    known = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    keys = [name for _, name, *_, key in sorted(known, key=lambda column: column[-1]) if key]
    names = [name for _, name, *_ in known if name not in NOT_COMPARED.get(table, set())]
    columns, order = (", ".join(f'"{name}"' for name in each) for each in (names, keys))
    return connection.execute(f'SELECT {columns} FROM "{table}" ORDER BY {order}').fetchall()  # noqa: S608 - our names


def _reached(ends: Mapping[Any, int], positions: Mapping[Any, int]) -> bool:
    return all(positions.get(at, 0) >= end for at, end in ends.items())
