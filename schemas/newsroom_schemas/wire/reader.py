"""The reader of records that one schema has written: from bytes to an event.

Most records are read by the shortcut (see ``shortcut``). All others, and those of older schemas, are read in two
passes: the walk (see ``walk``) checks all bytes before any value is made, so that the second pass, which makes the
values, cannot fail. Fields before ``blocks`` become the event's values; the blocks stay raw Avro bytes.
"""

from __future__ import annotations

from io import BytesIO

import msgspec
from fastavro import schemaless_reader

from newsroom_schemas.errors import UndecodableError
from newsroom_schemas.events import EVENTS, AnyEvent
from newsroom_schemas.rejections import InvalidContent
from newsroom_schemas.validation import check_fields
from newsroom_schemas.values import Blocks, StoredBlocks
from newsroom_schemas.wire.released import Schema
from newsroom_schemas.wire.shortcut import shortcut_of
from newsroom_schemas.wire.walk import Faults, read_long, walk_of

FRAME_BYTES = 5
"""Bytes of the frame: the magic byte and the schema's id."""


class Decoded(msgspec.Struct, frozen=True):
    """A decoded event, and the first rule of validation that it breaks, if any."""

    event: AnyEvent
    problem: InvalidContent | None
    """Reason to reject the record with, or ``None``. If set, the event's texts may be unfit for a database."""


class BodyReader:
    """Reads events that one schema has written, and resolves them to the newest schema of the event."""

    def __init__(self, schema: Schema, newest: Schema) -> None:
        self.schema = schema
        self._type = EVENTS[schema.name]
        self._target = None if schema is newest else newest.head
        self._shortcut = shortcut_of(schema) if schema is newest else None
        self._walk_head = walk_of(schema.head, "")
        self._walk_blocks = walk_of(schema.blocks.array, "blocks") if schema.blocks else None

    def read(self, value: bytes) -> Decoded:
        """Return the event of a framed value. Raise UndecodableError if it is not exactly one event of this schema."""
        if self._shortcut and (plain := self._shortcut.read(value, FRAME_BYTES)):
            return Decoded(plain, check_fields(plain))
        faults: Faults = []
        try:
            at = self._walk_head(value, FRAME_BYTES, faults)
            blocks, at = self._read_blocks(value, at, faults)
        except IndexError:
            raise UndecodableError("the value ends early") from None
        if at != len(value):
            raise UndecodableError(f"{len(value) - at:,} bytes follow the event")
        event = self._event(value, blocks)
        return Decoded(event, faults[0] if faults else check_fields(event))

    def _read_blocks(self, value: bytes, at: int, faults: Faults) -> tuple[Blocks | None, int]:
        """Return the blocks, ``None`` if they are absent, and the position after them."""
        blocks = self.schema.blocks
        if self._walk_blocks is None or blocks is None:
            return None, at
        if blocks.nullable:
            branch, at = read_long(value, at)
            if branch == 0:
                return None, at
            if branch != 1:
                raise UndecodableError(f"the union before byte {at} has no branch {branch:,}")
        end = self._walk_blocks(value, at, faults)
        is_empty = read_long(value, at)[0] == 0
        return () if is_empty else StoredBlocks(value[at:end], blocks.fingerprint), end

    def _event(self, value: bytes, blocks: Blocks | None) -> AnyEvent:
        """Return the event of a value that has been walked."""
        source = BytesIO(value)
        source.seek(FRAME_BYTES)
        fields = schemaless_reader(source, self.schema.head, self._target, handle_unicode_errors="surrogatepass")
        if blocks is not None:
            fields["blocks"] = blocks
        return msgspec.convert(fields, self._type)
