"""The released schemas: every schema version that was ever released, read from the files in ``avro/``.

>>> ReleasedSchemas.load().latest("ArticlePublished").fingerprint   # the value of the header ``schema``
'd1eae7c460a2509b'

A record names its writer's schema by fingerprint, so a replay needs no schema registry. Files are named
``<Event>.<version>.avsc``; the schema in a released file never changes, and the file is never removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any, cast

import msgspec
from fastavro.schema import expand_schema, parse_schema, to_parsing_canonical_form
from fastavro.schema import fingerprint as hash_of

from newsroom_schemas.errors import DuplicateSchemaError
from newsroom_schemas.wire.safety import refuse_unsafe

Definition = dict[str, Any] | list[Any] | str
"""An Avro schema as JSON values."""


def fingerprint(definition: Definition) -> str:
    """Return the first 16 hex digits of the SHA-256 of the schema's parsing canonical form, as fastavro makes it."""
    return str(hash_of(to_parsing_canonical_form(definition), "sha256"))[:16]


class BlocksField(msgspec.Struct, frozen=True, kw_only=True):
    """How one schema encodes the field ``blocks``."""

    fingerprint: str
    """Fingerprint of the record Block. Stored blocks carry it."""
    array: dict[str, Any]
    """The type ``array<Block>``, parsed."""
    nullable: bool
    """True if the type is a union of null and the array."""


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one event's schema. The parsed forms have full names and no logical types.

    Logical types would double the time of decoding. Without them, instants stay integers and UUIDs stay texts.
    """

    name: str
    """Name of the event, such as ``ArticlePublished``."""
    version: int
    definition: dict[str, Any]
    """The committed JSON, with docs and logical types."""
    fingerprint: str
    whole: dict[str, Any]
    """The record, parsed."""
    head: dict[str, Any]
    """The record without the field ``blocks``, parsed."""
    blocks: BlocksField | None
    """The field ``blocks``, the last one; ``None`` where the event carries no blocks."""

    @property
    def frame_id(self) -> int:
        """The id in the record's frame: the first four bytes of the hash, big-endian, shifted right by one."""
        return int(self.fingerprint[:8], 16) >> 1


class ReleasedSchemas:
    """All versions of all schemas; no two share a fingerprint or a frame id. Create it with `ReleasedSchemas.load`."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        """Raise DuplicateSchemaError if two of the schemas share a fingerprint or a frame id."""
        self._names: dict[str | int, str] = {}
        self._versions: dict[str, dict[int, Schema]] = {}
        self._arrays: dict[str, dict[str, Any]] = {}
        for schema in schemas:
            self._add(schema)

    @classmethod
    def load(cls) -> ReleasedSchemas:
        """Return all committed schemas. Raise UnsafeSchemaError or DuplicateSchemaError if one must not be used."""
        texts = schema_files()
        return cls(read_schema(name, texts[name]) for name in sorted(texts))

    def __iter__(self) -> Iterator[Schema]:
        """Yield all schemas, sorted by event and version."""
        for name in sorted(self._versions):
            yield from self.versions(name)

    def block_array(self, wanted: str) -> dict[str, Any] | None:
        """Return the type ``array<Block>`` whose Block has a fingerprint, or ``None``."""
        return self._arrays.get(wanted)

    def versions(self, name: str) -> tuple[Schema, ...]:
        """Return all versions of an event's schema, the oldest first."""
        return tuple(self._versions[name][number] for number in sorted(self._versions[name]))

    def latest(self, name: str) -> Schema:
        """Return the version that new events are written with."""
        return self.versions(name)[-1]

    def _add(self, schema: Schema) -> None:
        """Add one schema, or raise DuplicateSchemaError."""
        name = f"{schema.name}.{schema.version}"
        for identity in (schema.fingerprint, schema.frame_id):
            if identity in self._names:
                raise DuplicateSchemaError(name, self._names[identity])
            self._names[identity] = name
        self._versions.setdefault(schema.name, {})[schema.version] = schema
        if schema.blocks:
            self._arrays[schema.blocks.fingerprint] = schema.blocks.array


def schema_files() -> dict[str, str]:
    """Return the text of every committed schema by file name, such as ``ArticleEdited.1.avsc``."""
    folder = files("newsroom_schemas") / "avro"
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".avsc")}


def read_schema(file_name: str, text: str) -> Schema:
    """Return the schema of a file, given its name, ``<Event>.<version>.avsc``, and its text."""
    name, version, _ = file_name.split(".")
    definition = json.loads(text)
    refuse_unsafe(name, definition)
    whole = _parsed(definition)
    return Schema(
        name=name,
        version=int(version),
        definition=definition,
        fingerprint=fingerprint(definition),
        whole=whole,
        head=_parsed({**definition, "fields": [field for field in definition["fields"] if field["name"] != "blocks"]}),
        blocks=_blocks(whole["fields"][-1]),
    )


def _parsed(definition: dict[str, Any]) -> dict[str, Any]:
    """Return a schema parsed, with full names and without logical types."""
    bare = json.loads(json.dumps(definition), object_hook=_without_logical_type)
    return cast("dict[str, Any]", parse_schema(expand_schema(bare)))


def _without_logical_type(node: dict[str, Any]) -> dict[str, Any]:
    """Return one JSON object of a schema without its logical type."""
    return {key: value for key, value in node.items() if key != "logicalType"}


def _blocks(last: dict[str, Any]) -> BlocksField | None:
    """Return the description of a record's last field if it is ``blocks``, else ``None``."""
    if last["name"] != "blocks":
        return None
    nullable = isinstance(last["type"], list)
    array = last["type"][1] if nullable else last["type"]
    return BlocksField(fingerprint=fingerprint(array["items"]), array=parse_schema(array), nullable=nullable)
