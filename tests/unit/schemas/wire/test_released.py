"""The released schemas: by fingerprint, by frame id and by name; what it refuses."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from fastavro.schema import to_parsing_canonical_form

from newsroom_schemas.errors import DuplicateSchemaError, UndecodableError, UnsafeSchemaError
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas, read_schema


def record(*types: Any, name: str = "Sample") -> dict[str, Any]:
    """Make a record with one field of each type."""
    return {"type": "record", "name": name, "fields": [{"name": f"f{n}", "type": t} for n, t in enumerate(types)]}


def array(items: Any) -> dict[str, Any]:
    """Make an array type."""
    return {"type": "array", "items": items}


def read(definition: dict[str, Any]) -> None:
    """Read a schema as if it lay in a file."""
    read_schema("Sample.1.avsc", json.dumps(definition))


def test_a_fingerprint_is_16_hex_digits_of_the_sha256_of_the_canonical_form() -> None:
    schema = ReleasedSchemas.load().latest("ArticlePublished")
    assert schema.fingerprint == sha256(to_parsing_canonical_form(schema.definition).encode()).hexdigest()[:16]


def test_a_frame_id_is_the_first_four_bytes_of_the_hash_shifted_right_by_one() -> None:
    schema = ReleasedSchemas.load().latest("ArticlePublished")
    assert schema.frame_id == int.from_bytes(bytes.fromhex(schema.fingerprint)[:4], "big") >> 1


def test_every_schema_is_found_by_fingerprint_and_by_frame_id() -> None:
    released = ReleasedSchemas.load()
    schemas = list(released)
    assert schemas
    assert list({schema.fingerprint: schema for schema in released}.values()) == schemas
    assert list({schema.frame_id: schema for schema in released}.values()) == schemas


def test_what_is_in_no_file_is_not_found() -> None:
    codec = Codec(ReleasedSchemas.load())
    for headers in ([("schema", b"0" * 16)], []):
        with pytest.raises(UndecodableError, match="no schema has the"):
            codec.decode(bytes(5), headers)
    assert ReleasedSchemas.load().block_array("0" * 16) is None


def test_all_versions_stay_and_the_highest_number_is_the_latest() -> None:
    versions = [
        read_schema(f"Sample.{number}.avsc", json.dumps(record(*["string"] * (number + 1)))) for number in (10, 9, 2)
    ]
    released = ReleasedSchemas(versions)
    assert [schema.version for schema in released.versions("Sample")] == [2, 9, 10]
    assert released.latest("Sample").version == 10


def test_two_versions_with_one_fingerprint_are_refused() -> None:
    """Docs and defaults are not part of the canonical form: such a "new version" could not be told from the old one."""
    first = record("string")
    second = first | {"doc": "Now with a sentence."}
    schemas = [read_schema(f"Sample.{number}.avsc", json.dumps(it)) for number, it in ((1, first), (2, second))]
    with pytest.raises(DuplicateSchemaError, match=r"Sample\.2 and Sample\.1"):
        ReleasedSchemas(schemas)


@pytest.mark.parametrize(
    "item",
    [
        "null",
        record(name="Empty"),
        {"type": "fixed", "name": "Nothing", "size": 0},
        record("null", record(name="Empty"), name="Hollow"),
        {"type": "null"},
    ],
)
def test_items_that_take_no_byte_are_refused(item: Any) -> None:
    """Five bytes of them would make a list of millions."""
    for holder in (array(item), {"type": "map", "values": item}, ["null", array(item)]):
        with pytest.raises(UnsafeSchemaError, match="may take zero bytes"):
            read(record(holder))


def test_items_of_a_type_named_before_are_measured_too() -> None:
    with pytest.raises(UnsafeSchemaError, match="may take zero bytes"):
        read(record(record(name="Empty"), array("Empty")))


@pytest.mark.parametrize("inner", [["null", "Sample"], array("Sample"), record("Sample", name="Between")])
def test_a_schema_that_contains_itself_is_refused(inner: Any) -> None:
    with pytest.raises(UnsafeSchemaError, match="Sample contains itself"):
        read(record("string", inner))


@pytest.mark.parametrize("type_", ["float", "double", "bytes", {"type": "bytes"}])
def test_a_type_that_no_event_has_is_refused(type_: Any) -> None:
    schema = read_schema("TagMerged.1.avsc", json.dumps(record("string", type_, name="TagMerged")))
    with pytest.raises(UnsafeSchemaError, match="no use for the type"):
        Codec(ReleasedSchemas([schema]))


@pytest.mark.parametrize(
    "item", ["string", "int", ["null", "string"], record("null", "boolean", name="Thin"), array("long")]
)
def test_items_that_take_a_byte_are_taken(item: Any) -> None:
    read(record(array(item), {"type": "fixed", "name": "Four", "size": 4}))
