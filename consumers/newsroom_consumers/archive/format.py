"""The form of an export: the manifest, the names of its files, and the Avro schema of its records.

docs/archive.md says the same for those who read an export in another language.
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

RECORDS_PER_FILE = 50_000
"""Records in one container file at most."""
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
"""The writer's schema of every container file of records."""


Fingerprint = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
"""What names a schema: see ``newsroom_schemas.wire.released``."""


class ArchivedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One container file."""

    name: Annotated[str, Meta(pattern=r"^\d{20}\.avro\Z")]
    records: Count


class ArchivedPartition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One partition of an export."""

    partition: Count
    first_offset: Count
    """Where the partition began in the log."""
    next_offset: Count
    """The offset behind all that was exported."""
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
    """The file of one version of one event's schema."""

    file: Annotated[str, Meta(pattern=r"^[A-Za-z]+\.\d+\.avsc\Z")]
    fingerprint: Fingerprint
    sha256: Sha256


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an export holds. Written last: a folder without one is no export, or an unfinished one."""

    format: Literal[1]
    made_at: Instant
    topics: tuple[ArchivedTopic, ...]
    schemas: tuple[ArchivedSchema, ...]
    unknown_schemas: tuple[Fingerprint, ...] = ()
    """Fingerprints that records name and of which the exporting build had no schema."""

    def partitions(self) -> Iterator[tuple[Partition, ArchivedPartition]]:
        """Give every partition of every topic."""
        for topic in self.topics:
            for each in topic.partitions:
                yield Partition(topic.name, each.partition), each

    @property
    def records(self) -> int:
        """The number of all records."""
        return sum(each.records for _, each in self.partitions())

    def summary(self) -> dict[str, Any]:
        """Say what was exported, without the files."""
        partitions = [
            {"topic": at.topic, "partition": at.partition}
            | {name: getattr(each, name) for name in ("records", "next_offset", "chain")}
            for at, each in self.partitions()
        ]
        return {"made_at": self.made_at, "records": self.records, "partitions": partitions}

    def seal(self) -> Seal:
        """Give the seal of this export."""
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
    """A folder is no finished export."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        super().__init__(
            f"{folder} is no finished export: it has no {MANIFEST}. `newsroom log export {folder}` makes one there, or "
            "begins an unfinished one anew"
        )
        self.folder = folder


class ManifestError(NewsroomError):
    """The manifest of an export cannot be read."""

    def __init__(self, path: Path, problem: str) -> None:
        """Name the file, and say what is wrong with it."""
        super().__init__(f"{path} is not as an export has written it: {problem}. Take another copy of the export")
        self.path = path
        self.problem = problem


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an export. Raises ``NoArchiveError``, ``ManifestError`` and ``UnreadableFileError``."""
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
            raise ManifestError(path, f"the partitions of {topic.name} are not numbered from 0 on")
    if len({topic.name for topic in manifest.topics}) < len(manifest.topics):
        raise ManifestError(path, "a topic stands in it twice")
    return manifest


def folder_of(folder: Path, at: Partition) -> Path:
    """Say where the container files of a partition are."""
    return folder / RECORDS / at.topic / str(at.partition)


def file_name(first: int) -> str:
    """Name the container file that begins with a record."""
    return f"{first:020}.avro"
