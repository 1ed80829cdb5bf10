"""The check of an export's schemas: none was altered, and every schema that a record names is there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fastavro.schema import SchemaParseException, UnknownType

from newsroom_consumers.archive.format import MANIFEST, SCHEMAS, ArchivedSchema, Manifest
from newsroom_consumers.archive.partition_check import Finding, FindingKind
from newsroom_consumers.files import ABSENT, readable
from newsroom_consumers.log.record import Address, Record
from newsroom_schemas.errors import NewsroomError
from newsroom_schemas.wire import FINGERPRINT
from newsroom_schemas.wire.released import read_schema

_FINGERPRINT = re.compile(FINGERPRINT.encode())


class NamedSchemas:
    """Collects the fingerprints that records name in their header ``schema``. Ignores headers that hold none."""

    def __init__(self) -> None:
        """Begin with no fingerprints."""
        self._first: dict[bytes, Address] = {}

    def note(self, record: Record) -> None:
        """Add a record. If it has several headers ``schema`` the last one counts, as in decoding."""
        named = dict(record.headers).get("schema")
        if named is not None and named not in self._first and _FINGERPRINT.fullmatch(named):
            self._first[named] = record[:3]

    @property
    def first(self) -> Mapping[str, Address]:
        """The fingerprints, each with the place of the first record that names it."""
        return {named.decode(): at for named, at in self._first.items()}


def altered_schemas(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Yield a finding for each schema that is not as it was written. Raises ``UnreadableFileError``."""
    for schema in manifest.schemas:
        path = folder / SCHEMAS / schema.file
        try:
            with readable(path):
                problem = _problem(schema, path.read_bytes())
        except ABSENT:
            continue
        if problem:
            yield Finding(kind=FindingKind.SCHEMA, problem=problem)


def lacking_schemas(manifest: Manifest, named: NamedSchemas, *, whole: bool) -> Iterator[Finding]:
    """Yield a finding for each schema that a record names and the export lacks.

    If the ``whole`` export was read, also check that the manifest's list of unknown schemas is right.
    """
    there = {schema.fingerprint for schema in manifest.schemas}
    unknown = set(manifest.unknown_schemas)
    for fingerprint, (topic, partition, offset) in sorted(named.first.items()):
        if fingerprint not in there | unknown:
            problem = f"the record at {offset} names the schema {fingerprint}, which was removed from the export"
            yield Finding(kind=FindingKind.SCHEMA, topic=topic, partition=partition, offset=offset, problem=problem)
    wrong = unknown - (named.first.keys() - there)
    if whole and wrong:
        listed = ", ".join(sorted(wrong))
        problem = f"{MANIFEST} was altered: it lists as unknown schemas that exist or that no record names: {listed}"
        yield Finding(kind=FindingKind.MANIFEST, problem=problem)


def _problem(schema: ArchivedSchema, data: bytes) -> str | None:
    if hashlib.sha256(data).hexdigest() != schema.sha256:
        return f"the schema {schema.file} was altered: its hash differs"
    if _fingerprint(schema.file, data) != schema.fingerprint:
        return (
            f"the schema {schema.file} does not have the fingerprint {schema.fingerprint}: it was altered, or the "
            "manifest was"
        )
    return None


def _fingerprint(name: str, data: bytes) -> str | None:
    """Return the fingerprint of a schema file, or ``None`` if it is not a schema."""
    try:
        return read_schema(name, data.decode()).fingerprint
    except (ValueError, LookupError, SchemaParseException, UnknownType, NewsroomError):
        return None
