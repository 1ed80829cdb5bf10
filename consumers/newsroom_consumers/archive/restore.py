"""Import: appends the records of an export to topics, with the same offsets, timestamps and hashes.

This is `newsroom log import`. What the topics hold already must be the beginning of the export, so an import that was
interrupted can be continued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from newsroom_consumers.archive.format import Manifest
from newsroom_consumers.archive.log import archived_entries
from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.cut import end_of, records_until
from newsroom_consumers.log.log import Log
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.progress import Progress
from newsroom_schemas.errors import Kind, NewsroomError

Append = Callable[[Iterable[Record]], Iterator[int]]
"""Appends records to the partitions that they name, in order; yields how many more are acknowledged."""


class NotRestorableError(NewsroomError):
    """An export cannot be imported unchanged; nothing was written."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, at: Partition, offset: int, problem: str) -> None:
        """``at`` and ``offset`` are the place in the export, ``problem`` what prevents the import."""
        super().__init__(
            f"{at.topic}/{at.partition} cannot be imported unchanged: {problem}; nothing was written. "
            "`newsroom replay --from` folds the export without Kafka"
        )
        self.at = at
        self.offset = offset
        self.problem = problem


class ArchiveTopicsError(NewsroomError):
    """The log's topics are not those of the export."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, found: Mapping[str, int], wanted: Mapping[str, int]) -> None:
        """``found`` are the log's topics, ``wanted`` the export's, each with its number of partitions."""
        there, here = (
            ", ".join(f"{name} ({count})" for name, count in sorted(each.items())) for each in (found, wanted)
        )
        super().__init__(
            f"the export has the topics {here} (partitions); the log has {there}. Set NEWSROOM_TOPIC_PREFIX to the "
            "prefix of the export, or import with --rename if only the prefix differs"
        )
        self.found = found
        self.wanted = wanted


class OccupiedTopicsError(NewsroomError):
    """The topics hold something other than the beginning of the export."""

    kind: ClassVar[Kind] = Kind.REFUSED

    def __init__(self, at: Partition, offset: int) -> None:
        """``at`` and ``offset`` are the place of the first record that differs."""
        super().__init__(
            f"{at.topic}/{at.partition} holds a record at {offset} that is not the export's: an import needs empty "
            "topics, or those of an interrupted import of the same export; nothing was written"
        )
        self.at = at
        self.offset = offset


class DifferentCopyError(NewsroomError):
    """The imported records differ from the export."""

    def __init__(self, at: Partition, problem: str) -> None:
        """``at`` is the partition, ``problem`` what differs."""
        super().__init__(
            f"{at.topic}/{at.partition} was imported but differs from the export: {problem}. Something else wrote to "
            "it, or the cluster changed the timestamps: create the topics anew and import again"
        )
        self.at = at
        self.problem = problem


class RestoreCheck:
    """Checks every record of an export for anything that an import would change."""

    def __init__(self, manifest: Manifest) -> None:
        """``manifest`` is the export's."""
        self._expected = dict.fromkeys((at for at, _ in manifest.partitions()), 0)
        self._ends = {at: each.next_offset for at, each in manifest.partitions()}

    def check(self, record: Record) -> None:
        """Check the next record. Raises ``NotRestorableError``."""
        at = Partition(record.topic, record.partition)
        expected, offset = self._expected[at], record.offset
        if offset != expected:
            raise NotRestorableError(
                at, expected, f"there is no record at {expected}, and Kafka would give that offset to the next one"
            )
        self._expected[at] = offset + 1
        if problem := _unsendable(record):
            raise NotRestorableError(at, offset, f"the record at {offset} {problem}")

    def end(self) -> None:
        """Check the ends of the partitions, after all records. Raises ``NotRestorableError``."""
        for at, expected in self._expected.items():
            if expected < self._ends[at]:
                raise NotRestorableError(at, expected, f"it ends at {self._ends[at]}, without a record at {expected}")


def _unsendable(record: Record) -> str | None:
    """Return why a record cannot be sent unchanged, or ``None``."""
    if record.timestamp % 1000 or record.timestamp < 0:
        return "has a timestamp that is not a whole millisecond since 1970"
    if record.key is None and record.value is None:
        return "has neither key nor value, which the client does not send"
    if any(value is None for _, value in record.headers):
        return "has a header without a value, which the client does not send"
    return None


class Restore:
    """One import of an export into a log."""

    def __init__(self, folder: Path, manifest: Manifest, log: Log, *, rename: bool = False) -> None:
        """``folder`` holds the export. With ``rename``, topics are matched by their names without the prefix.

        Raises ``ArchiveTopicsError``.
        """
        self._log = log
        self._manifest = manifest
        wanted = {topic.name: len(topic.partitions) for topic in manifest.topics}
        names = {_role(name): name for name in log.partitions} if rename else {name: name for name in log.partitions}
        self._names = {name: names.get(_role(name) if rename else name, "") for name in wanted}
        if {self._names[name]: count for name, count in wanted.items()} != dict(log.partitions):
            raise ArchiveTopicsError(log.partitions, wanted)
        self._left = {self._here(at): archived_entries(folder, at, each) for at, each in manifest.partitions()}

    def compare(self) -> int:
        """Check that the log's records are the beginning of the export, and return their number.

        Raises ``OccupiedTopicsError`` and ``LogError``.
        """
        count = 0
        for record in records_until(self._log, end_of(self._log)):
            at = Partition(record.topic, record.partition)
            entry = next(self._left[at], None)
            if entry is None or record_hash(record, value_sha(record)) != entry.sha256:
                raise OccupiedTopicsError(at, record.offset)
            count += 1
        return count

    def rest(self) -> Iterator[Record]:
        """Yield the records to append after those that were compared."""
        for at, left in self._left.items():
            for entry in left:
                yield entry.record._replace(topic=at.topic)

    def read_back(self, progress: Progress) -> None:
        """Read the whole log and compare it with the export. Raises ``DifferentCopyError`` and ``LogError``."""
        ends = end_of(self._log)
        wanted = {self._here(at): each for at, each in self._manifest.partitions()}
        chains = dict.fromkeys(wanted, CHAIN_START)
        for record in records_until(self._log, ends):
            at = Partition(record.topic, record.partition)
            chains[at] = link(chains[at], record_hash(record, value_sha(record)))
            progress(1)
        for at, each in wanted.items():
            if ends[at] != each.next_offset:
                raise DifferentCopyError(at, f"it ends at {ends[at]}, the export at {each.next_offset}")
            if chains[at].hex() != each.chain:
                raise DifferentCopyError(at, "its chain differs")

    def _here(self, at: Partition) -> Partition:
        """Return the log's partition for a partition of the export."""
        return Partition(self._names[at.topic], at.partition)


def _role(topic: str) -> str:
    """Return a topic's name without its prefix: ``articles`` or ``tags``."""
    return topic.rpartition(".")[2]
