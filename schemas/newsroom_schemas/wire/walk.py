"""The walk: a pass over Avro bytes that checks them without making values.

The walk of a type is a function ``(data, at, faults) -> next``: it starts at byte ``at``, returns the position after
the value, and raises UndecodableError (or IndexError, if the bytes end early) if the bytes are not a value of that
type. A text with NUL or a lone surrogate is valid Avro but breaks the contract: it is added to ``faults``. Integers
beyond 64 bits (32 for ``int``), counts and lengths beyond the remaining bytes, and invalid UTF-8 are refused, so the
time of a walk is bounded by the number of its bytes. Byte layout: Avro 1.12, "Binary encoding".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from newsroom_schemas.errors import UndecodableError, UnsafeSchemaError
from newsroom_schemas.rejections import InvalidContent
from newsroom_schemas.validation import NUL, SURROGATE

Faults = list[InvalidContent]
"""Empty, or the first text that contains NUL or a lone surrogate."""

Walk = Callable[[bytes, int, Faults], int]
"""Checks one value: bytes, position of its first byte, list of faults to add to; returns the position after it."""

_MAX_VARINT = 10
"""Maximum bytes of a varint of 64 bits."""
MORE = 0x80
"""The bit of a varint's byte that is set if more bytes follow."""


def walk_of(type_: Any, path: str) -> Walk:
    """Return the walk of a parsed type. ``path`` is the dotted path of its field, for faults."""
    if isinstance(type_, list):
        return _union([walk_of(branch, path) for branch in type_], text_or_null=type_ == ["null", "string"])
    if isinstance(type_, str):
        return _primitive(type_, path)
    match type_["type"]:
        case "record":
            return _record(type_["fields"], path)
        case "array":
            return _many(walk_of(type_["items"], path))
        case "map":
            return _many(_sequence([_text(path), walk_of(type_["values"], path)]))
        case other:
            return walk_of(other, path)


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """Return the zig-zag varint at a position, and the position after it. Raise UndecodableError beyond 64 bits."""
    byte = data[at]
    if byte < MORE:
        return (byte >> 1) ^ -(byte & 1), at + 1
    value = 0
    for place in range(_MAX_VARINT):
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < MORE:
            if value >> 64:
                break
            return (value >> 1) ^ -(value & 1), at + place + 1
    raise UndecodableError(f"the integer at byte {at} has more than 64 bits")


def _primitive(name: str, path: str) -> Walk:
    """Return the walk of a primitive type."""
    match name:
        case "string":
            return _text(path)
        case "null":
            return lambda _data, at, _faults: at
        case "int":
            return _integer(31)
        case "long":
            return _integer(63)
        case "boolean":
            return _boolean
    raise UnsafeSchemaError(path, f"the contract has no use for the type {name}")


def _text(path: str) -> Walk:
    """Return the walk of a string."""

    def walk(data: bytes, at: int, faults: Faults) -> int:
        size = data[at]
        if not size & 0x81:  # one byte, not negative
            size, start = size >> 1, at + 1
        elif not (size & 1 or (more := data[at + 1]) & MORE):  # two bytes
            size, start = (size & 0x7F | more << 7) >> 1, at + 2
        else:
            size, start = read_long(data, at)
        end = start + size
        if size < 0 or end > len(data):
            raise UndecodableError(f"the text at byte {at} claims {size:,} bytes; {len(data) - start:,} are left")
        piece = data[start:end]
        try:
            piece.decode()
        except UnicodeDecodeError:
            _note_surrogate(piece, at, path, faults)
        if 0 in piece:
            _note(faults, path, NUL)
        return end

    return walk


def _note_surrogate(piece: bytes, at: int, path: str, faults: Faults) -> None:
    """Add a fault for a lone surrogate. Raise UndecodableError if the bytes are otherwise not UTF-8."""
    try:
        piece.decode(errors="surrogatepass")
    except UnicodeDecodeError as error:
        raise UndecodableError(f"the text at byte {at} is not UTF-8: {error.reason}") from None
    _note(faults, path, SURROGATE)


def _note(faults: Faults, path: str, problem: str) -> None:
    """Add a fault if it is the first: a list of all could be larger than the record."""
    if not faults:
        faults.append(InvalidContent(field=path, problem=problem))


def _integer(bits: int) -> Walk:
    """Return the walk of a signed integer with ``bits`` bits plus the sign."""

    def walk(data: bytes, at: int, _faults: Faults) -> int:
        value, end = read_long(data, at)
        if not -(1 << bits) <= value < 1 << bits:
            raise UndecodableError(f"the integer at byte {at} is {value:,}, which does not fit")
        return end

    return walk


def _boolean(data: bytes, at: int, _faults: Faults) -> int:
    """Check a boolean."""
    if data[at] > 1:
        raise UndecodableError(f"the boolean at byte {at} is {data[at]}")
    return at + 1


def _union(branches: list[Walk], *, text_or_null: bool) -> Walk:
    """Return the walk of a union. ``text_or_null`` selects a faster one for ``["null", "string"]``."""

    def walk(data: bytes, at: int, faults: Faults) -> int:
        index, at = read_long(data, at)
        if not 0 <= index < len(branches):
            raise UndecodableError(f"the union before byte {at} has no branch {index:,}")
        return branches[index](data, at, faults)

    if not text_or_null:
        return walk
    text = branches[1]

    def walk_nullable_text(data: bytes, at: int, faults: Faults) -> int:
        match data[at]:
            case 0:
                return at + 1
            case 2:
                return text(data, at + 1, faults)
            case _:
                return walk(data, at, faults)

    return walk_nullable_text


def _many(item: Walk) -> Walk:
    """Return the walk of an array or a map: runs of items, each preceded by its count, up to a count of zero."""

    def walk(data: bytes, at: int, faults: Faults) -> int:
        while True:
            count, at = read_long(data, at)
            if count == 0:
                return at
            end = None
            if count < 0:
                count = -count
                size, at = read_long(data, at)
                end = at + size
            if count > len(data) - at:
                raise UndecodableError(
                    f"{count:,} items are announced before byte {at}; {len(data) - at:,} bytes are left"
                )
            for _ in range(count):
                at = item(data, at, faults)
            if end is not None and end != at:
                raise UndecodableError(f"the items before byte {at} do not take the bytes announced")

    return walk


def _record(fields: list[dict[str, Any]], path: str) -> Walk:
    """Return the walk of a record.

    Most optional fields of most records are absent, and an absent one is a zero byte. So if a record ends in several
    optional fields, all but the first of them are skipped in one step when all are absent.
    """
    walks = [walk_of(field["type"], f"{path}.{field['name']}" if path else field["name"]) for field in fields]
    optional = 0
    while optional < len(fields) and is_optional(fields[-1 - optional]["type"]):
        optional += 1
    if optional < 3:  # noqa: PLR2004 - fewer are walked as fast
        return _sequence(walks)
    first, rest = _sequence(walks[: 1 - optional]), _sequence(walks[1 - optional :])
    absent = bytes(optional - 1)

    def walk(data: bytes, at: int, faults: Faults) -> int:
        at = first(data, at, faults)
        return at + len(absent) if data.startswith(absent, at) else rest(data, at, faults)

    return walk


def is_optional(type_: Any) -> bool:
    """Return True if an absent value of the type is encoded as a single zero byte."""
    if isinstance(type_, list):
        return bool(type_) and type_[0] == "null"
    return isinstance(type_, dict) and type_["type"] in {"array", "map"}


def _sequence(walks: list[Walk]) -> Walk:
    """Return the walk of a sequence of values."""

    def walk(data: bytes, at: int, faults: Faults) -> int:
        for step in walks:
            at = step(data, at, faults)
        return at

    return walk
