"""Verification of an export: proves from the folder alone that its records are as they were written.

Example::

    report = verify(Path("backup"))
    for finding in report.findings:
        print(finding)

Somebody who can write into the folder can rewrite all of it, with every hash. Only seals kept elsewhere reveal that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from newsroom_consumers.archive.container import Entry
from newsroom_consumers.archive.format import (
    MANIFEST,
    RECORDS,
    SCHEMAS,
    SEALS,
    ArchivedPartition,
    Manifest,
    folder_of,
    read_manifest,
)
from newsroom_consumers.archive.partition_check import Finding, FindingKind, check_partition
from newsroom_consumers.archive.schemas import NamedSchemas, altered_schemas, lacking_schemas
from newsroom_consumers.files import ABSENT, files_below, readable
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.progress import Progress
from newsroom_consumers.seals.check import BrokenKind, PartitionSealCheck, SealVerdict, verdict
from newsroom_consumers.seals.seal import Seal, SealedMark, SealFile

_KINDS = {FindingKind.MISSING: BrokenKind.MISSING, FindingKind.ADDED: BrokenKind.INSERTED}
"""What the first fault of a partition means for the seals after it."""


class ArchiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying an export."""

    made_at: str
    records: int
    """Number of sound records."""
    findings: tuple[Finding, ...]
    """What is not as it was written: the first fault of each partition; all faults of files, schemas and manifest."""
    unknown_schemas: tuple[str, ...]
    """Fingerprints that records name but for which the exporting build had no schema."""
    seals: SealVerdict | None
    """The verdict on the seals given to `verify`, if any."""

    @property
    def holds(self) -> bool:
        """True if everything is as it was written and sealed."""
        return not self.findings and not (self.seals and self.seals.broken)


def verify(
    folder: Path,
    seals: SealFile | None = None,
    *,
    progress: Progress = lambda _: None,
    visit: Callable[[Record], object] = lambda _: None,
) -> ArchiveReport:
    """Read a whole export; return what is not as it was written, and which seals do not hold.

    ``visit`` is called with each sound record, ``progress`` with 1 for each.
    Raises ``NoArchiveError``, ``ManifestError`` and ``UnreadableFileError``.
    """
    manifest = read_manifest(folder)
    findings = [*_files(folder, manifest), *altered_schemas(folder, manifest), *_own_seal(folder, manifest)]
    check = _ArchiveCheck(folder, seals.marks if seals else {}, progress, visit)
    for at, archived in manifest.partitions():
        check.partition(at, archived)
    check.end()
    findings += [*check.findings, *lacking_schemas(manifest, check.named, whole=check.is_whole)]
    return ArchiveReport(
        made_at=manifest.made_at,
        records=check.records,
        findings=tuple(findings),
        unknown_schemas=manifest.unknown_schemas,
        seals=verdict(seals, check.seal_checks) if seals else None,
    )


class _ArchiveCheck:
    """One pass over all records of an export, and its findings."""

    def __init__(
        self,
        folder: Path,
        marks: Mapping[Partition, Sequence[SealedMark]],
        progress: Progress,
        visit: Callable[[Record], object],
    ) -> None:
        self.records = 0
        self.findings: list[Finding] = []
        self.is_whole = True
        """True if every partition was read to its end."""
        self.named = NamedSchemas()
        self.seal_checks: dict[Partition, PartitionSealCheck] = {}
        self._folder = folder
        self._marks = marks
        self._progress = progress
        self._visit = visit

    def partition(self, at: Partition, archived: ArchivedPartition) -> None:
        """Check a partition up to its first fault."""
        seal_check = self.seal_checks[at] = PartitionSealCheck(self._marks.get(at, ()), first=archived.first_offset)
        found = check_partition(self._folder, at, archived, partial(self._record, seal_check))
        if found is not None and found.offset is not None:
            self.is_whole = False
            self.findings.append(found)
            seal_check.differs(_KINDS.get(found.kind, BrokenKind.ALTERED), found.offset)
            seal_check.end(found.offset)
        else:
            seal_check.end(archived.next_offset)

    def end(self) -> None:
        """Check the seals of partitions that the export does not have."""
        for unknown in self._marks.keys() - self.seal_checks.keys():
            self.seal_checks[unknown] = PartitionSealCheck(self._marks[unknown], first=0)
            self.seal_checks[unknown].end(0)

    def _record(self, seal_check: PartitionSealCheck, entry: Entry, sha: bytes) -> None:
        self.records += 1
        seal_check.record(entry.record.offset, sha)
        self.named.note(entry.record)
        self._visit(entry.record)
        self._progress(1)


def _files(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Yield a finding for each file that is missing or does not belong to the export."""
    wanted = {folder / MANIFEST, folder / SEALS} | {folder / SCHEMAS / each.file for each in manifest.schemas}
    for at, archived in manifest.partitions():
        place = folder_of(folder, at)
        wanted |= {place / each.name for each in archived.files}
    found = set(files_below(folder))
    for path in sorted(wanted ^ found):
        name = path.relative_to(folder)
        what = "is missing" if path in wanted else "is not part of the export"
        of = _partition_of(name)
        yield Finding(
            kind=FindingKind.FILE,
            topic=of.topic if of else None,
            partition=of.partition if of else None,
            problem=f"the file {name} {what}",
        )


def _partition_of(name: Path) -> Partition | None:
    """Return the partition that a file belongs to by its path, or ``None``."""
    parts = name.parts
    is_of_one = len(parts) > 2 and parts[0] == RECORDS and parts[2].isdecimal()  # noqa: PLR2004 - records/<topic>/<n>
    return Partition(parts[1], int(parts[2])) if is_of_one else None


def _own_seal(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Yield a finding for each difference between the manifest and the seal that was written beside it."""
    try:
        with readable(folder / SEALS):
            seal = msgspec.json.decode((folder / SEALS).read_bytes(), type=Seal)
    except ABSENT:
        return
    except ValueError as error:
        yield Finding(kind=FindingKind.SEAL, problem=f"{SEALS} cannot be read: {error}")
        return
    if seal == manifest.seal():
        return
    ours = {Partition(each.topic, each.partition): each for each in manifest.seal().cursors}
    theirs = {Partition(each.topic, each.partition): each for each in seal.cursors}
    for at in sorted(ours.keys() | theirs.keys()):
        if ours.get(at) != theirs.get(at):
            yield Finding(
                kind=FindingKind.MANIFEST,
                topic=at.topic,
                partition=at.partition,
                problem=f"{MANIFEST} and {SEALS} differ about this partition: one of them was altered",
            )
    if ours == theirs:
        is_dated = (seal.sealed_at, seal.generation) == (manifest.made_at, None)
        what = "which partitions they name, or in what order" if is_dated else "when and by whom the export was made"
        problem = f"{MANIFEST} and {SEALS} differ in {what}: one of them was altered"
        yield Finding(kind=FindingKind.MANIFEST, problem=problem)
