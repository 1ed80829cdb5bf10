"""A cut: the offset up to which each partition of the log is folded. Any set of offsets is a consistent cut.

Example::

    cut = cut_at(log, instant)
    for record in records_until(log, cut):
        reader.read(record)

Articles do not depend on each other, and all records of one lie in one partition. So the fold up to any cut is a state
that readers could have seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from newsroom_consumers.log.log import Log, LogExtent, LogStream, Polled
from newsroom_consumers.log.record import Partition, Record, all_partitions

Cut = Mapping[Partition, int]
"""The offset of the first record past the cut, by partition."""

_WAIT_SECONDS = 0.5
"""How long a poll waits for records that the log is known to have."""


def end_of(log: LogExtent) -> dict[Partition, int]:
    """Return the cut after the last record that the log has now. Raises ``LogError``."""
    return {at: bounds.end for at, bounds in log.bounds(all_partitions(log.partitions)).items()}


def cut_at(log: LogExtent, instant: int) -> dict[Partition, int]:
    """Return the cut before the first record of each partition that is stamped later than an instant (microseconds).

    For a partition without such a record, the cut is its present end. Raises ``LogError``.
    """
    ends = end_of(log)
    later = log.offsets_after(instant, ends)
    return {at: min(end, later.get(at, end)) for at, end in ends.items()}


def distance(cut: Cut, reached: Cut) -> int:
    """Return how many offsets are left from what is reached to a cut."""
    return sum(max(0, offset - reached.get(at, 0)) for at, offset in cut.items())


def records_until(log: Log, cut: Cut) -> Iterator[Record]:
    """Yield the records of a log from the first one to a cut, each partition in order. Raises ``LogError``.

    Partitions that the cut does not name are not read.
    """
    ending = CutLog(log, cut)
    reached = {at: bounds.first for at, bounds in log.bounds(cut).items() if bounds.first < cut[at]}
    for at, first in reached.items():
        ending.seek(at, first)
    while any(offset < cut[at] for at, offset in reached.items()):
        polled = ending.poll(_WAIT_SECONDS)
        yield from polled.records
        reached |= {at: offset for at, offset in polled.positions.items() if at in reached}


class CutLog:
    """The stream of a log up to a cut; its reader holds only partitions that the cut names."""

    def __init__(self, log: LogStream, cut: Cut) -> None:
        """``log`` is open for reading, and nobody else reads its stream."""
        self._log = log
        self._cut = cut

    def assigned(self) -> Mapping[Partition, int]:
        """Return the partitions that the cut names, each with the number of its term."""
        return {at: term for at, term in self._log.assigned().items() if at in self._cut}

    def poll(self, seconds: float) -> Polled:
        """Return the next records before the cut."""
        polled = self._log.poll(seconds)
        records = [each for each in polled.records if each.offset < self._cut[Partition(each.topic, each.partition)]]
        for at, position in polled.positions.items():
            if position >= self._cut[at]:
                self._log.pause(at)
        return Polled(records, {at: min(position, self._cut[at]) for at, position in polled.positions.items()})

    def seek(self, partition: Partition, offset: int) -> None:
        """Read a partition from an offset on."""
        self._log.seek(partition, offset)

    def pause(self, partition: Partition) -> None:
        """Read nothing more of a partition until it is sought."""
        self._log.pause(partition)

    def report(self, offsets: Mapping[Partition, int]) -> None:
        """Do nothing: a replay up to a cut has no lag to report."""

    def heartbeat(self, seconds: float) -> None:
        """Wait some seconds and stay a reader."""
        self._log.heartbeat(seconds)
