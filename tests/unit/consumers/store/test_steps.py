"""Failpoints: between every two steps of a worker there is one, and the list names them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection
from support import fold_model as make
from support.kit import CODEC
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, PLACE, TAGS_TOPIC, numbered, real, record_of

from newsroom_consumers.database.database import Session
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.log.log import Bounds, Polled
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.store.cursors import Cursor
from newsroom_consumers.store.generation import Generation, StoreStep
from newsroom_consumers.store.steps import Step, UnknownFailpointError, failpoint, ignore
from newsroom_consumers.worker.loop import Loop

LOG = numbered([record_of(real(event)) for event in (make.created(), make.defined("t1", uk="один"))], set())
READS_ONLY = {("bounds", "records_at"), ("seek", "take"), ("seek", "poll")}
"""Neighbours that need no place between them: the first of them changes nothing that outlives the process."""


class TracedLog(MemoryLog):
    """A log that notes what is done with it."""

    def __init__(self, trace: list[str]) -> None:
        super().__init__(PARTITIONS, LOG, sizes=[1])
        self.trace = trace

    def poll(self, seconds: float) -> Polled:
        self.trace.append("poll")
        return super().poll(seconds)

    def seek(self, partition: Partition, offset: int) -> None:
        self.trace.append("seek")
        super().seek(partition, offset)

    def bounds(self, partitions: Iterable[Partition]) -> dict[Partition, Bounds]:
        self.trace.append("bounds")
        return super().bounds(partitions)

    def records_at(self, offsets: Mapping[Partition, int]) -> dict[Partition, Record]:
        self.trace.append("records_at")
        return super().records_at(offsets)

    def report(self, offsets: Mapping[Partition, int]) -> None:
        self.trace.append("report")
        super().report(offsets)


class TracedGeneration(Generation):
    """A generation that notes what is done with it."""

    def __init__(self, session: Session, trace: list[str]) -> None:
        super().__init__(session, observer=lambda step: trace.append(f"({step})"))
        self.trace = trace

    def take(self, cursor: Cursor, owner: str) -> Cursor:
        self.trace.append("take")
        return super().take(cursor, owner)

    def load(self, ids: Iterable[str]) -> dict[str, Aggregate]:
        self.trace.append("load")
        return super().load(ids)

    def commit(self, moves: Sequence[tuple[Cursor, Cursor]], folded: FoldResult) -> None:
        self.trace.append("begin")
        super().commit(moves, folded)
        self.trace.append("commit")

    def steps(self) -> tuple[StoreStep, ...]:
        return tuple(self._traced(number, step) for number, step in enumerate(super().steps()))

    def _traced(self, number: int, step: StoreStep) -> StoreStep:
        def note_and_do(connection: Connection, moves: Sequence[tuple[Cursor, Cursor]], folded: FoldResult) -> None:
            self.trace.append(f"step {number}")
            step(connection, moves, folded)

        return note_and_do


@pytest.fixture
def trace(tmp_path: Path) -> list[str]:
    """Let a worker take its partitions and fold a small log, and return all that it did and all steps it reached."""
    trace: list[str] = []
    session = SqliteDatabase(tmp_path).session("main")
    loop = Loop(
        TracedLog(trace),
        TracedGeneration(session, trace),
        RecordReader(CODEC, tags_topic=TAGS_TOPIC, place=PLACE),
        BatchFold(),
        owner="test",
        observer=lambda step: trace.append(f"({step})"),
    )
    for _ in range(len(LOG)):
        assert loop.run_once(0).records == 1
    session.close()
    return trace


def test_the_list_names_every_place_that_a_worker_reaches_in_that_order(trace: list[str]) -> None:
    reached = dict.fromkeys(each.strip("()") for each in trace if each.startswith("("))
    assert list(reached) == list(Step)


def test_between_every_two_steps_there_is_a_place(trace: list[str]) -> None:
    steps = [(first, second) for first, second in pairwise(trace) if "(" not in first + second]
    assert set(steps) <= READS_ONLY
    assert {"take", "load", "step 4", "commit", "report"} <= set(trace)


@pytest.mark.parametrize("wanted", ["", "nowhere", "polled:0", "polled:-1", "polled:x"])
def test_a_place_that_there_is_not_is_refused(wanted: str) -> None:
    with pytest.raises(UnknownFailpointError, match="write name or name:count, with one of cursors_read"):
        failpoint(wanted)


def test_without_a_wish_nothing_happens_anywhere() -> None:
    assert failpoint(None) is ignore
