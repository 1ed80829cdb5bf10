"""The hash of a record, and the chain of hashes that seals a partition.

>>> record = Record("newsroom.tags", 0, 0, 1_738_953_300_000_000, b"storm", b"value", ())
>>> link(CHAIN_START, record_hash(record, value_sha(record))).hex()[:16]
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
    """Return the SHA-256 of the record's value, or of no bytes where the record has none."""
    return hashlib.sha256(record.value or b"").digest()


def record_hash(record: Record, value: bytes) -> bytes:
    """Return the SHA-256 of the record's canonical bytes; ``value`` is the SHA-256 of its value.

    The canonical bytes are, in order: offset and timestamp (8 bytes each), key, number of headers (4 bytes), name and
    value of each header, hash of the value. Integers are big-endian. Whatever may be absent or vary in length has its
    length before it, in 4 bytes; the length of what is absent is 0xffffffff.
    """
    parts = [_PLACE.pack(record.offset, record.timestamp), _prefixed(record.key), _COUNT.pack(len(record.headers))]
    for name, content in record.headers:
        parts += (_prefixed_name(name), _NONE if content is None else _COUNT.pack(len(content)) + content)
    parts.append(_NONE if record.value is None else _prefixed(value))
    return hashlib.sha256(b"".join(parts)).digest()


def link(chain: bytes, last: bytes) -> bytes:
    """Return the chain after one more record, whose hash is ``last``."""
    return hashlib.sha256(chain + last).digest()


def _prefixed(data: bytes | None) -> bytes:
    """Return bytes with their length before them."""
    return _NONE if data is None else _COUNT.pack(len(data)) + data


@lru_cache(maxsize=256)
def _prefixed_name(name: str) -> bytes:
    """Return a header's name with its length before it. Cached: few names come again and again."""
    return _prefixed(name.encode("utf-8", "surrogatepass"))
