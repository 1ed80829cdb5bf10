"""The loop moves one generation along the log, batch by batch, so that each event takes effect exactly once.

Example::

    loop = Loop(log, generation, reader, BatchFold(), owner="desk-1:4711")
    loop.run(stopping)

A batch is whatever the log has: one record when live, thousands when catching up. How far the
generation is, is what its cursors in the database say, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from newsroom_consumers.database.database import DatabaseAwayError
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.log.chain import link
from newsroom_consumers.log.cut import Cut, CutLog
from newsroom_consumers.log.log import Log, LogError, LogMismatchError, LogStream, Polled
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.cursors import Cursor, FencedError
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.steps import Step, StepObserver, ignore
from newsroom_consumers.worker.article_cache import CACHED, ArticleCache
from newsroom_consumers.worker.backoff import Stop, retrying
from newsroom_consumers.worker.refold import NoRequests, Refolds, RetryRequests

_WAIT_SECONDS = 0.5
"""Seconds that an idle poll waits, which is the longest that a stop waits for it."""


class Batch(NamedTuple):
    """The result of one turn of the loop."""

    records: int
    moves: Sequence[tuple[Cursor, Cursor]]
    """The cursors that moved, each before and after."""


class Loop:
    """One worker's loop over the partitions that it holds."""

    def __init__(
        self,
        log: Log,
        generation: Generation,
        reader: RecordReader,
        batch_fold: BatchFold,
        *,
        owner: str,
        cut: Cut | None = None,
        cached: int = CACHED,
        requests: RetryRequests | None = None,
        observer: StepObserver = ignore,
    ) -> None:
        """Follow ``log`` and move ``generation``.

        * ``owner`` names this worker in the cursors.
        * ``cut`` is where a replay ends; partitions that it does not name are not read.
        * ``cached`` is the number of articles kept in memory between batches.
        * ``requests`` are people's requests to fold parked records again.
        * ``observer`` is called after every step.
        """
        self._log = log
        self._stream: LogStream = log if cut is None else CutLog(log, cut)
        self._generation = generation
        self._reader = reader
        self._batch_fold = batch_fold
        self._owner = owner
        self._refolds = Refolds(log, generation, reader, requests or NoRequests())
        self._observe = observer
        self._held: dict[Partition, Cursor] = {}
        self._terms: Mapping[Partition, int] = {}
        self._articles = ArticleCache(cached)

    def run(self, stopping: Stop) -> None:
        """Run until told to stop. Wait with jitter while Kafka or the database is away, and after being fenced.

        Raises ``LogMismatchError`` when the log is not the one that the generation has folded.
        """
        patient = retrying(stopping, LogError, DatabaseAwayError, FencedError, sleep=partial(self._rest, stopping))
        while not stopping.is_set():
            patient(self.run_once)

    def run_once(self, wait: float = _WAIT_SECONDS) -> Batch:
        """Move the generation forward by one batch, waiting at most some seconds for a record.

        1. Poll records.  2. Read them: decode, and judge each by itself.  3. Fold them onto the articles they touch,
        behind parked records that are folded again.  4. Store rows and cursors in one transaction.  5. Tell Kafka how
        far we are, for lag tools only, and people that their requests are answered.
        """
        try:
            polled = self._poll(wait)
            judged = self._read(polled)
            folded = self._fold(judged)
            moves = self._store(polled, judged, folded)
        except BaseException:
            self._let_go()
            raise
        self._report(moves)
        self._refolds.settle()
        return Batch(len(judged), moves)

    def _poll(self, wait: float) -> Polled:
        """Drop the partitions that are no longer assigned, take the newly assigned ones, and poll."""
        assigned = self._stream.assigned()
        for lost in [at for at in self._held if assigned.get(at) != self._terms[at]]:
            self._drop(lost)
        self._terms = assigned
        if gained := assigned.keys() - self._held.keys():
            self._take(gained)
        polled = self._stream.poll(wait)
        self._observe(Step.POLLED)
        return polled

    def _read(self, polled: Polled) -> list[JudgedRecord]:
        judged = [
            self._reader.read(record)
            for record in polled.records
            if (held := self._held.get(Partition(record.topic, record.partition))) and record.offset >= held.next_offset
        ]
        self._observe(Step.READ)
        return judged

    def _fold(self, judged: Sequence[JudgedRecord]) -> FoldResult:
        refold = self._refolds.due(judged, self._held)
        self._articles.update(refold.aggregates)
        touched = {each.aggregate for each in judged if each.aggregate is not None}
        if missing := touched - self._articles.keys():
            self._articles.update(self._generation.load(missing))
            self._observe(Step.LOADED)
        folded = self._batch_fold.fold(judged, self._articles, refold)
        self._observe(Step.FOLDED)
        return folded

    def _store(self, polled: Polled, judged: Sequence[JudgedRecord], folded: FoldResult) -> list[tuple[Cursor, Cursor]]:
        moved = dict(self._held)
        for at, passed in _by_partition(judged).items():
            moved[at] = _past(moved[at], passed)
        for at, position in polled.positions.items():
            if at in moved and position > moved[at].next_offset:
                moved[at] = msgspec.structs.replace(moved[at], next_offset=position)
        fenced = {Partition(*each.record[:2]) for each in folded.refold.records}
        moves = [(held, moved[at]) for at, held in sorted(self._held.items()) if moved[at] is not held or at in fenced]
        if moves:
            self._generation.commit(moves, folded)
            self._observe(Step.COMMITTED)
        self._held = moved
        self._articles.touch(each.aggregate for each in judged)
        return moves

    def _report(self, moves: Sequence[tuple[Cursor, Cursor]]) -> None:
        self._stream.report({Partition(moved.topic, moved.partition): moved.next_offset for _, moved in moves})
        self._observe(Step.REPORTED)

    def _take(self, gained: Iterable[Partition]) -> None:
        """Verify that the log is the one folded so far, fence earlier owners of partitions, and seek to the cursors."""
        cursors = {at: self._generation.cursor(at) for at in sorted(gained)}
        self._observe(Step.CURSORS_READ)
        self._verify(cursors)
        self._observe(Step.LOG_VERIFIED)
        for at, cursor in cursors.items():
            self._held[at] = self._generation.take(cursor, self._owner)
            self._observe(Step.PARTITION_TAKEN)
            self._stream.seek(at, self._held[at].next_offset)
        self._articles.clear()

    def _rest(self, stopping: Stop, seconds: float) -> None:
        """Wait some seconds and stay a reader of the log: a group drops a member that is silent."""
        end = time.monotonic() + seconds  # not ``attempts``: each pause is a heartbeat, the last one as long as is left
        while (left := end - time.monotonic()) > 0 and not stopping.is_set():
            pause = min(left, _WAIT_SECONDS)
            try:
                self._stream.heartbeat(pause)
            except LogError:
                stopping.wait(pause)

    def _verify(self, cursors: dict[Partition, Cursor]) -> None:
        """Raise ``LogMismatchError`` unless the log still has the last folded record of each partition."""
        bounds = self._log.bounds(cursors)
        last = {at: cursor.last_offset for at, cursor in cursors.items() if cursor.last_offset is not None}
        records = self._log.records_at(last)
        for at, cursor in cursors.items():
            if not bounds[at].first <= cursor.next_offset <= bounds[at].end:
                raise LogMismatchError(
                    at,
                    f"it goes from {bounds[at].first} to {bounds[at].end}, but the cursor is at {cursor.next_offset}",
                )
            if at in last:
                found = records.get(at)
                if found is None or self._reader.read(found).record_sha != cursor.last:
                    raise LogMismatchError(at, f"the record at {cursor.last_offset} is missing or differs")

    def _let_go(self) -> None:
        """Forget what was folded and not stored, and drop all partitions.

        So the next turn takes them again: it verifies the log, which may have changed, and reads on from the cursors.
        """
        self._held.clear()
        self._articles.clear()

    def _drop(self, partition: Partition) -> None:
        del self._held[partition]
        self._articles.clear()


def _by_partition(judged: Iterable[JudgedRecord]) -> dict[Partition, list[JudgedRecord]]:
    """Return records by partition, in log order."""
    found: dict[tuple[str, int], list[JudgedRecord]] = {}
    for each in judged:
        found.setdefault(each.record[:2], []).append(each)
    return {Partition(*at): passed for at, passed in found.items()}


def _past(cursor: Cursor, judged: Sequence[JudgedRecord]) -> Cursor:
    """Return the cursor after some more records."""
    chain = cursor.chain
    for each in judged:
        chain = link(chain, each.record_sha)
    return msgspec.structs.replace(
        cursor,
        next_offset=judged[-1].record.offset + 1,
        last_offset=judged[-1].record.offset,
        last=judged[-1].record_sha,
        chain=chain,
    )
