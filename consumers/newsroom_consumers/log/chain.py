"""The hash of a record, and the chain of hashes that seals a partition.

>>> record = Record("newsroom.tags", 0, 0, 1_738_953_300_000_000, b"storm", b"value", ())
>>> link(CHAIN_START, digest(record, value_sha(record))).hex()[:16]
'87e67a8b995fe21b'
"""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache

from newsroom_consumers.log.record import Record

CHAIN_START = bytes(32)
"""The chain of a partition before its first record."""

_PLACE = struct.Struct(">qq")
_COUNT = struct.Struct(">I")
_NONE = b"\xff\xff\xff\xff"


def value_sha(record: Record) -> bytes:
    """Give the SHA-256 of the record's value; that of no bytes where there is none."""
    return hashlib.sha256(record.value or b"").digest()


def digest(record: Record, value: bytes) -> bytes:
    """Give the SHA-256 of the record's canonical bytes, ``value`` being the SHA-256 of its value.

    The canonical bytes are offset and timestamp (8 bytes each, big-endian), then key, number of headers, each header's
    name and value in order, and the value's hash; each of variable length has a length of 4 bytes before it, and an
    absent key or value is the length 0xffffffff.
    """
    parts = [_PLACE.pack(record.offset, record.timestamp), _prefixed(record.key), _COUNT.pack(len(record.headers))]
    for name, content in record.headers:
        parts += (_prefixed_name(name), _NONE if content is None else _COUNT.pack(len(content)) + content)
    parts.append(_NONE if record.value is None else _prefixed(value))
    return hashlib.sha256(b"".join(parts)).digest()


def link(chain: bytes, last: bytes) -> bytes:
    """Give the chain after one more record whose hash is ``last``."""
    return hashlib.sha256(chain + last).digest()


def _prefixed(data: bytes | None) -> bytes:
    """Write bytes with their length before them."""
    return _NONE if data is None else _COUNT.pack(len(data)) + data


@lru_cache(maxsize=256)
def _prefixed_name(name: str) -> bytes:
    """Write the name of a header, one of few, with its length before it."""
    return _prefixed(name.encode("utf-8", "surrogatepass"))
