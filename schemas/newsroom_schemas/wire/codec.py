"""The codec: events to the bytes of a record in the log, and back.

>>> from newsroom_schemas.events import TagMerged
>>> event = TagMerged(event_id="01946f1a-4bc4-7d6e-8b0e-2f0f8f4f6a11", tag_id="snow", into="weather", occurred_at=0,
...                   actor="olena", source="desk")
>>> codec = Codec(ReleasedSchemas.load())
>>> encoded = codec.encode(event)
>>> codec.decode(encoded.value, encoded.headers).event == event    # except blocks, which stay bytes
True

A value is Confluent's frame (a zero byte and a four-byte schema id, big-endian) and an Avro body. The header ``schema``
names the writer's schema by fingerprint; the frame's id is used if that header is missing. The other headers follow
CloudEvents 1.0 in binary mode and repeat fields of the body.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from fastavro import schemaless_reader, schemaless_writer

from newsroom_schemas.errors import EventTooLargeError, InvalidEventError, UndecodableError
from newsroom_schemas.events import AnyEvent, key_of
from newsroom_schemas.instants import to_rfc3339
from newsroom_schemas.validation import MAX_EVENT_BYTES, check, check_vocabulary
from newsroom_schemas.values import Block, StoredBlocks
from newsroom_schemas.wire.reader import FRAME_BYTES, BodyReader, Decoded
from newsroom_schemas.wire.released import ReleasedSchemas, Schema

Headers = Sequence[tuple[str, bytes | None]]
"""Headers of a record, in order."""

_NEVER_TEXT = (bytes, bytearray, memoryview, datetime, date, time, timedelta, UUID, Decimal)
"""Types that msgspec would convert to texts. No field of an event has one of them."""


class Encoded(msgspec.Struct, frozen=True):
    """Value and headers of the record that an event becomes; its key is ``key_of(event)``."""

    value: bytes
    headers: list[tuple[str, bytes]]


class Codec:
    """Encodes and decodes events with the released schemas. Has no other state."""

    def __init__(self, schemas: ReleasedSchemas) -> None:
        self._schemas = schemas
        readers = [BodyReader(schema, schemas.latest(schema.name)) for schema in schemas]
        self._by_header = {reader.schema.fingerprint.encode(): reader for reader in readers}
        self._by_frame = {reader.schema.frame_id: reader for reader in readers}

    def encode(self, event: AnyEvent, traceparent: str | None = None) -> Encoded:
        """Return the value and headers of an event's record.

        Raises InvalidEventError if the event is invalid, EventTooLargeError if it exceeds ``MAX_EVENT_BYTES``.
        """
        body = getattr(event, "blocks", None)
        if isinstance(body, StoredBlocks):
            event = msgspec.structs.replace(event, blocks=self.blocks(body))
        name = type(event).__name__
        event, fields = _typed(event)
        if problem := check(event) or check_vocabulary(event):
            raise InvalidEventError(name, problem.field, problem.problem)
        schema = self._schemas.latest(name)
        value = _write(schema, fields)
        if len(value) > MAX_EVENT_BYTES:
            raise EventTooLargeError(name, len(value), MAX_EVENT_BYTES)
        return Encoded(value, [("schema", schema.fingerprint.encode()), *_cloud_event(event, traceparent)])

    def decode(self, value: bytes, headers: Headers) -> Decoded:
        """Return the event of a record. Its blocks stay undecoded bytes.

        Raises UndecodableError, and nothing else, if the bytes are not an event that this build knows. Time and memory
        are bounded by ``MAX_EVENT_BYTES``, whatever the bytes are.
        """
        if len(value) > MAX_EVENT_BYTES:
            raise UndecodableError(f"the value takes {len(value):,} bytes; {MAX_EVENT_BYTES:,} are allowed")
        if len(value) < FRAME_BYTES or value[0] != 0:
            raise UndecodableError("the value does not begin with a frame: a zero byte and four bytes of schema id")
        return self._reader(value, headers).read(value)

    def blocks(self, stored: StoredBlocks) -> tuple[Block, ...]:
        """Return stored blocks as values. Raise UndecodableError if no schema has their fingerprint."""
        array = self._schemas.block_array(stored.schema)
        if array is None:
            raise UndecodableError(f"no schema of blocks has the fingerprint {stored.schema}")
        newest = self._schemas.latest("ArticleCreated").blocks
        target = newest.array if newest and newest.fingerprint != stored.schema else None
        values = schemaless_reader(BytesIO(stored.data), array, target)
        return msgspec.convert(values, tuple[Block, ...])

    def _reader(self, value: bytes, headers: Headers) -> BodyReader:
        """Return the reader for the schema that a record names."""
        named = dict(headers).get("schema")
        if named is None:
            frame_id = int.from_bytes(value[1:FRAME_BYTES], "big")
            reader, name = self._by_frame.get(frame_id), f"frame id {frame_id}"
        else:
            reader, name = self._by_header.get(named), f"fingerprint {named[:32]!r}"
        if reader is None:
            raise UndecodableError(f"no schema has the {name}: was the record written by a newer release?")
        return reader


def _typed(event: AnyEvent) -> tuple[AnyEvent, dict[str, Any]]:
    """Return the event with each value converted to its field's type, and its fields as plain values.

    Python doesn't check field types. A list in place of a tuple is converted; other wrong types, such as a number in
    place of a text, raise InvalidEventError.
    """
    name = type(event).__name__
    try:
        fields: dict[str, Any] = msgspec.to_builtins(event, builtin_types=_NEVER_TEXT)
        event = msgspec.convert(fields, type(event))
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        raise InvalidEventError(name, path.rstrip("`") or "event", problem) from None
    except TypeError as error:
        raise InvalidEventError(name, "event", str(error)) from None
    del fields["type"]
    return event, fields


def _write(schema: Schema, fields: dict[str, Any]) -> bytes:
    """Return the framed Avro encoding of an event's fields."""
    out = BytesIO()
    out.write(b"\0" + schema.frame_id.to_bytes(4, "big"))
    schemaless_writer(out, schema.whole, fields, strict=True, disable_tuple_notation=True)
    return out.getvalue()


def _cloud_event(event: AnyEvent, traceparent: str | None) -> list[tuple[str, bytes]]:
    """Return the headers of CloudEvents' Kafka binding. ``source`` is escaped as a URI reference."""
    texts = {
        "ce_specversion": "1.0",
        "ce_id": event.event_id,
        "ce_type": f"newsroom.{type(event).__name__}",
        "ce_source": quote(event.source),
        "ce_subject": key_of(event),
        "ce_time": to_rfc3339(event.occurred_at),
        "content-type": "application/avro",
    }
    if traceparent is not None:
        texts["traceparent"] = traceparent
    return [(name, text.encode()) for name, text in texts.items()]
