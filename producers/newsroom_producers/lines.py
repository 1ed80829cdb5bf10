"""Lines of a stream, numbered, in bounded memory: plain or gzip, from a file or from a pipe that never ends.

A pause (``None``) stands in the stream where the next read would have to wait, so that what was read can be answered first.
"""

from __future__ import annotations

import io
import select
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec

from newsroom_schemas.errors import UnreadableLineError

MAX_LINE_BYTES = 8_000_000
"""Bytes of a line at most: an event of the greatest size with every character escaped, and room to spare."""

_CHUNK_BYTES = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


class Line(msgspec.Struct, frozen=True):
    """One line of input, or why it can't be had."""

    number: int
    """Counted from 1."""
    text: bytes | UnreadableLineError


def read_lines(stream: BinaryIO) -> Iterator[Line | None]:
    """Give the lines of a stream that are not blank, without their ends, and a pause before each read that would wait."""
    number = 0
    buffer = bytearray()
    skipping = False
    try:
        for chunk in _unzipped(_chunks(stream)):
            if chunk is None:
                yield None
                continue
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                number += 1
                buffer += end
                if line := _line(number, buffer, skipping=skipping):
                    yield line
                buffer.clear()
                skipping = False
            ...
    except zlib.error as error:
        yield Line(number + 1, UnreadableLineError(f"the gzip stream is damaged from here on: {error}"))
        return
