"""The format of an export: the manifest, the names of the files, and the Avro schema of the records.

docs/archive.md describes it for programs in other languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from newsroom_consumers.files import readable
from newsroom_consumers.log.record import Partition
from newsroom_consumers.seals.seal import Count, Instant, Seal, SealedPartition, Sha256, TopicName
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.wire import FINGERPRINT

RECORDS_PER_FILE = 50_000
"""Maximum number of records in one container file."""
MANIFEST = "manifest.json"
SEALS = "seals.jsonl"
SCHEMAS = "schemas"
RECORDS = "records"

RECORD_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Record",
    "namespace": "newsroom.archive",
    "doc": "One record of a Kafka topic.",
    "fields": [
        {"name": "offset", "type": "long", "doc": "Its offset in the partition."},
        {
            "name": "timestamp",
            "type": "long",
            "doc": "The log's own timestamp: microseconds since 1970-01-01T00:00:00Z.",
        },
        {"name": "key", "type": ["null", "bytes"]},
        {"name": "value", "type": ["null", "bytes"]},
        {
            "name": "headers",
            "doc": "In their order; a name may come twice.",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Header",
                    "fields": [{"name": "name", "type": "string"}, {"name": "value", "type": ["null", "bytes"]}],
                },
            },
        },
        {
            "name": "sha256",
            "type": {"type": "fixed", "name": "Sha256", "size": 32},
            "doc": "SHA-256 of the record's canonical bytes.",
        },
        {
            "name": "chain",
            "type": "Sha256",
            "doc": "SHA-256 of the chain after the record before (32 zero bytes before the first) and sha256.",
        },
    ],
}
"""The schema of every container file."""


Fingerprint = Annotated[str, Meta(pattern=rf"^{FINGERPRINT}\Z")]
"""Fingerprint of an event's schema: see ``newsroom_schemas.wire.released``."""


class ArchivedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One container file."""

    name: Annotated[str, Meta(pattern=r"^\d{20}\.avro\Z")]
    records: Count


class ArchivedPartition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One partition of an export."""

    partition: Count
    first_offset: Count
    """Offset of the partition's beginning in the log."""
    next_offset: Count
    """The offset after everything that was exported."""
    last_offset: Count | None
    last: Sha256 | None
    chain: Sha256
    records: Count
    files: tuple[ArchivedFile, ...]


class ArchivedTopic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic of an export."""

    name: TopicName
    partitions: tuple[ArchivedPartition, ...]


class ArchivedSchema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of one version of an event's schema."""

    file: Annotated[str, Meta(pattern=r"^[A-Za-z]+\.\d+\.avsc\Z")]
    fingerprint: Fingerprint
    sha256: Sha256


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contents of an export. Written last: a folder without a manifest is an unfinished export, or none."""

    format: Literal[1]
    made_at: Instant
    topics: tuple[ArchivedTopic, ...]
    schemas: tuple[ArchivedSchema, ...]
    unknown_schemas: tuple[Fingerprint, ...] = ()
    """Fingerprints that records name but for which the exporting build had no schema."""

    def partitions(self) -> Iterator[tuple[Partition, ArchivedPartition]]:
        """Yield every partition of every topic."""
        for topic in self.topics:
            for each in topic.partitions:
                yield Partition(topic.name, each.partition), each

    @property
    def records(self) -> int:
        """Number of records in all partitions."""
        return sum(each.records for _, each in self.partitions())

    def summary(self) -> dict[str, Any]:
        """Return what was exported, without the files, as JSON values."""
        partitions = [
            {"topic": at.topic, "partition": at.partition}
            | {name: getattr(each, name) for name in ("records", "next_offset", "chain")}
            for at, each in self.partitions()
        ]
        return {"made_at": self.made_at, "records": self.records, "partitions": partitions}

    def seal(self) -> Seal:
        """Return the seal of this export."""
        cursors = tuple(
            SealedPartition(
                topic=at.topic,
                partition=at.partition,
                next_offset=each.next_offset,
                last_offset=each.last_offset,
                last=each.last,
                chain=each.chain,
            )
            for at, each in self.partitions()
        )
        return Seal(format=1, sealed_at=self.made_at, generation=None, cursors=cursors)


class NoArchiveError(NewsroomError):
    """A folder is not a finished export."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, folder: Path) -> None:
        """``folder`` is the one without a manifest."""
        super().__init__(
            f"{folder} is not a finished export: it has no {MANIFEST}. `newsroom log export {folder}` makes one there, "
            "and replaces an unfinished one"
        )
        self.folder = folder


class ManifestError(NewsroomError):
    """The manifest of an export cannot be read."""

    def __init__(self, path: Path, problem: str) -> None:
        """``path`` is the file, ``problem`` what is wrong with it."""
        super().__init__(f"{path} is not as the export wrote it: {problem}. Use another copy of the export")
        self.path = path
        self.problem = problem


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an export. Raises ``NoArchiveError``, ``ManifestError`` and ``UnreadableFileError``."""
    path = folder / MANIFEST
    try:
        with readable(path):
            manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoArchiveError(folder) from error
    except (IsADirectoryError, ValueError) as error:
        raise ManifestError(path, str(error)) from error
    for topic in manifest.topics:
        if [each.partition for each in topic.partitions] != list(range(len(topic.partitions))):
            raise ManifestError(path, f"the partitions of {topic.name} are not numbered from 0")
    if len({topic.name for topic in manifest.topics}) < len(manifest.topics):
        raise ManifestError(path, "it lists a topic twice")
    return manifest


def folder_of(folder: Path, at: Partition) -> Path:
    """Return the folder of a partition's container files."""
    return folder / RECORDS / at.topic / str(at.partition)


def file_name(first: int) -> str:
    """Return the name of the container file whose first record has the offset ``first``."""
    return f"{first:020}.avro"
