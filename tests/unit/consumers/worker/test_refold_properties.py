"""Parked records, over random logs and planted faults: a retry or a skip leaves what a fold from the start gives."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from support.examples import examples
from support.kit import CODEC, TABLES, Tables, scan, tables_of
from support.memory_log import MemoryLog
from support.parking import Faults, Wishes, skip_of
from support.record_strategies import PARTITIONS, PLACE, TAGS_TOPIC, records
from support.strategies import LANGUAGES, unhurried

from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.log.record import Address, Partition, Record
from newsroom_consumers.projections import PROJECTIONS
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.tables import PARKED
from newsroom_consumers.worker.loop import Loop
from newsroom_schemas.events import ArticleUnpublished

READER = RecordReader(CODEC, tags_topic=TAGS_TOPIC, place=PLACE)
SOUND = Faults()
STATES = {table.name for table in TABLES} - {"cursor", "event"}
"""Tables that do not speak of each record."""


class Plan(NamedTuple):
    """A log, a build's faults in it, and when a person does something about them."""

    log: list[Record]
    faults: Faults
    sizes: list[int]
    """Sizes of batches."""
    moments: list[int]
    """Numbers of records in the log at which the person acts."""


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a log, and faults on some of its events or pages."""
    log = draw(records())
    events = [read.event for record in log if (read := READER.read(record)).event is not None]
    ids = sorted({event.event_id for event in events})
    withdrawals = sorted({event.event_id for event in events if isinstance(event, ArticleUnpublished)})
    failing = st.sampled_from(ids or ["none"]) | st.sampled_from(withdrawals or ids or ["none"])
    pages = st.tuples(st.sampled_from(["Publication", "Withdrawal"]), st.sampled_from(sorted(set(LANGUAGES))))
    faults = Faults(
        events=draw(st.frozensets(failing, max_size=4)),
        pages=draw(st.frozensets(pages, max_size=1)),
    )
    sizes = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    return Plan(log, faults, sizes, sorted(draw(st.lists(st.integers(0, len(log)), min_size=1, max_size=3))))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of an empty generation."""
    path = tmp_path_factory.mktemp("empty") / "main.sqlite"
    session = SqliteDatabase(path.parent).session(path.stem)
    Generation(session)
    session.close()
    return path


@settings(unhurried, max_examples=examples(40))
@given(plans(), st.data())
def test_a_retry_at_any_moment_equals_a_fold_without_the_faults_that_were_mended(
    empty: Path, plan: Plan, data: st.DataObject
) -> None:
    """A build has some of the faults of the one before; what it still cannot fold stays parked, as on a replay."""
    faults = plan.faults
    with TemporaryDirectory() as folder, desk(empty, Path(folder), plan.sizes) as work:
        for moment in plan.moments:
            work.fold(plan.log[:moment], faults)
            faults = data.draw(some_of(faults))
            work.retry(faults)
            assert work.wishes.open == set()
        work.fold(plan.log, faults)
        work.retry(SOUND)
        assert work.tables() == from_scratch(empty, Path(folder), work.log, SOUND)


@settings(unhurried, max_examples=examples(40))
@given(plans(), st.data())
def test_a_skip_at_any_moment_equals_a_replay_of_the_log_that_has_it(
    empty: Path, plan: Plan, data: st.DataObject
) -> None:
    """Heads are skipped, and records that are none are not; states and pages are as if what is skipped had not been."""
    with TemporaryDirectory() as folder, desk(empty, Path(folder), plan.sizes) as work:
        for moment in plan.moments:
            work.fold(plan.log[:moment], plan.faults)
            for queue in work.queues().values():
                named = data.draw(st.lists(st.sampled_from([0, 0, 0, 1, -1]), max_size=3))
                work.skip([queue[each % len(queue)] for each in named])
        work.fold(plan.log, plan.faults)
        tables = work.tables()
        assert tables == from_scratch(empty, Path(folder), work.log, plan.faults)
        given_up = {row[:3] for row in tables["event"] if row[14] == "skipped"} | work.skips
        without = from_scratch(
            empty, Path(folder), [each for each in work.log if each[:3] not in given_up], plan.faults
        )
        assert {name: tables[name] for name in STATES} == {name: without[name] for name in STATES}


def some_of(faults: Faults) -> st.SearchStrategy[Faults]:
    """Draw what is left of faults when some are mended."""
    events = st.frozensets(st.sampled_from(sorted(faults.events))) if faults.events else st.just(frozenset())
    return st.builds(Faults, events=events, pages=st.sampled_from([faults.pages, frozenset()]))


class Desk:
    """One log that grows, a generation that follows it, and a person who acts in between."""

    def __init__(self, path: Path, sizes: Sequence[int]) -> None:
        self.log: list[Record] = []
        self.wishes = Wishes()
        self.skips: set[Address] = set()
        self._session = SqliteDatabase(path.parent).session(path.stem)
        self._generation = Generation(self._session)
        self._sizes = sizes
        self._given = 0
        self._ends: dict[Partition, int] = {}

    def fold(self, log: Sequence[Record], faults: Faults) -> None:
        """Append what is new of a log, and fold all there is with a build; hidden editions are hidden all the time."""
        for record in log[self._given :]:
            self.append(record)
        self._given = max(self._given, len(log))
        memory = MemoryLog(PARTITIONS, self.log, sizes=self._sizes)
        loop = Loop(memory, self._generation, READER, faults.folding(), owner="test", requests=self.wishes)
        while loop.run_once(0).records or self.wishes.open:
            if queues := self.queues():
                assert_hidden(self.tables(), queues)

    def retry(self, faults: Faults) -> None:
        """Ask for everything that is parked, of a worker with a build."""
        self.wishes.open |= set(self.queues())
        self.fold([], faults)

    def append(self, record: Record) -> None:
        """Put a record behind what its partition holds."""
        at = Partition(record.topic, record.partition)
        placed = record._replace(offset=max(record.offset, self._ends.get(at, 0)))
        self._ends[at] = placed.offset + 1
        self.log.append(placed)

    def skip(self, named: Sequence[JudgedRecord]) -> None:
        """Append the records that skip some others."""
        for read in named:
            at = Partition(read.record.topic, read.record.partition)
            self.append(skip_of(read, offset=self._ends[at], timestamp=self.log[-1].timestamp))
            self.skips.add(self.log[-1][:3])

    def queues(self) -> dict[str, list[JudgedRecord]]:
        """Return the parked records by article."""
        with self._session.begin() as connection:
            ids = set(connection.scalars(select(PARKED.c.article_id)))
        return {id_: [READER.read(record) for record in self._generation.queue(id_).records] for id_ in sorted(ids)}

    def tables(self) -> Tables:
        """Scan the tables."""
        with self._session.begin() as connection:
            return scan(connection)

    def close(self) -> None:
        """Close the file."""
        self._session.close()


@contextmanager
def desk(empty: Path, folder: Path, sizes: Sequence[int]) -> Iterator[Desk]:
    """Open a desk on an empty generation."""
    opened = Desk(Path(shutil.copy(empty, folder / "main.sqlite")), sizes)
    try:
        yield opened
    finally:
        opened.close()


def from_scratch(empty: Path, folder: Path, log: Sequence[Record], faults: Faults) -> Tables:
    """Fold a log in one batch."""
    path = Path(shutil.copy(empty, folder / f"{len(log)}.sqlite"))
    session = SqliteDatabase(path.parent).session(path.stem)
    memory = MemoryLog(PARTITIONS, log, sizes=[1000])
    loop = Loop(memory, Generation(session), READER, faults.folding(), owner="test")
    while loop.run_once(0).records:
        pass
    session.close()
    return tables_of(path)


def assert_hidden(tables: Tables, queues: dict[str, list[JudgedRecord]]) -> None:
    """See that no list and no page shows an edition that a parked withdrawal names."""
    decided = {row[4] for row in tables["event"] if row[-1]}
    shown = {
        (row[table.columns.keys().index("article_id")], row[table.columns.keys().index("language")])
        for projection in PROJECTIONS.values()
        for table in projection.TABLES
        if table.name != "gone"
        for row in tables[table.name]
    }
    for id_, queue in queues.items():
        for event in (read.event for read in queue if read.verdict is None):
            if isinstance(event, ArticleUnpublished) and event.event_id not in decided:
                everything = event.reason == "legal" or not event.languages
                assert not {each for each in shown if each[0] == id_ and (everything or each[1] in event.languages)}
