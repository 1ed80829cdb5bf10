"""Parked records are folded again: when a person asks for it, and when an event in the log skips the first of them.

Example::

    refold = refolds.due(records, held)
    result = batch_fold.fold(records, articles, refold)    # the records of ``refold`` come first
    refolds.settle()                                       # once that is stored

Only the worker that holds a partition may write what its records make, so a person's wish is a request that this worker
finds in the control database. Whichever way records come to be folded again, the code that runs now folds them, and
what comes out is what it would have made of the log from the start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.parking import is_named_by
from newsroom_consumers.fold.record_rules import CATALOGUE, JudgedRecord, RecordReader
from newsroom_consumers.fold.result import Refold
from newsroom_consumers.log.log import LogRecords
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.reread import read_again
from newsroom_schemas.events import RecordSkipped

_LOOK_SECONDS = 0.25
"""How often a worker looks for requests at most."""
_AT_ONCE = 2000
"""Records after which no further queue is folded again in the same transaction."""


class Requests(Protocol):
    """What people have asked to be folded again."""

    def asked(self) -> Collection[str]:
        """Give the articles (or ``CATALOGUE``) whose parked records shall be folded again."""

    def settle(self, ids: Iterable[str]) -> None:
        """Take the requests of articles away: they are answered."""


class NoRequests:
    """Nobody asks for anything."""

    def asked(self) -> Collection[str]:
        """Give none."""
        return ()

    def settle(self, ids: Iterable[str]) -> None:
        """Have nothing to do."""


class ThrottledRequests:
    """Requests that are looked for a few times a second, however fast the loop turns."""

    def __init__(self, requests: Requests, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the requests and a clock of seconds."""
        self._requests = requests
        self._clock = clock
        self._next = clock()

    def asked(self) -> Collection[str]:
        """Give what was asked for, or nothing when somebody has just looked."""
        if self._clock() < self._next:
            return ()
        self._next = self._clock() + _LOOK_SECONDS
        return self._requests.asked()

    def settle(self, ids: Iterable[str]) -> None:
        """Take requests away."""
        self._requests.settle(ids)


class Refolds:
    """Finds the records that one worker has to fold again."""

    def __init__(self, log: LogRecords, generation: Generation, reader: RecordReader, requests: Requests) -> None:
        """Take what gives records, and where requests come from."""
        self._log = log
        self._generation = generation
        self._reader = reader
        self._requests = requests
        self._answered: list[str] = []

    def due(self, records: Sequence[JudgedRecord], held: Collection[Partition]) -> Refold:
        """Give the records to fold again in front of a batch, of partitions that are held."""
        refold = Refold()
        for id_ in sorted({each.aggregate or CATALOGUE for each in records if self._skips_a_head(each)}):
            self._add(refold, id_, held)
        self._answered = []
        for id_ in sorted(self._requests.asked()):
            if len(refold.records) >= _AT_ONCE:
                break
            if id_ in refold.aggregates or self._add(refold, id_, held):
                self._answered.append(id_)
        return refold

    def settle(self) -> None:
        """Say that what was asked for is stored."""
        if self._answered:
            self._requests.settle(self._answered)
            self._answered = []

    def _skips_a_head(self, judged: JudgedRecord) -> bool:
        """Say whether a record skips the first of its article's parked records in the database."""
        if not isinstance(judged.event, RecordSkipped) or judged.verdict is not None:
            return False
        head = self._generation.head(judged.aggregate or CATALOGUE)
        return head is not None and is_named_by(judged.event, self._reader.read(head))

    def _add(self, refold: Refold, id_: str, held: Collection[Partition]) -> bool:
        """Add what an article has parked, if anything; give whether this worker is the one to answer for it."""
        records, from_start = self._generation.queue(id_)
        if not records:
            return True
        at = Partition(records[0].topic, records[0].partition)
        if at not in held:
            return False
        if from_start:
            refold.from_start.add(id_)
            refold.aggregates[id_] = Aggregate(id=id_)
            own = {at: self._generation.history(id_, at)}
            refold.records += read_again(self._log, self._reader, own)
        else:
            refold.aggregates |= self._generation.load([id_])
            refold.aggregates[id_].parked = False
            refold.records += [self._reader.read(record) for record in records]
        return True
