"""A log in memory, for tests of the loop that have no time for a broker; and a fuse that ends such tests' workers.

It behaves as ``KafkaLog`` does: nothing is polled from a partition before it was sought, and a partition may end behind
its last record, as after a transaction's end mark.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence

from newsroom_consumers.log.log import Bounds, Polled
from newsroom_consumers.log.record import Partition, Record, all_partitions


class CrashError(BaseException):
    """The process has died: nothing of ours may catch it."""


class Fuse:
    """Lets a number of steps happen, and fails before the next one, once."""

    def __init__(self, steps: int, error: BaseException) -> None:
        self._left = steps
        self._error = error

    def shorten(self, steps: int) -> None:
        """Let only so many more steps happen."""
        self._left = steps

    @property
    def is_whole(self) -> bool:
        """Whether it has not failed yet."""
        return self._left >= 0

    def burn(self) -> None:
        """Begin a step."""
        self._left -= 1
        if self._left == -1:
            raise self._error


class MemoryLog:
    """Records in memory, given in batches of the sizes asked for, over and over."""

    def __init__(
        self,
        partitions: Mapping[str, int],
        records: Iterable[Record],
        *,
        sizes: Sequence[int] = (500,),
        fuse: Fuse | None = None,
    ) -> None:
        self.partitions = partitions
        self.mine = set(all_partitions(partitions))
        self.ends: dict[Partition, int] = dict.fromkeys(self.mine, 0)
        self.reported: dict[Partition, int] = {}
        self.term = 0
        self._records: dict[Partition, list[Record]] = {at: [] for at in sorted(self.mine)}
        self._positions: dict[Partition, int] = {}
        self._sizes = itertools.cycle(sizes)
        self._fuse = fuse or Fuse(-1, CrashError())
        self._turn = 0
        for record in records:
            self.append(record)

    def make_anew(self, records: Iterable[Record]) -> None:
        """Replace all records by others; readers keep their positions, as Kafka's do when topics are made anew."""
        self._records = {at: [] for at in self._records}
        self.ends = dict.fromkeys(self.ends, 0)
        for record in records:
            self.append(record)

    def append(self, record: Record) -> None:
        """Put a record at the end of its partition."""
        at = Partition(record.topic, record.partition)
        self._records[at].append(record)
        self.ends[at] = record.offset + 1

    def assigned(self) -> dict[Partition, int]:
        """Return the partitions that ``mine`` names now, all in the term that ``term`` says."""
        self._fuse.burn()
        return dict.fromkeys(self.mine, self.term)

    def poll(self, seconds: float) -> Polled:
        """Return the next batch, beginning with another partition each time; ``seconds`` are not waited."""
        del seconds
        self._fuse.burn()
        left = next(self._sizes)
        found: list[Record] = []
        for at in self._rotated():
            given = [each for each in self._records[at] if each.offset >= self._positions[at]][:left]
            if given:
                left -= len(given)
                found += given
                is_last = given[-1] is self._records[at][-1]
                self._positions[at] = self.ends[at] if is_last else given[-1].offset + 1
        return Polled(found, dict(self._positions))

    def seek(self, partition: Partition, offset: int) -> None:
        """Read a partition from an offset on; like Kafka's, this asks nobody and cannot fail."""
        self._positions[partition] = offset

    def pause(self, partition: Partition) -> None:
        """Read nothing more of a partition until it is sought."""
        self._positions.pop(partition, None)

    def bounds(self, partitions: Iterable[Partition]) -> dict[Partition, Bounds]:
        """Return where partitions begin and end."""
        self._fuse.burn()
        return {at: Bounds(0, self.ends[at]) for at in partitions}

    def offsets_after(self, instant: int, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Find the first record of each partition that is stamped later than an instant."""
        later = {at: [each.offset for each in self._records[at] if each.timestamp > instant] for at in partitions}
        return {at: offsets[0] for at, offsets in later.items() if offsets}

    def records_at(self, offsets: Mapping[Partition, int]) -> dict[Partition, Record]:
        """Read single records."""
        self._fuse.burn()
        return {at: each for at, offset in offsets.items() for each in self._records[at] if each.offset == offset}

    def records_of(self, partition: Partition, offsets: Sequence[int]) -> list[Record]:
        """Read some records of one partition."""
        self._fuse.burn()
        return [each for each in self._records[partition] if each.offset in set(offsets)]

    def report(self, offsets: Mapping[Partition, int]) -> None:
        """Keep what was told."""
        self._fuse.burn()
        self.reported |= offsets

    def heartbeat(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def _rotated(self) -> list[Partition]:
        """Return the partitions to poll, another one first each time."""
        sought = [at for at in self._records if at in self._positions and at in self.mine]
        self._turn += 1
        start = self._turn % len(sought) if sought else 0
        return sought[start:] + sought[:start]
