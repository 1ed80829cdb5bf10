"""The check of schemas for safety: the memory, stack and time of decoding must be bounded by the number of bytes.

Five bytes of ``array<null>`` decode to a list of millions of items, and a schema that contains itself nests as deep as
the sender likes. No event needs either, so both are refused when schemas are loaded.
"""

from __future__ import annotations

from typing import Any

from fastavro.schema import parse_schema

from newsroom_schemas.errors import UnsafeSchemaError

_WIDTHS = {"null": 0, "boolean": 1, "int": 1, "long": 1, "float": 4, "double": 8, "bytes": 1, "string": 1, "enum": 1}


def refuse_unsafe(name: str, definition: Any) -> None:
    """Raise UnsafeSchemaError if the schema contains itself, or an array or map whose items may take zero bytes."""
    _Widths(name).least(parse_schema(definition))


class _Widths:
    """The minimum number of bytes of a value of each type. ``name`` is the schema's, for the error."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: dict[str, int | None] = {}

    def least(self, type_: Any) -> int:
        """Return the minimum width of a type in bytes."""
        match type_:
            case list():
                return 1 + min(map(self.least, type_), default=0)
            case {"type": "record" | "error"}:
                return self._of_record(type_)
            case {"type": "array", "items": item} | {"type": "map", "values": item}:
                return self._of_many(item)
            case {"type": "fixed", "name": name, "size": size}:
                self._known[name] = size
                return int(size)
            case str():
                return self._of_name(type_)
            case _:
                return self.least(type_["type"])

    def _of_name(self, name: str) -> int:
        """Return the width of a primitive, or of a named type seen before."""
        if name in _WIDTHS:
            return _WIDTHS[name]
        width = self._known[name]
        if width is None:
            raise UnsafeSchemaError(self._name, f"{name} contains itself")
        return width

    def _of_record(self, record: Any) -> int:
        """Return the sum of the fields' widths. Until then the record's own width is ``None``, to detect recursion."""
        self._known[record["name"]] = None
        width = sum(self.least(field["type"]) for field in record["fields"])
        self._known[record["name"]] = width
        return width

    def _of_many(self, item: Any) -> int:
        """Return the width of an empty array or map. Raise UnsafeSchemaError if its items may take zero bytes."""
        if self.least(item) == 0:
            raise UnsafeSchemaError(self._name, "the items of an array or a map may take zero bytes")
        return 1
