"""Lines of a stream, numbered, in bounded memory: plain or gzip, from a file or from a pipe that never ends.

A pause (``None``) stands before each read that would have to wait, so that what was read can be answered first.
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
"""Bytes of a line at most: an event of the greatest size with every character escaped, and room to spare."""

_CHUNK_BYTES = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 31
"""What zlib calls gzip with the largest window."""


class Line(msgspec.Struct, frozen=True):
    """One line of input, or why it can't be had."""

    number: int
    """Counted from 1."""
    text: bytes | UnreadableLineError


def read_lines(stream: BinaryIO) -> Iterator[Line | None]:
    """Give the lines of a stream that are not blank, and a pause before each read that would wait.

    A line that is too long is given as an error, and so is the rest of a stream that can't be read on.
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
    """Give what can be read at once, and a pause where nothing can."""
    read = getattr(stream, "read1", stream.read)
    while True:
        if not _is_ready(stream):
            yield None
        chunk = cast("bytes", read(_CHUNK_BYTES))
        if not chunk:
            return
        yield chunk


def _is_ready(stream: BinaryIO) -> bool:
    """Say whether a read would return at once; what is no file of the system always does."""
    try:
        return bool(select.select([stream], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _unzipped(chunks: Iterator[bytes | None]) -> Iterator[bytes | None]:
    """Give the bytes as they are, or what they hold when they begin as gzip does."""
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
    """Unpack gzip, one member after the other, a bounded piece at a time."""
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
    """Cut bytes into lines; of a line that is too long no more is kept than shows it."""
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
    """Give a line, or the error that it is too long."""
    if len(buffer) > MAX_LINE_BYTES:
        return UnreadableLineError(f"is longer than {MAX_LINE_BYTES:,} bytes: no event is that large")
    return bytes(buffer)
