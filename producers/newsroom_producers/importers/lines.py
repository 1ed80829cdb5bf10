"""Lines of a stream, numbered, in bounded memory: plain or gzip, from a file or from a pipe that never ends.

Before each read that would block there is a pause (``None``), so that the lines read so far get their results first.
"""

from __future__ import annotations

import codecs
import select
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, cast

import msgspec

from newsroom_schemas.errors import UnreadableLineError

MAX_LINE_BYTES = 8_000_000
"""Maximum bytes of a line: the largest event with every character escaped, and room to spare."""

_CHUNK_BYTES = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 31
"""zlib's number for gzip with the largest window."""


class Line(msgspec.Struct, frozen=True):
    """A line of input, or the reason why it cannot be read."""

    number: int
    """Counted from 1."""
    text: bytes | UnreadableLineError


def read_lines(stream: BinaryIO) -> Iterator[Line | None]:
    """Yield the lines of a stream that are not blank, and ``None`` before each read that would block.

    A line that is too long is an error in its place, and so is the rest of a stream that cannot be read any further.
    """
    number = 0
    try:
        for text in _split(_unzipped(_chunks(stream))):
            if text is None:
                yield None
                continue
            number += 1
            line = text.removeprefix(codecs.BOM_UTF8) if number == 1 and isinstance(text, bytes) else text
            if not isinstance(line, bytes) or line.strip():
                yield Line(number, line)
    except zlib.error as error:
        yield Line(number + 1, UnreadableLineError(f"the gzip stream is damaged from here on ({error}): send it again"))
    except OSError as error:
        yield Line(number + 1, UnreadableLineError(f"the input can't be read from here on: {error}"))


def _chunks(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield what can be read without blocking, and ``None`` before a read that would block."""
    read = getattr(stream, "read1", stream.read)
    while True:
        if not _is_ready(stream):
            yield None
        chunk = cast("bytes", read(_CHUNK_BYTES))
        if not chunk:
            return
        yield chunk


def _is_ready(stream: BinaryIO) -> bool:
    """Return whether a read would return at once; always true for what is not a file of the operating system."""
    try:
        return bool(select.select([stream], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _unzipped(chunks: Iterator[bytes | None]) -> Iterator[bytes | None]:
    """Yield the bytes unchanged, or decompressed if they begin as gzip does."""
    head = b""
    for chunk in chunks:
        if chunk is None:
            yield None
            continue
        head += chunk
        if len(head) >= len(_GZIP_MAGIC):
            break
    every = chain([head], chunks)
    yield from _gunzip(every) if head.startswith(_GZIP_MAGIC) else every


def _gunzip(chunks: Iterator[bytes | None]) -> Iterator[bytes | None]:
    """Decompress gzip, member by member, in pieces of bounded size."""
    member = zlib.decompressobj(_GZIP_FORMAT)
    for chunk in chunks:
        if chunk is None:
            yield None
            continue
        rest = chunk
        while rest and not (member.eof and not rest.strip(b"\0")):
            if member.eof:
                member = zlib.decompressobj(_GZIP_FORMAT)
            yield member.decompress(rest, _CHUNK_BYTES)
            rest = member.unconsumed_tail or member.unused_data
    yield member.flush()
    if not member.eof:
        message = "it ends early"
        raise zlib.error(message)


def _split(chunks: Iterator[bytes | None]) -> Iterator[bytes | UnreadableLineError | None]:
    """Yield the lines of the bytes, keeping only as much of one that is too long as shows that it is."""
    buffer = bytearray()
    for chunk in chunks:
        if chunk is None:
            yield None
            continue
        for index, piece in enumerate(chunk.split(b"\n")):
            if index:
                yield _whole(buffer)
                buffer.clear()
            if len(buffer) <= MAX_LINE_BYTES:
                buffer += piece
    if buffer:
        yield _whole(buffer)


def _whole(buffer: bytearray) -> bytes | UnreadableLineError:
    """Return a line, or the error that it is too long."""
    if len(buffer) > MAX_LINE_BYTES:
        return UnreadableLineError(f"is longer than {MAX_LINE_BYTES:,} bytes: no event is that large")
    return bytes(buffer)
