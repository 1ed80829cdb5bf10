"""Export: writes the records of a log up to a cut into a folder (`newsroom log export`).

The manifest is written last. A folder without one is an unfinished export, which the next export there replaces.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

import msgspec
from fastavro.write import Writer

from newsroom_consumers.archive.format import (
    MANIFEST,
    RECORD_SCHEMA,
    RECORDS_PER_FILE,
    SCHEMAS,
    SEALS,
    ArchivedFile,
    ArchivedPartition,
    ArchivedSchema,
    ArchivedTopic,
    Manifest,
    file_name,
    folder_of,
)
from newsroom_consumers.archive.schemas import NamedSchemas
from newsroom_consumers.files import writable
from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.cut import Cut, records_until
from newsroom_consumers.log.log import Bounds, Log
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.progress import Progress
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.instants import to_rfc3339
from newsroom_schemas.wire.released import read_schema

_BLOCK_BYTES = 256 * 1024
"""Bytes of records that are compressed as one block: what a reader holds in memory, and what one torn byte loses."""
_LEVEL = 3
"""Level of deflate, out of 9. The next levels take twice the time and save a tenth."""
_OWN = re.compile(rf"{SEALS}|{MANIFEST}\.new|{SCHEMAS}/[A-Za-z]+\.\d+\.avsc|records/[A-Za-z0-9._-]+/\d+/\d{{20}}\.avro")
"""Paths of the files that an unfinished export can have left."""


class OccupiedFolderError(NewsroomError):
    """The folder for an export holds something else."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, folder: Path, found: str) -> None:
        """``found`` names something that is in the folder."""
        super().__init__(f"{folder} holds {found}: export into an empty folder, or into one that does not exist yet")
        self.folder = folder
        self.found = found


def export(
    log: Log,
    cut: Cut,
    folder: Path,
    schemas: Mapping[str, str],
    *,
    now: int,
    progress: Progress = lambda _: None,
    per_file: int = RECORDS_PER_FILE,
) -> Manifest:
    """Write the records of a log up to a cut into a folder, with the schemas, and return the manifest.

    ``schemas`` are texts by file name, ``now`` is in microseconds, ``per_file`` is the maximum number of records in a
    container file. ``progress`` is called with 1 for each record.
    Raises ``OccupiedFolderError``, ``UnwritableFileError`` and ``LogError``.
    """
    with writable(folder):
        clear(folder)
        return _export(log, cut, folder, schemas, now=now, progress=progress, per_file=per_file)


def _export(
    log: Log, cut: Cut, folder: Path, schemas: Mapping[str, str], *, now: int, progress: Progress, per_file: int
) -> Manifest:
    """Write an export into an empty folder."""
    written = _write_schemas(folder / SCHEMAS, schemas)
    named, bounds = NamedSchemas(), log.bounds(cut)
    cut = {at: min(end, bounds[at].end) for at, end in cut.items()}
    with ExitStack() as opened:
        parts = {
            at: opened.enter_context(_PartitionWriter(folder_of(folder, at), bounds[at], cut[at], per_file))
            for at in cut
        }
        for record in records_until(log, cut):
            parts[Partition(record.topic, record.partition)].add(record)
            named.note(record)
            progress(1)
    topics = tuple(
        ArchivedTopic(name=name, partitions=tuple(parts[Partition(name, number)].archived() for number in range(count)))
        for name, count in sorted(log.partitions.items())
    )
    unknown = named.first.keys() - {each.fingerprint for each in written}
    manifest = Manifest(
        format=1, made_at=to_rfc3339(now), topics=topics, schemas=written, unknown_schemas=tuple(sorted(unknown))
    )
    _write(folder / SEALS, manifest.seal().line())
    _write(folder / f"{MANIFEST}.new", msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    (folder / f"{MANIFEST}.new").replace(folder / MANIFEST)
    _sync(folder)
    return manifest


def clear(folder: Path) -> None:
    """Prepare a folder for an export: create it, or remove what an unfinished export has left there.

    Raises ``OccupiedFolderError`` if anything else is in it.
    """
    if folder.exists() and not folder.is_dir():
        raise OccupiedFolderError(folder, "other data: it is a file")
    if (folder / MANIFEST).exists():
        raise OccupiedFolderError(folder, "a finished export")
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(folder.rglob("*"), reverse=True)
    for path in found:
        if path.is_symlink() or not (path.is_dir() or _OWN.fullmatch(path.relative_to(folder).as_posix())):
            raise OccupiedFolderError(folder, path.name)
    for path in found:
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


class _PartitionWriter:
    """Writes one partition, file by file."""

    def __init__(self, folder: Path, bounds: Bounds, end: int, per_file: int) -> None:
        self._folder = folder
        self._number = int(folder.name)
        self._first = bounds.first
        self._end = end
        self._per_file = per_file
        self._chain = CHAIN_START
        self._last: tuple[int | None, bytes | None] = (None, None)
        self._files: list[ArchivedFile] = []
        self._file: BinaryIO | None = None
        self._writer: Any = None
        self._name = ""
        self._count = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def add(self, record: Record) -> None:
        """Write a record."""
        sha = record_hash(record, value_sha(record))
        self._chain = link(self._chain, sha)
        self._last = (record.offset, sha)
        if self._count == self._per_file:
            self._finish()
        if self._file is None:
            self._begin(record.offset)
        self._count += 1
        self._writer.write(
            {
                "offset": record.offset,
                "timestamp": record.timestamp,
                "key": record.key,
                "value": record.value,
                "headers": [{"name": name, "value": value} for name, value in record.headers],
                "sha256": sha,
                "chain": self._chain,
            }
        )

    def archived(self) -> ArchivedPartition:
        """Return the manifest's entry for what was written."""
        last_offset, last = self._last
        return ArchivedPartition(
            partition=self._number,
            first_offset=self._first,
            next_offset=self._end,
            last_offset=last_offset,
            last=last.hex() if last else None,
            chain=self._chain.hex(),
            records=sum(each.records for each in self._files),
            files=tuple(self._files),
        )

    def _begin(self, first: int) -> None:
        self._name, self._count = file_name(first), 0
        self._file = (self._folder / self._name).open("xb")
        self._writer = Writer(
            self._file, RECORD_SCHEMA, codec="deflate", sync_interval=_BLOCK_BYTES, compression_level=_LEVEL
        )

    def _finish(self) -> None:
        """Close the open file, if any."""
        if self._file is not None:
            self._writer.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._files.append(ArchivedFile(name=self._name, records=self._count))
        self._file, self._count = None, 0


def _write_schemas(folder: Path, schemas: Mapping[str, str]) -> tuple[ArchivedSchema, ...]:
    folder.mkdir()
    written = []
    for name, text in sorted(schemas.items()):
        data = text.encode()
        _write(folder / name, data)
        sha = hashlib.sha256(data).hexdigest()
        written.append(ArchivedSchema(file=name, fingerprint=read_schema(name, text).fingerprint, sha256=sha))
    return tuple(written)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Flush the names of a folder's files to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
