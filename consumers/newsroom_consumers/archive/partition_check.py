"""The check of one partition of an export: reads it record by record and finds the first fault.

A record's own hash reveals that it was altered; the chain, that one is missing or was rewritten with its hash; the
offsets, that one was moved; the manifest, that records were added or cut off at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

from newsroom_consumers.archive.container import Entry, UnreadableContainerError, entries
from newsroom_consumers.archive.format import ArchivedFile, ArchivedPartition, folder_of
from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.record import Partition

_FAR = 1000
"""Maximum number of offsets to try for a record whose own offset was altered."""


class FindingKind(StrEnum):
    """The kind of a fault of an export."""

    ALTERED = "altered"
    MISSING = "missing"
    MOVED = "moved"
    ADDED = "added"
    UNREADABLE = "unreadable"
    FILE = "file"
    SCHEMA = "schema"
    MANIFEST = "manifest"
    SEAL = "seal"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in an export that is not as it was written."""

    kind: FindingKind = msgspec.field(name="fault")
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    """Offset of the partition's first record that is not as it was written."""
    problem: str

    def __str__(self) -> str:
        place = "" if self.topic is None else f"{self.topic}/{self.partition}: "
        return place + self.problem


def check_partition(
    folder: Path, at: Partition, archived: ArchivedPartition, sound: Callable[[Entry, bytes], object]
) -> Finding | None:
    """Return the first fault in the partition, or None. Call ``sound(entry, sha256)`` for every record before it.

    ``sha256`` is the recomputed hash of the record.
    """
    check = _PartitionCheck(at, archived)
    read = _read(folder, at, archived)
    current = next(read)
    while isinstance(current, _Next):
        after = next(read)
        sha = record_hash(current.entry.record, value_sha(current.entry.record))
        if found := check.judge(current, sha, after.entry if isinstance(after, _Next) else None):
            return found
        sound(current.entry, sha)
        current = after
    return check.end(current)


class _Next(NamedTuple):
    """A record, and the file that it is in."""

    entry: Entry
    file: ArchivedFile


class _End(NamedTuple):
    """The end of a partition's records. ``problem`` is set if the next one cannot be read."""

    problem: UnreadableContainerError | None = None


def _read(folder: Path, at: Partition, archived: ArchivedPartition) -> Iterator[_Next | _End]:
    """Yield each record of a partition, then the end."""
    place = folder_of(folder, at)
    try:
        for file in archived.files:
            for entry in entries(place / file.name, at):
                yield _Next(entry, file)
    except UnreadableContainerError as error:
        yield _End(error)
    else:
        yield _End()


class _PartitionCheck:
    """Checks the records of one partition, one after the other."""

    def __init__(self, at: Partition, archived: ArchivedPartition) -> None:
        self._at = at
        self._archived = archived
        self._expected = archived.first_offset
        self._last: tuple[int | None, str | None] = (None, None)
        self._chain = CHAIN_START
        self._counts: Counter[ArchivedFile] = Counter()

    def judge(self, current: _Next, sha: bytes, after: Entry | None) -> Finding | None:
        """Return what is wrong with a record, or ``None``. ``sha`` is its recomputed hash, ``after`` the next one."""
        entry, offset = current.entry, current.entry.record.offset
        if sha != entry.sha256:
            return self._altered(entry)
        if offset < self._expected:
            return self._found(
                FindingKind.MOVED, offset, f"the record at {offset} comes after the one at {self._expected - 1}"
            )
        if self._archived.last_offset is None or offset > self._archived.last_offset:
            return self._found(FindingKind.ADDED, offset, f"a record at {offset} was added after the end of the export")
        chain = link(self._chain, sha)
        if chain != entry.chain:
            return self._torn(entry, chain, after)
        if current.file not in self._counts and offset != int(current.file.name.removesuffix(".avro")):
            return self._found(
                FindingKind.FILE, offset, f"the file {current.file.name} begins with the record at {offset}"
            )
        self._expected, self._chain, self._last = offset + 1, chain, (offset, sha.hex())
        self._counts[current.file] += 1
        return None

    def end(self, end: _End) -> Finding | None:
        """Return what is wrong at the end of the records, or ``None``."""
        archived, expected = self._archived, self._expected
        if end.problem is not None:
            path, problem = end.problem.path, end.problem.problem
            return self._found(
                FindingKind.UNREADABLE,
                expected,
                f"{path.name} cannot be read from the record at {expected} on: {problem}",
            )
        if archived.last_offset is not None and expected <= archived.last_offset:
            return self._found(
                FindingKind.MISSING, expected, f"the records from {expected} to {archived.last_offset} are cut off"
            )
        head = (*self._last, self._chain.hex(), self._counts.total())
        is_counted = all(self._counts[file] == file.records for file in archived.files)
        if not is_counted or head != (archived.last_offset, archived.last, archived.chain, archived.records):
            last = max(archived.first_offset, expected - 1)
            return self._found(
                FindingKind.ALTERED,
                last,
                "the records are not the ones in the manifest: either it was altered, or the last of them, the "
                f"record at {last}, was",
            )
        return None

    def _altered(self, entry: Entry) -> Finding:
        """Return the finding for a record whose own hash does not match. Its offset is the original one, if altered."""
        first, end = self._expected, max(self._expected + 1, self._archived.next_offset)
        for offset in range(first, min(end, first + _FAR)):
            record = entry.record._replace(offset=offset)
            if record_hash(record, value_sha(record)) == entry.sha256:
                return self._found(
                    FindingKind.ALTERED,
                    offset,
                    f"the record at {offset} was altered: its offset says {entry.record.offset}",
                )
        offset = entry.record.offset if first <= entry.record.offset < end else first
        return self._found(FindingKind.ALTERED, offset, f"the record at {offset} was altered: its hash differs")

    def _torn(self, entry: Entry, chain: bytes, after: Entry | None) -> Finding:
        """Return the finding for a record whose own hash matches, but whose chain does not."""
        offset, expected = entry.record.offset, self._expected
        if after is not None and after.record.offset < offset:
            first = max(expected, after.record.offset)
            return self._found(
                FindingKind.MOVED, first, f"the record at {offset} comes before the one at {after.record.offset}"
            )
        if _follows(chain, after, self._archived.chain):
            return self._found(FindingKind.ALTERED, offset, f"the record at {offset} was altered: its chain differs")
        before = self._last[0]
        is_last_in_manifest = after is None and entry.sha256.hex() == self._archived.last
        if not _follows(entry.chain, after, self._archived.chain) or (after is None and not is_last_in_manifest):
            return self._rewritten(offset, f"the record at {offset}")
        if offset > expected:
            at = [before] * (before is not None) + [offset] * (not is_last_in_manifest)
            perhaps = "".join(f", or the record at {each} was rewritten with its hash" for each in at)
            return self._found(
                FindingKind.MISSING, expected, f"the record at {expected} is missing before {offset}{perhaps}"
            )
        if before is not None and is_last_in_manifest:
            return self._rewritten(before, f"the record at {before}, and perhaps some before it,")
        perhaps = "" if before is None else f" or the one at {before}"
        return self._rewritten(offset, f"the record at {offset}{perhaps}")

    def _rewritten(self, offset: int, which: str) -> Finding:
        """Return the finding for a record whose own hash matches, but is not the hash that the chain includes."""
        return self._found(FindingKind.ALTERED, offset, f"{which} was rewritten with its hash")

    def _found(self, kind: FindingKind, offset: int, problem: str) -> Finding:
        return Finding(kind=kind, topic=self._at.topic, partition=self._at.partition, offset=offset, problem=problem)


def _follows(chain: bytes, after: Entry | None, end: str) -> bool:
    """Return True if ``chain`` leads to the chain of the record ``after`` or, if that is None, equals ``end``."""
    return chain.hex() == end if after is None else link(chain, after.sha256) == after.chain
