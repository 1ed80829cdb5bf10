"""Lines of a stream: numbered, bounded, plain or gzip, with pauses where a read would wait."""

from __future__ import annotations

import errno
import gzip
import io
import os
from functools import partial
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom_producers.importers import lines
from newsroom_producers.importers.lines import read_lines
from newsroom_schemas.errors import UnreadableLineError


def read(data: bytes) -> list[tuple[int, bytes | str]]:
    """Read everything: numbers, and texts or errors."""
    found = [line for line in read_lines(io.BytesIO(data)) if line is not None]
    return [(line.number, line.text if isinstance(line.text, bytes) else str(line.text)) for line in found]


def test_lines_are_numbered_and_blank_ones_count_but_are_not_given() -> None:
    assert read(b"one\n\n  \r\ntwo\r\nthree") == [(1, b"one"), (4, b"two\r"), (5, b"three")]


@pytest.mark.parametrize(("data", "lines"), [(b"", []), (b"1", [(1, b"1")]), (b"\x1f", [(1, b"\x1f")])])
def test_an_input_of_no_byte_or_of_one_is_read_as_it_is(data: bytes, lines: list[tuple[int, bytes]]) -> None:
    assert read(data) == lines


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert read(b"\xef\xbb\xbf{}\n") == [(1, b"{}")]


@pytest.mark.parametrize("members", [1, 3])
def test_gzip_is_read_as_such(members: int) -> None:
    """Files that were written in several runs hold several members."""
    assert read(b"".join(gzip.compress(b"%d\n" % number) for number in range(members))) == [
        (number + 1, b"%d" % number) for number in range(members)
    ]


def test_gzip_padded_with_zeros_is_read() -> None:
    assert read(gzip.compress(b"one\n") + b"\0" * 512) == [(1, b"one")]


@pytest.mark.parametrize("spoil", [lambda data: data[:-12], lambda data: data[:-1] + b"!", lambda data: data + b"more"])
def test_a_damaged_gzip_stream_is_an_error_behind_the_lines_that_were_read(spoil: object) -> None:
    assert callable(spoil)
    *_, (number, error) = read(spoil(gzip.compress(b"one\ntwo\n")))
    assert number >= 1
    assert isinstance(error, str)
    assert error.startswith("the gzip stream is damaged")


def test_a_line_that_is_too_long_is_an_error_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 10)
    assert [number for number, _ in read(b"x" * 11 + b"\n" + b"x" * 10 + b"\n")] == [1, 2]
    assert read(b"x" * 11 + b"\nok\n") == [(1, "is longer than 10 bytes: no event is that large"), (2, b"ok")]


class Endless(io.RawIOBase):
    """A line that goes on for 200 MB."""

    def __init__(self) -> None:
        self.left = 200 * 1024 * 1024

    def read(self, size: int = -1) -> bytes:
        """Return as much as is asked for."""
        size = min(size, self.left)
        self.left -= size
        return b"x" * size


def test_a_huge_line_takes_no_more_memory_than_a_long_one() -> None:
    import tracemalloc  # noqa: PLC0415 - slows everything once it is there

    tracemalloc.start()
    try:
        stream: BinaryIO = Endless()  # type: ignore[assignment]
        (line,) = read_lines(stream)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert line is not None
    assert isinstance(line.text, UnreadableLineError)
    assert peak < 4 * lines.MAX_LINE_BYTES


def test_there_is_a_pause_before_a_pipe_would_have_to_wait() -> None:
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reading, os.fdopen(into, "wb", buffering=0) as writing:
        found = read_lines(reading)
        writing.write(b"one\ntwo\nthr")
        assert [next(found) for _ in range(3)] == [lines.Line(1, b"one"), lines.Line(2, b"two"), None]
        writing.write(b"ee\n")
        assert next(found) == lines.Line(3, b"three")


def test_gzip_is_known_as_such_and_read_however_slowly_it_comes() -> None:
    """Its first byte alone says nothing yet; there is a pause before each wait, as for plain lines."""
    zipped = gzip.compress(b"one\ntwo\n")
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reading, os.fdopen(into, "wb", buffering=0) as writing:
        found = read_lines(reading)
        lines_read: list[lines.Line | None] = []
        for number in range(len(zipped)):
            writing.write(zipped[number : number + 1])
            lines_read += iter(partial(next, found), None)
    assert lines_read == [lines.Line(1, b"one"), lines.Line(2, b"two")]


class Failing(io.RawIOBase):
    """A line, and then a disk that fails."""

    def __init__(self) -> None:
        self.left = [b"one\n"]

    def read(self, size: int = -1) -> bytes:
        """Return the line, or fail."""
        del size
        if not self.left:
            raise OSError(errno.EIO, "Input/output error")
        return self.left.pop()


def test_an_input_that_fails_is_an_error_behind_the_lines_that_were_read() -> None:
    stream: BinaryIO = Failing()  # type: ignore[assignment]
    one, rest = read_lines(stream)
    assert one == lines.Line(1, b"one")
    assert rest is not None
    assert rest.number == 2
    assert "can't be read from here on: [Errno 5] Input/output error" in str(rest.text)


@given(written=st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line)), zipped=st.booleans())
def test_any_lines_come_out_as_they_went_in(written: list[bytes], *, zipped: bool) -> None:
    data = b"\n".join([b"first", *written])
    expected = [(number, text) for number, text in enumerate(data.split(b"\n"), 1) if text.strip()]
    assert read(gzip.compress(data) if zipped else data) == expected
