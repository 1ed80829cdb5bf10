"""The check of seals against a log: computes every chain anew from the first record, in one pass for all seals.

Example::

    check = PartitionSealCheck(seals.marks[at], first=0)
    for record in records:
        check.record(record.offset, record_hash(record, value_sha(record)))
    check.end(next_offset)
    check.broken(at)    # the first seal that does not hold, and why; None if all hold
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.cut import Cut, records_until
from newsroom_consumers.log.log import Log
from newsroom_consumers.log.record import Partition, all_partitions
from newsroom_consumers.progress import Progress
from newsroom_consumers.seals.seal import SealedMark, SealFile

_CHUNK = 2000
"""Records of a partition that are compared with the generation at a time."""


class BrokenKind(StrEnum):
    """What happened to the first record that is not as it was."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    UNKNOWN = "unknown"


class BrokenSeal(msgspec.Struct, frozen=True, kw_only=True):
    """The first seal of one partition that does not hold."""

    topic: str
    partition: int
    kind: BrokenKind
    offset: int | None
    """Offset of the first record that is altered, missing or inserted; null if nothing shows which one it is."""
    held: int
    """All records before this offset agree with an earlier seal."""
    line: int
    sealed_at: str
    next_offset: int
    """The offset up to which the seal covers the partition."""

    def __str__(self) -> str:
        """Return a sentence for people."""
        seal = f"the seal of {self.sealed_at} (line {self.line}) does not hold up to {self.next_offset}"
        happened = {
            BrokenKind.ALTERED: f"the record at {self.offset} was altered",
            BrokenKind.MISSING: f"the record at {self.offset} is missing",
            BrokenKind.INSERTED: f"the record at {self.offset} was inserted",
            BrokenKind.UNKNOWN: f"something from {self.held} to {self.next_offset - 1} was altered, removed or "
            "added, or the seal was altered; nothing else contradicts the log",
        }
        return f"{self.topic}/{self.partition}: {happened[self.kind]}: {seal}"


class SealVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result of checking a file of seals."""

    seals: int
    held: int
    """Number of seals that hold in all partitions."""
    broken: tuple[BrokenSeal, ...]
    """The first seal of each partition that does not hold."""


class FoldedHashes(Protocol):
    """The hashes of the records that a generation has folded."""

    def end(self, at: Partition) -> int:
        """Return the offset after the last folded record of a partition."""

    def hashes(self, at: Partition, first: int, end: int) -> Mapping[int, bytes]:
        """Return the hashes of a partition's records from ``first`` up to, but not including, ``end``, by offset."""


class PartitionSealCheck:
    """Checks the seals of one partition, record by record."""

    def __init__(self, marks: Sequence[SealedMark], *, first: int) -> None:
        """``first`` is the offset where the partition begins. The smallest offset comes first in ``marks``."""
        self._left = list(reversed(marks))
        self._chain = CHAIN_START
        self._last: tuple[int | None, bytes | None] = (None, None)
        self._held = first
        self._different = (BrokenKind.MISSING, 0) if first else None
        self.failed: set[int] = set()
        """Line numbers of the seals that do not hold."""
        self.found: tuple[BrokenKind, int | None, int, SealedMark] | None = None
        """Set at the first seal that does not hold: kind, offset, the end of the last seal that held, and that seal."""

    def record(self, offset: int, sha: bytes) -> None:
        """Add the next record, with its hash."""
        self._pass(offset)
        self._chain = link(self._chain, sha)
        self._last = (offset, sha)

    def differs(self, kind: BrokenKind, offset: int) -> None:
        """Note that the log differs at ``offset`` from what the generation remembers. Call before ``record``."""
        self._pass(offset)
        self._different = self._different or (kind, offset)

    def end(self, end: int) -> None:
        """Finish the check: the partition ends at offset ``end``."""
        self._pass(end)
        if self._left and self._different is None:
            self._different = (BrokenKind.MISSING, end)
        self._pass(None)

    def _pass(self, offset: int | None) -> None:
        """Check the seals that end at or before an offset; with ``None``, fail all that are left."""
        while self._left and (offset is None or self._left[-1].next_offset <= offset):
            mark = self._left.pop()
            if offset is not None and (*self._last, self._chain) == (mark.last_offset, mark.last, mark.chain):
                self._held, self._different = mark.next_offset, None
                continue
            self.failed.add(mark.number)
            if self.found is None:
                kind, at = self._different or (BrokenKind.UNKNOWN, None)
                self.found = (kind, at, self._held, mark)

    def broken(self, at: Partition) -> BrokenSeal | None:
        """Return the first seal that does not hold, or ``None``."""
        if self.found is None:
            return None
        kind, offset, held, mark = self.found
        return BrokenSeal(
            topic=at.topic,
            partition=at.partition,
            kind=kind,
            offset=offset,
            held=held,
            line=mark.number,
            sealed_at=mark.sealed_at,
            next_offset=mark.next_offset,
        )


def verdict(seals: SealFile, checks: Mapping[Partition, PartitionSealCheck]) -> SealVerdict:
    """Combine the results of all partitions into one verdict."""
    failed: set[int] = set().union(*(each.failed for each in checks.values()))
    broken = [each.broken(at) for at, each in sorted(checks.items())]
    return SealVerdict(
        seals=len(seals.lines), held=len(seals.lines) - len(failed), broken=tuple(each for each in broken if each)
    )


class SealCheck:
    """Checks a log against a file of seals, in one pass."""

    def __init__(self, seals: SealFile, log: Log, folded: FoldedHashes | None = None) -> None:
        """``folded`` are the hashes of a generation, which show the record that was altered. Raises ``LogError``."""
        self._seals = seals
        self._log = log
        self._folded = folded
        there = all_partitions(log.partitions)
        self._bounds = log.bounds([at for at in seals.marks if at in there])
        self.cut: Cut = {at: min(bounds.end, seals.marks[at][-1].next_offset) for at, bounds in self._bounds.items()}
        """How far the log must be read."""

    @property
    def records(self) -> int:
        """Approximate number of records to read."""
        return sum(max(0, end - self._bounds[at].first) for at, end in self.cut.items())

    def run(self, progress: Progress) -> SealVerdict:
        """Read the log and return which seals hold. Call ``progress`` with numbers of records. Raises ``LogError``."""
        parts = {at: _PartitionPass(at, self, marks) for at, marks in self._seals.marks.items()}
        for record in records_until(self._log, self.cut):
            part = parts[Partition(record.topic, record.partition)]
            part.add(record.offset, record_hash(record, value_sha(record)))
            if len(part.waiting) == _CHUNK:
                part.compare(record.offset + 1)
                progress(_CHUNK)
        for at, part in parts.items():
            progress(len(part.waiting))
            part.compare(self.cut.get(at, 0))
            part.seal_check.end(self._bounds[at].end if at in self._bounds else 0)
        return verdict(self._seals, {at: part.seal_check for at, part in parts.items()})

    def first(self, at: Partition) -> int:
        """Return the first offset of a partition."""
        return self._bounds[at].first if at in self._bounds else 0

    def expected(self, at: Partition, first: int, end: int, found: Mapping[int, bytes]) -> Mapping[int, bytes]:
        """Return the hashes that records should have: those of the generation, and past its cursor those found."""
        if self._folded is None:
            return found
        end_of_folded = self._folded.end(at)
        beyond = {offset: sha for offset, sha in found.items() if offset >= end_of_folded}
        return {**self._folded.hashes(at, first, end), **beyond}


class _PartitionPass:
    """The state of one partition in a `SealCheck`: its records that are not compared yet, and its position."""

    def __init__(self, at: Partition, check: SealCheck, marks: Sequence[SealedMark]) -> None:
        self._at = at
        self._check = check
        self._compared = 0
        self.seal_check = PartitionSealCheck(marks, first=check.first(at))
        self.waiting: dict[int, bytes] = {}

    def add(self, offset: int, sha: bytes) -> None:
        """Add a record to those to compare."""
        self.waiting[offset] = sha

    def compare(self, end: int) -> None:
        """Compare the waiting records, which are all up to offset ``end``, with the generation and the seals."""
        expected = self._check.expected(self._at, self._compared, end, self.waiting)
        for offset in sorted(self.waiting.keys() | expected.keys()):
            found, wanted = self.waiting.get(offset), expected.get(offset)
            if found != wanted:
                self.seal_check.differs(_kind(found, wanted), offset)
            if found is not None:
                self.seal_check.record(offset, found)
        self.waiting.clear()
        self._compared = end


def _kind(found: bytes | None, wanted: bytes | None) -> BrokenKind:
    """Return how a record differs from the one that was folded."""
    if found is None:
        return BrokenKind.MISSING
    return BrokenKind.INSERTED if wanted is None else BrokenKind.ALTERED
