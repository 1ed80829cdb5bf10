"""The shortcut: reads and checks the event of a record in one pass over its bytes.

It supports the plain layout that nearly every record has. On anything else (bytes that are not an event, a text with
NUL or a lone surrogate, a layout that is allowed but rare, a very large value) it stops and leaves the record to the
walk (see ``walk``). So an event read here is one that the walk would have accepted; a test holds this for all kinds of
bytes. Positions only grow, so a text that exceeds the bytes is noticed at the next position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from newsroom_schemas.errors import UndecodableError
from newsroom_schemas.events import EVENTS, AnyEvent
from newsroom_schemas.values import Author, Blocks, Image, Note, StoredBlocks
from newsroom_schemas.wire.released import BlocksField, Schema
from newsroom_schemas.wire.walk import MORE, is_optional, read_long

MAX_BYTES = 65_536
"""Maximum size of a value that the shortcut reads, because it copies the texts of all blocks while it checks them."""

_RECORDS = {f"newsroom.{type_.__name__}": type_ for type_ in (Author, Image, Note)}
"""Classes of the values inside events, by the names of their schemas."""
_ABSENT: tuple[Any, ...] = (None, [])
"""The defaults that are encoded as a zero byte."""
_GIVEN = 2
"""The byte before the value of an optional field that is present."""
_PARAGRAPH = b"\x12paragraph\x02"
"""First bytes of a block that is a paragraph with a text. Most blocks are, with all other fields absent."""

Take = Callable[[bytes, int], tuple[Any, int]]
"""Reads one value: bytes, position of its first byte; returns the value and the position after it."""


class UnusualError(Exception):
    """The bytes are invalid, or do not have the plain layout."""


class Shortcut:
    """Reads events written with the newest schema of their type."""

    def __init__(self, schema: Schema) -> None:
        """Raise UnusualError if the schema has a type that the plain layout does not."""
        self._type = EVENTS[schema.name]
        self._fields = _fields(schema.head)
        self._take_blocks = _blocks(schema.blocks) if schema.blocks else None

    def read(self, value: bytes, at: int) -> AnyEvent | None:
        """Return the event in ``value`` from position ``at`` to the end, or ``None`` to leave it to the walk."""
        if len(value) > MAX_BYTES:
            return None
        given: dict[str, Any] = {}
        try:
            for name, take, optional in self._fields:
                if optional and value[at] == 0:
                    at += 1
                else:
                    given[name], at = take(value, at)
            if self._take_blocks:
                given["blocks"], at = self._take_blocks(value, at)
        except (UnusualError, UndecodableError, UnicodeDecodeError, IndexError):
            return None
        return self._type(**given) if at == len(value) else None


def shortcut_of(schema: Schema) -> Shortcut | None:
    """Return the shortcut for a schema, or ``None`` if it has a type that the plain layout does not."""
    try:
        return Shortcut(schema)
    except UnusualError:
        return None


def _fields(record: dict[str, Any]) -> list[tuple[str, Take, bool]]:
    """Return each field's name, reader, and True if its default is encoded as a zero byte."""
    return [(each["name"], _take_of(each["type"]), each.get("default", ...) in _ABSENT) for each in record["fields"]]


def _take_of(type_: Any) -> Take:
    """Return the reader of a parsed type. Raise UnusualError if the plain layout doesn't have the type."""
    match type_:
        case str() if type_ in _PRIMITIVES:
            return _PRIMITIVES[type_]
        case ["null", other]:
            return _optional(_take_of(other))
        case {"type": "record", "name": name} if name in _RECORDS:
            return _record(_RECORDS[name], _fields(type_))
        case {"type": "array", "items": items}:
            return _many(_take_of(items))
        case {"type": str() as name}:
            return _take_of(name)
    raise UnusualError


def _take_text(data: bytes, at: int) -> tuple[str, int]:
    size = data[at]
    if not size & 0x81:  # one byte, not negative
        start = at + 1
        end = start + (size >> 1)
    else:
        start, end = _bounds(data, at)
    text = data[start:end].decode()
    if "\0" in text:
        raise UnusualError
    return text, end


def _bounds(data: bytes, at: int) -> tuple[int, int]:
    """Return the start and end of a text, given the position of its length."""
    size = data[at]
    if size & 0x81 == MORE and (more := data[at + 1]) < MORE:  # two bytes, not negative
        return at + 2, at + 2 + ((size & 0x7F | more << 7) >> 1)
    size, start = read_long(data, at)
    if size < 0:
        raise UnusualError
    return start, start + size


def _take_int(data: bytes, at: int) -> tuple[int, int]:
    value, at = read_long(data, at)
    if not -(1 << 31) <= value < 1 << 31:
        raise UnusualError
    return value, at


def _optional(take: Take) -> Take:
    def take_optional(data: bytes, at: int) -> tuple[Any, int]:
        branch = data[at]
        if branch == 0:
            return None, at + 1
        if branch != _GIVEN:
            raise UnusualError
        return take(data, at + 1)

    return take_optional


def _many(take: Take) -> Take:
    def take_many(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        values = []
        count, at = _count(data, at)
        while count:
            for _ in range(count):
                value, at = take(data, at)
                values.append(value)
            count, at = _count(data, at)
        return tuple(values), at

    return take_many


def _count(data: bytes, at: int) -> tuple[int, int]:
    """Read the count of a run of items. Every item takes bytes, so a false count soon runs past the value."""
    count, at = read_long(data, at)
    if count < 0:
        raise UnusualError
    return count, at


def _record(type_: type[Any], fields: list[tuple[str, Take, bool]]) -> Take:
    def take_record(data: bytes, at: int) -> tuple[Any, int]:
        given: dict[str, Any] = {}
        for name, take, _ in fields:
            given[name], at = take(data, at)
        return type_(**given), at

    return take_record


def _blocks(field: BlocksField) -> Take:
    """Return the reader of an event's blocks, which checks them and returns them as bytes."""
    types = [each["type"] for each in field.array["items"]["fields"]]
    if types[:2] != ["string", ["null", "string"]] or not all(map(is_optional, types[2:])):
        raise UnusualError
    take_all = [_take_of(type_) for type_ in types]
    take_rest = take_all[2:]
    absent = bytes(len(take_rest))

    def take_blocks(data: bytes, first: int) -> tuple[Blocks, int]:
        texts: list[bytes] = []
        count, at = _count(data, first)
        if count == 0:
            return (), at
        while count:
            for _ in range(count):
                takes = take_all
                if data.startswith(_PARAGRAPH, at):
                    start, at = _bounds(data, at + len(_PARAGRAPH))
                    texts.append(data[start:at])
                    takes = take_rest
                if takes is take_rest and data.startswith(absent, at):
                    at += len(absent)
                    continue
                for take in takes:
                    _, at = take(data, at)
            count, at = _count(data, at)
        _require_sound(texts)
        return StoredBlocks(data[first:at], field.fingerprint), at

    return _optional(take_blocks) if field.nullable else take_blocks


def _require_sound(texts: list[bytes]) -> None:
    """Raise if a text is not UTF-8 or contains NUL. Joining by a line feed can't complete a cut-off character."""
    together = b"\n".join(texts)
    together.decode()
    if 0 in together:
        raise UnusualError


_PRIMITIVES: dict[str, Take] = {"string": _take_text, "int": _take_int, "long": read_long}
