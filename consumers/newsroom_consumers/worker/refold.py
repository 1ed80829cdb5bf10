"""Which parked records are folded again: when a person asks for it, or an event in the log skips the first of them.

Example::

    refold = refolds.due(records, held)
    result = batch_fold.fold(records, articles, refold)    # the records of ``refold`` come first
    generation.commit(moves, result)
    refolds.settle()    # removes the requests whose results are stored now

Only the worker that holds a partition may store what its records make. So a person's request lies in the control
database until that worker finds it. In both cases the running code folds the records, and the result is what it would
have made of the log from the start.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.parking import is_named_by
from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.fold.result import Refold
from newsroom_consumers.log.log import LogRecords
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.reread import read_again
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import RecordSkipped

_LOOK_SECONDS = 0.25
"""Minimum seconds between two looks for requests."""
_AT_ONCE = 2000
"""Records to fold again in one transaction, after which requests wait for the next one."""


class RetryRequests(Protocol):
    """People's requests to fold parked records again."""

    def asked(self) -> Collection[str]:
        """Return the ids of the articles (or ``CATALOGUE``) whose parked records are to be folded again."""

    def settle(self, ids: Iterable[str]) -> None:
        """Remove the requests for articles, which are answered."""


class NoRequests:
    """No requests: those of a replay."""

    def asked(self) -> Collection[str]:
        """Return no ids."""
        return ()

    def settle(self, ids: Iterable[str]) -> None:
        """Do nothing: there are no requests."""


class ThrottledRequests:
    """Requests that are read a few times a second, however fast the loop turns."""

    def __init__(self, requests: RetryRequests, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` never goes back, in seconds."""
        self._requests = requests
        self._clock = clock
        self._next = clock()

    def asked(self) -> Collection[str]:
        """Return the ids asked for, or none if they were read a moment ago."""
        if self._clock() < self._next:
            return ()
        self._next = self._clock() + _LOOK_SECONDS
        return self._requests.asked()

    def settle(self, ids: Iterable[str]) -> None:
        """Remove the requests for articles."""
        self._requests.settle(ids)


class Refolds:
    """Finds the parked records that one worker has to fold again."""

    def __init__(self, log: LogRecords, generation: Generation, reader: RecordReader, requests: RetryRequests) -> None:
        """``log`` has the records of articles that are folded again from their first record."""
        self._log = log
        self._generation = generation
        self._reader = reader
        self._requests = requests
        self._answered: list[str] = []

    def due(self, records: Sequence[JudgedRecord], held: Collection[Partition]) -> Refold:
        """Return the records to fold again in front of a batch, from the partitions that are held."""
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
        """Remove the requests that the last ``due`` has answered; call it once the batch is stored."""
        if self._answered:
            self._requests.settle(self._answered)
            self._answered = []

    def _skips_a_head(self, judged: JudgedRecord) -> bool:
        """Return whether a record skips the head of its article's queue in the database."""
        if not isinstance(judged.event, RecordSkipped) or judged.verdict is not None:
            return False
        head = self._generation.head(judged.aggregate or CATALOGUE)
        return head is not None and is_named_by(judged.event, self._reader.read(head))

    def _add(self, refold: Refold, id_: str, held: Collection[Partition]) -> bool:
        """Add the parked records of an article, if any. Return whether this worker can answer a request for it."""
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
