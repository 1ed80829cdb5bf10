"""The Avro container files of an export, read record by record. fastavro's errors are translated here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import fastavro
from fastavro.schema import to_parsing_canonical_form

from newsroom_consumers.archive.format import RECORD_SCHEMA
from newsroom_consumers.files import ABSENT, UnreadableFileError
from newsroom_consumers.log.record import Partition, Record
from newsroom_schemas.errors import NewsroomError


class UnreadableContainerError(NewsroomError):
    """A container file of an export cannot be read any further."""

    def __init__(self, path: Path, problem: str) -> None:
        """``path`` is the file, ``problem`` what is wrong with it."""
        super().__init__(
            f"{path} cannot be read: {problem}. `newsroom log verify` names the first record that is lost; use "
            "another copy of the export"
        )
        self.path = path
        self.problem = problem


class Entry(NamedTuple):
    """One record of an export, with the hashes stored beside it."""

    record: Record
    sha256: bytes
    """The record's hash, as stored in the export."""
    chain: bytes
    """The chain after the record, as stored in the export."""


def entries(path: Path, at: Partition) -> Iterator[Entry]:
    """Yield the records of one container file. Raises ``UnreadableContainerError`` and ``UnreadableFileError``."""
    topic, partition = at
    try:
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            _require_schema(reader.writer_schema)
            for each in reader:
                headers = tuple([(header["name"], header["value"]) for header in each["headers"]])
                yield Entry(
                    Record(topic, partition, each["offset"], each["timestamp"], each["key"], each["value"], headers),
                    each["sha256"],
                    each["chain"],
                )
    except Exception as error:  # fastavro raises errors of any type on torn bytes
        if isinstance(error, OSError) and not isinstance(error, ABSENT):
            raise UnreadableFileError(path, error.strerror or str(error)) from error
        raise UnreadableContainerError(path, str(error) or type(error).__name__) from error


def _require_schema(found: object) -> None:
    if to_parsing_canonical_form(found) != to_parsing_canonical_form(RECORD_SCHEMA):
        message = "its schema is not the one that exports use for records"
        raise ValueError(message)
