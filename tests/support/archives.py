"""Exports for tests: of a log in memory, made in a folder, and written anew with some record changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fastavro
from support.memory_log import MemoryLog

from newsroom_consumers.archive.export import export
from newsroom_consumers.archive.format import RECORD_SCHEMA, Manifest, folder_of
from newsroom_consumers.log.cut import end_of
from newsroom_consumers.log.log import Bounds
from newsroom_consumers.log.record import Partition, Record
from newsroom_schemas.wire.released import read_schema

TOPICS = {"newsroom.articles": 2, "newsroom.tags": 1}
NOON = 1_738_929_600_000_000
SCHEMAS = {
    "Said.1.avsc": '{"type": "record", "name": "Said", "fields": [{"name": "text", "type": "string"}]}',
    "Said.2.avsc": '{"type": "record", "name": "Said", "fields": [{"name": "texts", "type": "string"}]}',
}
SAID = read_schema("Said.1.avsc", SCHEMAS["Said.1.avsc"]).fingerprint.encode()
"""What the header ``schema`` of the records names."""
Row = dict[str, Any]
"""A record as it stands in a container file."""


class Shortened(MemoryLog):
    """A log whose first records were deleted."""

    FIRST = 3

    def bounds(self, partitions: Iterable[Partition]) -> dict[Partition, Bounds]:
        """Return where partitions begin and end."""
        return {at: Bounds(min(self.FIRST, each.end), each.end) for at, each in super().bounds(partitions).items()}


def record(topic: str, partition: int, offset: int, text: bytes) -> Record:
    """Make a record; its bytes mean nothing to anybody."""
    headers = (("schema", SAID), ("trace", text))
    return Record(topic, partition, offset, NOON + offset * 1000, b"storm", text, headers)


def sample() -> list[Record]:
    """Make a log with a partition whose offsets have gaps, one without, and an odd record in each."""
    dense = [record("newsroom.articles", 0, offset, b"dense %d" % offset) for offset in range(9)]
    gaps = [record("newsroom.articles", 1, offset, b"gap %d" % offset) for offset in (0, 1, 3, 4, 7, 8)]
    dense[4] = dense[4]._replace(key=None, value=b"", headers=(("a", None), ("a", b"")))
    gaps[2] = gaps[2]._replace(value=None, headers=())
    return [*dense, *gaps, record("newsroom.tags", 0, 0, b"tag")]


def made(
    folder: Path,
    records: Sequence[Record],
    *,
    per_file: int = 3,
    schemas: Mapping[str, str] = SCHEMAS,
    topics: Mapping[str, int] = TOPICS,
) -> Manifest:
    """Export records into a folder."""
    log = MemoryLog(topics, records)
    return export(log, end_of(log), folder, schemas, now=NOON, per_file=per_file)


@contextmanager
def rows_of(folder: Path, at: Partition) -> Iterator[list[list[Row]]]:
    """Read the rows of a partition, file by file; what they are at the end is written, and taken back afterwards."""
    files = sorted(folder_of(folder, at).iterdir())
    before = [path.read_bytes() for path in files]
    try:
        yield [rows(path) for path in files]
    finally:
        for path, data in zip(files, before, strict=True):
            path.write_bytes(data)


def rows(path: Path) -> list[Row]:
    """Read the rows of a container file."""
    with path.open("rb") as file:
        return list(fastavro.reader(file))


def write(folder: Path, at: Partition, files: list[list[Row]]) -> None:
    """Write rows over those of a partition, file by file."""
    for path, some in zip(sorted(folder_of(folder, at).iterdir()), files, strict=True):
        with path.open("wb") as file:
            fastavro.writer(file, RECORD_SCHEMA, some, codec="deflate")
