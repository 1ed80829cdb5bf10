"""A replay folds the log from its first record up to a cut, into a generation that is not live.

Example::

    with control.database.exclusively("trial"):
        replay(control, "trial", log, cut_at(log, instant), reader, stopping=stopping)

It is the worker's loop, with a cut. After it was stopped or killed, the same call continues.
"""

from __future__ import annotations

import threading
import time
from typing import ClassVar

from newsroom_consumers.control.build import moving, owner, this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.cut import Cut, distance
from newsroom_consumers.log.log import Log, LogError, LogExtent
from newsroom_consumers.log.record import Partition
from newsroom_consumers.progress import Progress
from newsroom_consumers.worker.backoff import retrying
from newsroom_consumers.worker.loop import Loop
from newsroom_schemas.errors import Kind, NewsroomError

_WAIT_SECONDS = 0.2
"""Seconds that a poll waits for records that the log has: right after a seek, Kafka returns none."""


class PastCutError(NewsroomError):
    """A generation has folded records past a cut."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, name: str, partition: Partition, reached: int, wanted: int) -> None:
        """``reached`` is the offset up to which the generation has folded, ``wanted`` that of the cut."""
        super().__init__(
            f"generation {name} has already folded {partition.topic}/{partition.partition} up to {reached}, past the "
            f"cut at {wanted}: what is folded cannot be undone. Replay into another name, or drop this generation first"
        )
        self.name = name
        self.partition = partition


class CutBeyondEndError(NewsroomError):
    """A cut lies past the end of the log."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, partition: Partition, wanted: int, end: int) -> None:
        """``wanted`` is the offset of the cut, ``end`` that of the partition's end."""
        super().__init__(
            f"{partition.topic}/{partition.partition} ends at {end}, before the cut at {wanted}: choose an earlier cut"
        )
        self.partition = partition


def begin(control: Control, name: str, log: LogExtent, cut: Cut) -> int:
    """Register a generation for a replay, and return how many offsets are left to the cut.

    Raises ``LiveGenerationError``, ``PastCutError``, ``CutBeyondEndError``, and what ``Control.enter`` raises.
    """
    control.require_not_live(name)
    for at, bounds in log.bounds(cut).items():
        if cut[at] > bounds.end:
            raise CutBeyondEndError(at, cut[at], bounds.end)
    control.enter(name, this_build(log.partitions), now=time.time_ns() // 1000)
    reached = reached_by(control, name)
    for at, offset in reached.items():
        if offset > cut.get(at, offset):
            raise PastCutError(name, at, offset, cut[at])
    return distance(cut, reached)


def reached_by(control: Control, name: str) -> dict[Partition, int]:
    """Return how far a generation has folded each partition, after making the tables that are missing."""
    with moving(control, name) as generation:
        return generation.cut()


def replay(
    control: Control,
    name: str,
    log: Log,
    cut: Cut,
    reader: RecordReader,
    *,
    stopping: threading.Event,
    batch_fold: BatchFold | None = None,
    progress: Progress = lambda _: None,
) -> bool:
    """Fold the log into a generation up to a cut. Return False if it was told to stop before.

    Only the partitions that the cut names are folded. The replay waits while Kafka or the database is away. The caller
    holds the generation exclusively. Raises what ``begin`` raises, ``FencedError`` when a worker takes the generation
    from it, and ``LogMismatchError`` when the log is not the one that it was begun with.
    """
    begin(control, name, log, cut)
    with moving(control, name) as generation:
        loop = Loop(log, generation, reader, batch_fold or BatchFold(), owner=owner(), cut=cut)
        patient = retrying(stopping, LogError, DatabaseAwayError)
        reached = generation.cut()
        while not stopping.is_set():
            batch = patient(loop.run_once, _WAIT_SECONDS)
            moved = (
                {Partition(each.topic, each.partition): each.next_offset for _, each in batch.moves} if batch else {}
            )
            progress(sum(offset - reached.get(at, 0) for at, offset in moved.items()))
            reached |= moved
            if batch and not distance(cut, reached):
                return True
    return False
