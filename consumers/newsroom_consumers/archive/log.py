"""An export as a log, so that it can be folded without Kafka.

Example::

    log = ArchiveLog(Path("backup"), batch=1000)
    Loop(log, generation, reader, BatchFold(), owner="audit").run_once()
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from newsroom_consumers.archive.container import Entry, entries
from newsroom_consumers.archive.format import ArchivedPartition, folder_of, read_manifest
from newsroom_consumers.log.log import Bounds, Polled
from newsroom_consumers.log.record import Partition, Record


class ArchiveLog:
    """The records of an export, with all partitions assigned to this reader. Does not verify them: use ``verify``.

    Every method that reads records raises ``UnreadableContainerError``, which is permanent: do not retry.
    """

    def __init__(self, folder: Path, *, batch: int) -> None:
        """``batch`` is the maximum number of records that a poll returns.

        Raises ``NoArchiveError`` and ``ManifestError``.
        """
        manifest = read_manifest(folder)
        self.partitions: Mapping[str, int] = {topic.name: len(topic.partitions) for topic in manifest.topics}
        self._folder = folder
        self._batch = batch
        self._archived: dict[Partition, ArchivedPartition] = dict(manifest.partitions())
        self._reading: dict[Partition, Iterator[Record]] = {}
        self._positions: dict[Partition, int] = {}

    def assigned(self) -> Mapping[Partition, int]:
        """Return all partitions, each in term 0, the only one."""
        return dict.fromkeys(self._archived, 0)

    def poll(self, seconds: float) -> Polled:
        """Return the next records, an equal share from each partition. After the last one, wait and return none."""
        found: list[Record] = []
        while self._reading and len(found) < self._batch:
            share = max(1, (self._batch - len(found)) // len(self._reading))
            for at in list(self._reading)[: self._batch - len(found)]:
                records = list(islice(self._reading[at], share))
                self._move(at, records)
                found += records
        if not found:
            time.sleep(seconds)
        return Polled(found, dict(self._positions))

    def _move(self, at: Partition, records: Sequence[Record]) -> None:
        """Move the position of a partition past the records read; at its end, to the export's ``next_offset``."""
        if records:
            self._positions[at] = records[-1].offset + 1
        if not records or records[-1].offset == self._archived[at].last_offset:
            self._positions[at] = max(self._positions[at], self._archived[at].next_offset)
            del self._reading[at]

    def seek(self, partition: Partition, offset: int) -> None:
        """Continue reading a partition at an offset."""
        self._positions[partition] = offset
        self._reading[partition] = self._records(partition, offset)

    def pause(self, partition: Partition) -> None:
        """Read no more of a partition until `seek`."""
        self._positions.pop(partition, None)
        self._reading.pop(partition, None)

    def bounds(self, partitions: Iterable[Partition]) -> Mapping[Partition, Bounds]:
        """Return the first and end offsets of partitions."""
        found = {at: self._archived[at] for at in partitions}
        return {at: Bounds(each.first_offset, each.next_offset) for at, each in found.items()}

    def offsets_after(self, instant: int, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Return the offset of each partition's first record after an instant (microseconds), if it has one.

        Reads all records before it.
        """
        later = {
            at: next((each.offset for each in self._records(at, 0) if each.timestamp > instant), None)
            for at in partitions
        }
        return {at: offset for at, offset in later.items() if offset is not None}

    def records_at(self, offsets: Mapping[Partition, int]) -> Mapping[Partition, Record]:
        """Return one record for each partition, except those that the export does not have."""
        return {at: each for at, offset in offsets.items() for each in self.records_of(at, [offset])}

    def records_of(self, partition: Partition, offsets: Sequence[int]) -> Sequence[Record]:
        """Return some records of one partition, in order, except those that the export does not have."""
        wanted = set(offsets)
        found: list[Record] = []
        for each in self._records(partition, min(wanted, default=0)):
            if each.offset in wanted:
                found.append(each)
            if not wanted or each.offset >= max(wanted):
                break
        return found

    def report(self, offsets: Mapping[Partition, int]) -> None:
        """Do nothing: an export has no lag to report."""

    def heartbeat(self, seconds: float) -> None:
        """Wait. As with every log, each partition must be sought before it is read again."""
        self._reading.clear()
        self._positions.clear()
        time.sleep(seconds)

    def close(self) -> None:
        """Close all open files."""
        self._reading.clear()

    def _records(self, at: Partition, offset: int) -> Iterator[Record]:
        """Yield the records of a partition from an offset on."""
        for entry in archived_entries(self._folder, at, self._archived[at], first=offset):
            yield entry.record


def archived_entries(folder: Path, at: Partition, archived: ArchivedPartition, *, first: int = 0) -> Iterator[Entry]:
    """Yield a partition's records with their hashes, from offset ``first`` on. Raises ``UnreadableContainerError``."""
    starts = [int(file.name.removesuffix(".avro")) for file in archived.files]
    place = folder_of(folder, at)
    for file in archived.files[max(0, bisect_right(starts, first) - 1) :]:
        for entry in entries(place / file.name, at):
            if entry.record.offset >= first:
                yield entry
