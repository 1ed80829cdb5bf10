"""The proof that an export is what it was: it needs nothing but the folder.

Example::

    report = verify(Path("/backup/newsroom"))
    for finding in report.findings:
        print(finding)

Who can write into the folder can rewrite it whole, with every hash. Only seals kept elsewhere show that.
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
"""What the first fault of a partition means to a seal behind it."""


class ArchiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an export turned out to be."""

    made_at: str
    records: int
    """Sound records."""
    findings: tuple[Finding, ...]
    """What is not as it was written; of each partition the first thing."""
    unknown_schemas: tuple[str, ...]
    """Fingerprints that records name and of which the exporting build had no schema."""
    seals: SealVerdict | None
    """What came of independent seals."""

    @property
    def holds(self) -> bool:
        """Whether everything is as it was written and sealed."""
        return not self.findings and not (self.seals and self.seals.broken)


def verify(
    folder: Path,
    seals: SealFile | None = None,
    *,
    progress: Progress = lambda _: None,
    look: Callable[[Record], object] = lambda _: None,
) -> ArchiveReport:
    """Read an export whole and say what in it is not as it was written, and which seals do not hold.

    ``progress`` is told how many more records are sound, ``look`` is shown each of them.
    Raises ``NoArchiveError``, ``ManifestError`` and ``UnreadableFileError``.
    """
    manifest = read_manifest(folder)
    findings = [*_files(folder, manifest), *altered_schemas(folder, manifest), *_own_seal(folder, manifest)]
    passage = _ArchiveCheck(folder, seals.marks if seals else {}, progress, look)
    for at, archived in manifest.partitions():
        passage.go_through(at, archived)
    passage.end()
    findings += [*passage.findings, *lacking_schemas(manifest, passage.named, whole=passage.is_whole)]
    return ArchiveReport(
        made_at=manifest.made_at,
        records=passage.records,
        findings=tuple(findings),
        unknown_schemas=manifest.unknown_schemas,
        seals=verdict(seals, passage.checkings) if seals else None,
    )


class _ArchiveCheck:
    """A passage through all records of an export, and what was seen on the way."""

    def __init__(
        self,
        folder: Path,
        marks: Mapping[Partition, Sequence[SealedMark]],
        progress: Progress,
        look: Callable[[Record], object],
    ) -> None:
        self.records = 0
        self.findings: list[Finding] = []
        self.is_whole = True
        """Whether each partition could be read to its end."""
        self.named = NamedSchemas()
        self.checkings: dict[Partition, PartitionSealCheck] = {}
        self._folder = folder
        self._marks = marks
        self._progress = progress
        self._look = look

    def go_through(self, at: Partition, archived: ArchivedPartition) -> None:
        """Read a partition up to its first fault."""
        checking = self.checkings[at] = PartitionSealCheck(self._marks.get(at, ()), first=archived.first_offset)
        found = check_partition(self._folder, at, archived, partial(self._see, checking))
        if found is not None and found.offset is not None:
            self.is_whole = False
            self.findings.append(found)
            checking.differs(_KINDS.get(found.fault, BrokenKind.ALTERED), found.offset)
            checking.end(found.offset)
        else:
            checking.end(archived.next_offset)

    def end(self) -> None:
        """Compare what is sealed of partitions that the export does not have."""
        for unknown in self._marks.keys() - self.checkings.keys():
            self.checkings[unknown] = PartitionSealCheck(self._marks[unknown], first=0)
            self.checkings[unknown].end(0)

    def _see(self, checking: PartitionSealCheck, entry: Entry, sha: bytes) -> None:
        self.records += 1
        checking.record(entry.record.offset, sha)
        self.named.look(entry.record)
        self._look(entry.record)
        self._progress(1)


def _files(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Find files that are missing or foreign."""
    wanted = {folder / MANIFEST, folder / SEALS} | {folder / SCHEMAS / each.file for each in manifest.schemas}
    for at, archived in manifest.partitions():
        place = folder_of(folder, at)
        wanted |= {place / each.name for each in archived.files}
    found = set(files_below(folder))
    for path in sorted(wanted ^ found):
        name = path.relative_to(folder)
        what = "is missing" if path in wanted else "is no part of the export"
        of = _partition_of(name)
        yield Finding(
            fault=FindingKind.FILE,
            topic=of.topic if of else None,
            partition=of.partition if of else None,
            problem=f"the file {name} {what}",
        )


def _partition_of(name: Path) -> Partition | None:
    """Say to which partition a file belongs by its path, if to any."""
    parts = name.parts
    is_of_one = len(parts) > 2 and parts[0] == RECORDS and parts[2].isdecimal()  # noqa: PLR2004 - records/<topic>/<n>
    return Partition(parts[1], int(parts[2])) if is_of_one else None


def _own_seal(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Compare the manifest with the seal that was written beside it."""
    try:
        with readable(folder / SEALS):
            seal = msgspec.json.decode((folder / SEALS).read_bytes(), type=Seal)
    except ABSENT:
        return
    except ValueError as error:
        yield Finding(fault=FindingKind.SEAL, problem=f"{SEALS} cannot be read: {error}")
        return
    if seal == manifest.seal():
        return
    ours = {Partition(each.topic, each.partition): each for each in manifest.seal().cursors}
    theirs = {Partition(each.topic, each.partition): each for each in seal.cursors}
    for at in sorted(ours.keys() | theirs.keys()):
        if ours.get(at) != theirs.get(at):
            yield Finding(
                fault=FindingKind.MANIFEST,
                topic=at.topic,
                partition=at.partition,
                problem=f"{MANIFEST} and {SEALS} differ in what they say of this partition: one of them was altered",
            )
    if ours == theirs:
        is_dated = (seal.sealed_at, seal.generation) == (manifest.made_at, None)
        what = "which partitions they name, or in what order" if is_dated else "when and by whom the export was made"
        problem = f"{MANIFEST} and {SEALS} differ in {what}: one of them was altered"
        yield Finding(fault=FindingKind.MANIFEST, problem=problem)
