"""The registry: every schema version that was ever released, read from the files in ``avro/``.

Example::

    registry = Registry.load()
    registry.latest("ArticlePublished").fingerprint   # the value of the header ``schema``

A record names its writer's schema by fingerprint, so that replay needs no other registry. Files are named
``<Event>.<version>.avsc``; a released file never changes and never goes away.
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
    """Give the first 16 hex digits of the SHA-256 of the schema's parsing canonical form, as fastavro makes it."""
    return str(hash_of(to_parsing_canonical_form(definition), "sha256"))[:16]


class BlocksField(msgspec.Struct, frozen=True, kw_only=True):
    """How the field ``blocks`` of one schema is written."""

    fingerprint: str
    """Fingerprint of the record Block, which stored blocks carry."""
    array: dict[str, Any]
    """The type ``array<Block>``, parsed."""
    nullable: bool
    """The array stands in a union behind null."""


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one event's schema. The parsed forms have every name spelt out and no logical types.

    Logical types double the time of decoding; instants and UUIDs stay the integers and texts that they are.
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
    """All versions of all schemas, found by fingerprint, by frame id or by name. Make it with `Registry.load`."""

    def __init__(self, schemas: Iterable[Schema]) -> None:
        """Take the schemas; raise DuplicateSchemaError when two of them could not be told apart."""
        self._by_fingerprint: dict[str, Schema] = {}
        self._by_frame: dict[int, Schema] = {}
        self._versions: dict[str, dict[int, Schema]] = {}
        self._arrays: dict[str, dict[str, Any]] = {}
        for schema in schemas:
            self._add(schema)

    @classmethod
    def load(cls) -> ReleasedSchemas:
        """Read every committed schema; raise UnsafeSchemaError or DuplicateSchemaError when one must not be used."""
        texts = schema_files()
        return cls(read_schema(name, texts[name]) for name in sorted(texts))

    def __iter__(self) -> Iterator[Schema]:
        """Go through all schemas, every event's versions in order."""
        for name in sorted(self._versions):
            yield from self.versions(name)

    def by_fingerprint(self, wanted: str) -> Schema | None:
        """Find the schema that a header names."""
        return self._by_fingerprint.get(wanted)

    def by_frame_id(self, wanted: int) -> Schema | None:
        """Find the schema that a frame names, for records without the header."""
        return self._by_frame.get(wanted)

    def block_array(self, wanted: str) -> dict[str, Any] | None:
        """Find the type ``array<Block>`` whose Block has the fingerprint that stored blocks carry."""
        return self._arrays.get(wanted)

    def versions(self, name: str) -> tuple[Schema, ...]:
        """Give all versions of an event's schema, the oldest first."""
        return tuple(self._versions[name][number] for number in sorted(self._versions[name]))

    def latest(self, name: str) -> Schema:
        """Give the version that new events are written with."""
        return self.versions(name)[-1]

    def _add(self, schema: Schema) -> None:
        """Enter one schema in all indexes."""
        for there in (self._by_fingerprint.get(schema.fingerprint), self._by_frame.get(schema.frame_id)):
            if there:
                raise DuplicateSchemaError(f"{schema.name}.{schema.version}", f"{there.name}.{there.version}")
        self._by_fingerprint[schema.fingerprint] = schema
        self._by_frame[schema.frame_id] = schema
        self._versions.setdefault(schema.name, {})[schema.version] = schema
        if schema.blocks:
            self._arrays[schema.blocks.fingerprint] = schema.blocks.array


def schema_files() -> dict[str, str]:
    """Give the text of every committed schema by the name of its file, such as ``ArticleEdited.1.avsc``."""
    folder = files("newsroom_schemas") / "avro"
    return {file.name: file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".avsc")}


def read_schema(file_name: str, text: str) -> Schema:
    """Make a schema of a file's name, ``<Event>.<version>.avsc``, and its text."""
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
    """Parse a schema with every name spelt out, without logical types."""
    bare = json.loads(json.dumps(definition), object_hook=_without_logical_type)
    return cast("dict[str, Any]", parse_schema(expand_schema(bare)))


def _without_logical_type(node: dict[str, Any]) -> dict[str, Any]:
    """Drop the logical type from one JSON object of a schema."""
    return {key: value for key, value in node.items() if key != "logicalType"}


def _blocks(last: dict[str, Any]) -> BlocksField | None:
    """Describe the last field of a record, if it is the blocks."""
    if last["name"] != "blocks":
        return None
    nullable = isinstance(last["type"], list)
    array = last["type"][1] if nullable else last["type"]
    return BlocksField(fingerprint=fingerprint(array["items"]), array=parse_schema(array), nullable=nullable)
