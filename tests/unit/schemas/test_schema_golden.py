"""Bytes that a release once wrote are decoded for ever, to the event that they meant."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from avro.io import BinaryDecoder, DatumReader
from avro.schema import parse
from golden.samples import SAMPLES

from newsroom_schemas.values import StoredBlocks
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas

FOLDER = Path(__file__).parents[2] / "golden" / "events"
FILES = sorted(FOLDER.glob("*.json"))
RELEASED = ReleasedSchemas.load()
BY_FINGERPRINT = {schema.fingerprint: schema for schema in RELEASED}
CODEC = Codec(RELEASED)
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def holds(expected: Any, found: Any) -> bool:
    """Return whether everything expected is found; records may have got fields since."""
    match expected:
        case dict():
            return all(name in found and holds(value, found[name]) for name, value in expected.items())
        case list():
            return len(expected) == len(found) and all(map(holds, expected, found))
    return bool(expected == found)


def decoded(value: bytes, fingerprint: str | None) -> dict[str, Any]:
    """Decode a record, its blocks too."""
    headers = [("schema", fingerprint.encode())] if fingerprint else []
    result = CODEC.decode(value, headers)
    assert result.problem is None
    event = result.event
    stored = getattr(event, "blocks", None)
    if isinstance(stored, StoredBlocks):
        event = msgspec.structs.replace(event, blocks=CODEC.blocks(stored))
    fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    return fields


def test_every_released_schema_has_golden_bytes_and_the_other_way_round() -> None:
    """A file is missing: run ``python -m golden.add`` in ``tests``. A schema is missing: a released one never goes."""
    assert [file.stem for file in FILES] == sorted(f"{schema.name}.{schema.version}" for schema in RELEASED)


@each_file
def test_the_fingerprint_is_the_one_that_was_released(file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    schema = BY_FINGERPRINT[golden["fingerprint"]]
    assert f"{schema.name}.{schema.version}" == file.stem
    assert (schema.blocks.fingerprint if schema.blocks else None) == golden["block_fingerprint"]


@each_file
def test_golden_bytes_are_decoded_by_the_header(file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    assert holds(golden["event"], decoded(bytes.fromhex(golden["value"]), golden["fingerprint"]))


@each_file
def test_golden_bytes_are_decoded_by_the_frame_where_the_header_is_missing(file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    assert holds(golden["event"], decoded(bytes.fromhex(golden["value"]), None))


@each_file
def test_golden_bytes_are_read_by_another_avro_library(file: Path) -> None:
    """What third parties see behind the frame is plain Avro."""
    golden = json.loads(file.read_text("utf-8"))
    schema = BY_FINGERPRINT[golden["fingerprint"]]
    plain = json.dumps({key: value for key, value in schema.whole.items() if not key.startswith("__")}, default=str)
    body = io.BytesIO(bytes.fromhex(golden["value"])[5:])
    fields = DatumReader(parse(plain)).read(BinaryDecoder(body))
    assert body.read() == b""
    assert fields | {"type": schema.name} == golden["event"]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_newest_schema_still_writes_its_golden_bytes(name: str) -> None:
    golden = json.loads((FOLDER / f"{name}.{RELEASED.latest(name).version}.json").read_text("utf-8"))
    assert CODEC.encode(SAMPLES[name]).value.hex() == golden["value"]
