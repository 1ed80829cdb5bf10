"""Whatever bytes a record holds, decoding ends in an event or in the named error, in bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from golden.samples import SAMPLES
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.examples import examples

from newsroom_schemas.errors import UndecodableError
from newsroom_schemas.events import AnyEvent, ArticleCreated, ArticleEdited, TagDefined
from newsroom_schemas.rejections import InvalidContent
from newsroom_schemas.validation import MAX_EVENT_BYTES, NUL, SURROGATE
from newsroom_schemas.values import StoredBlocks
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas, Schema

REGISTRY = ReleasedSchemas.load()
CODEC = Codec(REGISTRY)
VALUES = [CODEC.encode(event).value for event in SAMPLES.values()]
UUID = "0194e1c2-7f00-7000-8000-0000000000aa"
BARE = CODEC.encode(
    ArticleCreated(
        event_id=UUID, occurred_at=0, actor="", source="", article_id="a", language="uk", slug="", headline=""
    )
).value
EDIT = CODEC.encode(
    ArticleEdited(event_id=UUID, occurred_at=0, actor="", source="", article_id="a", language="uk")
).value
TAG = CODEC.encode(TagDefined(event_id=UUID, occurred_at=0, actor="", source="", tag_id="a")).value
BEFORE = BARE[:-8]
"""A created event up to its eight optional fields: lead, image, authors, legacy_urls, section, tags, flags, blocks."""
SURROGATE_BYTES = b"\xed\xa0\x80"


def varint(number: int) -> bytes:
    """Write a zig-zag varint."""
    rest = ((number << 1) ^ (number >> 63)) & (2**64 - 1)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def with_authors(array: bytes) -> bytes:
    """Return a created event with these bytes for its authors."""
    return BEFORE + b"\0\0" + array + b"\0" * 5


def with_blocks(array: bytes) -> bytes:
    """Return a created event with these bytes for its blocks."""
    return BEFORE + b"\0" * 7 + array


def problem_in(value: bytes) -> InvalidContent | None:
    """Decode a value and return its problem."""
    return CODEC.decode(value, []).problem


def refused(value: bytes, match: str) -> None:
    """Expect the named error."""
    with pytest.raises(UndecodableError, match=match):
        CODEC.decode(value, [])


def event_or_error(value: bytes, headers: list[tuple[str, bytes]]) -> AnyEvent | None:
    """Decode; any error but the named one fails the test."""
    try:
        event = CODEC.decode(value, headers).event
    except UndecodableError:
        return None
    stored = getattr(event, "blocks", None)
    if isinstance(stored, StoredBlocks):
        assert CODEC.blocks(stored)
    return event


@given(value=st.binary(max_size=200), schema=st.none() | st.binary(max_size=20))
@settings(max_examples=examples(300), deadline=None)
@example(value=b"", schema=None)
@example(value=b"\0\0\0\0", schema=None)
def test_arbitrary_bytes_are_no_event(value: bytes, schema: bytes | None) -> None:
    assert event_or_error(value, [("schema", schema)] if schema is not None else []) is None


@given(which=st.sampled_from(list(REGISTRY)), body=st.binary(max_size=300))
@settings(max_examples=examples(300), deadline=None)
def test_arbitrary_bytes_behind_a_known_schema_end_in_an_event_or_the_named_error(which: Schema, body: bytes) -> None:
    event_or_error(bytes(5) + body, [("schema", which.fingerprint.encode())])


@given(data=st.data())
@settings(max_examples=examples(1000), deadline=None)
def test_valid_bytes_with_some_changed_end_in_an_event_or_the_named_error(data: st.DataObject) -> None:
    value = bytearray(data.draw(st.sampled_from(VALUES)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(5, len(value) - 1))
        piece = data.draw(st.binary(max_size=11))
        value[at : at + data.draw(st.integers(0, 3))] = piece
    event_or_error(bytes(value), [])


@pytest.mark.parametrize("value", VALUES, ids=list(SAMPLES))
def test_a_value_cut_short_anywhere_is_undecodable(value: bytes) -> None:
    for length in range(len(value)):
        with pytest.raises(UndecodableError):
            CODEC.decode(value[:length], [])


@pytest.mark.parametrize("value", VALUES, ids=list(SAMPLES))
def test_bytes_behind_the_event_are_undecodable(value: bytes) -> None:
    refused(value + b"\0", "1 bytes follow the event")


def test_another_magic_byte_is_undecodable() -> None:
    refused(b"\1" + BARE[1:], "frame")


def test_an_unknown_frame_id_is_undecodable() -> None:
    refused(b"\0\0\0\0\1" + BARE[5:], "frame id 1")


@pytest.mark.parametrize("schema", [b"0" * 16, b"", b"\xff" * 100_000])
def test_an_unknown_fingerprint_is_undecodable_whatever_the_frame_says(schema: bytes) -> None:
    with pytest.raises(UndecodableError, match="fingerprint") as error:
        CODEC.decode(BARE, [("schema", schema)])
    assert len(str(error.value)) < 300


def test_the_last_of_several_schema_headers_counts() -> None:
    """As in Kafka's own ``Headers.lastHeader``."""
    fingerprint = REGISTRY.latest("ArticleCreated").fingerprint.encode()
    assert CODEC.decode(BARE, [("schema", b"?"), ("schema", fingerprint)]).problem is None


def test_a_value_over_the_cap_is_not_even_looked_at() -> None:
    refused(b"\xff" * (MAX_EVENT_BYTES + 1), "1,000,001 bytes; 1,000,000 are allowed")


@pytest.mark.parametrize("integer", [b"\xff" * 9 + b"\x02", b"\xff" * 10 + b"\x01", b"\x80" * 100_000 + b"\0"])
def test_an_integer_beyond_64_bits_is_undecodable(integer: bytes) -> None:
    refused(with_authors(integer + b"\0"), "more than 64 bits")


def test_an_int_beyond_32_bits_is_undecodable() -> None:
    at = BARE.index(b"\0\x04uk")  # expected_version, null, stands before the language
    refused(BARE[:at] + b"\x02" + varint(2**31) + BARE[at + 1 :], "does not fit")


@pytest.mark.parametrize("count", [2**63 - 1, -(2**63), 10**6, -(10**6), 100])
def test_a_count_beyond_the_bytes_at_hand_is_undecodable(count: int) -> None:
    size = varint(0) if count < 0 else b""
    for value in (
        with_authors(varint(count) + size),
        with_blocks(varint(count) + size),
        TAG[:-1] + varint(count) + size,
    ):
        refused(value, "items are announced")


@pytest.mark.parametrize("size", [-1, -(2**62), 2**62, 1000])
def test_a_text_with_an_impossible_length_is_undecodable(size: int) -> None:
    refused(with_blocks(b"\2" + varint(size) + b"abc"), "claims")


@pytest.mark.parametrize("branch", [1, 4, 6, 0x7F])
def test_a_union_without_that_branch_is_undecodable(branch: int) -> None:
    refused(BEFORE + bytes([branch]) + b"\0" * 7, "no branch")
    refused(EDIT[:-1] + bytes([branch]), "no branch")


def test_runs_with_their_size_in_bytes_are_read() -> None:
    """Avro writers may give a run's count negative, with its size in bytes, and cut arrays into runs as they like."""
    author = b"\x02a\x04Am"
    for array in (
        varint(-2) + varint(10) + author * 2 + b"\0",
        b"\x02" + author + varint(-1) + varint(5) + author + b"\0",
    ):
        event = CODEC.decode(with_authors(array), []).event
        assert isinstance(event, ArticleCreated)
        assert [author.name for author in event.authors] == ["Am", "Am"]


def test_blocks_in_runs_with_their_size_are_read() -> None:
    block = b"\x12paragraph" + b"\0" * 7
    event = CODEC.decode(with_blocks(varint(-1) + varint(len(block)) + block + b"\x02" + block + b"\0"), []).event
    assert isinstance(event, ArticleCreated)
    assert isinstance(event.blocks, StoredBlocks)
    assert [it.kind for it in CODEC.blocks(event.blocks)] == ["paragraph", "paragraph"]


@pytest.mark.parametrize("size", [0, 4, 6, -1, 2**62])
def test_a_run_whose_size_is_not_that_of_its_items_is_undecodable(size: int) -> None:
    refused(with_authors(varint(-1) + varint(size) + b"\x02a\x04Am" + b"\0"), "do not take the bytes")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xc0\x80", b"\xf4\x90\x80\x80", SURROGATE_BYTES + b"\xff"])
def test_a_text_that_is_no_utf_8_is_undecodable(bad: bytes) -> None:
    refused(BEFORE + b"\x02" + varint(len(bad)) + bad + b"\0" * 7, "not UTF-8")
    refused(with_blocks(b"\2" + varint(len(bad)) + bad + b"\0" * 8), "not UTF-8")


@pytest.mark.parametrize(("bad", "problem"), [(b"a\0b", NUL), (SURROGATE_BYTES, SURROGATE), (b"\0", NUL)])
def test_nul_and_lone_surrogates_decode_and_break_the_contract(bad: bytes, problem: str) -> None:
    """Wrong for ever, so rejected; parking is for what a later release may understand."""
    text = varint(len(bad)) + bad
    assert problem_in(BEFORE + b"\x02" + text + b"\0" * 7) == InvalidContent(field="lead", problem=problem)
    assert problem_in(with_authors(b"\x02\x02a" + text + b"\0")) == InvalidContent(
        field="authors.name", problem=problem
    )
    block = b"\x12paragraph\x02" + text + b"\0" * 6
    assert problem_in(with_blocks(b"\x02" + block + b"\0")) == InvalidContent(field="blocks.text", problem=problem)
    item = b"\x08list\0\x02" + text + b"\0" + b"\0" * 5
    assert problem_in(with_blocks(b"\x02" + item + b"\0")) == InvalidContent(field="blocks.items", problem=problem)
    labels = b"\x02\x04uk" + text + b"\0"
    assert problem_in(TAG[:-1] + labels) == InvalidContent(field="labels", problem=problem)


def test_a_truncated_value_with_a_nul_is_undecodable_not_invalid() -> None:
    refused(BEFORE + b"\x02\x02\0" + b"\0" * 6, "ends early")


def test_a_field_out_of_its_pattern_decodes_and_breaks_the_contract() -> None:
    value = BARE.replace(b"\x04uk", b"\x04UK")
    decoded = CODEC.decode(value, [])
    assert decoded.problem is not None
    assert decoded.problem.field == "language"
    assert decoded.event.article_id == "a"  # type: ignore[union-attr]


def worst(size: int) -> dict[str, bytes]:
    """Make the values of about ``size`` bytes that take most to decode."""
    return {
        "authors": with_authors(varint(size // 2) + b"\0" * (size // 2 * 2) + b"\0"),
        "authors in runs of one": with_authors(b"\2\0\0" * (size // 3) + b"\0"),
        "addresses": BEFORE + b"\0" * 3 + varint(size) + b"\0" * size + b"\0" * 5,
        "blocks": with_blocks(varint(size // 8) + b"\0" * (size // 8 * 8) + b"\0"),
        "blocks of NUL": with_blocks(varint(size // 9) + (b"\2" + b"\0" * 8) * (size // 9) + b"\0"),
        "items of one block": with_blocks(b"\2\0\0" + varint(size) + b"\0" * size + b"\0" * 7),
        "labels": TAG[:-1] + varint(size // 5) + b"".join(b"\6%03d\0" % (n % 1000) for n in range(size // 5)) + b"\0",
    }


WORST_BYTES = 990_000
"""Just under the cap."""
TRACED_BYTES = 100_000
"""Enough to see what a byte costs: tracing memory takes ten times as long."""


def peak_of(value: bytes) -> int:
    """Measure the bytes of memory that decoding takes at most."""
    tracemalloc.start()
    try:
        CODEC.decode(value, [])
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("value", worst(TRACED_BYTES).values(), ids=worst(0))
def test_memory_is_bounded_by_the_bytes_of_the_value(value: bytes) -> None:
    """Empty names of a byline take most: a dict and a value for each two bytes."""
    assert peak_of(value) < 200 * len(value)


@pytest.mark.parametrize("value", worst(WORST_BYTES).values(), ids=worst(0))
def test_the_worst_values_under_the_cap_take_bounded_time(value: bytes) -> None:
    """CPU time, so that a busy machine does not matter; about half a second is usual."""
    before = time.process_time()
    CODEC.decode(value, [])
    assert time.process_time() - before < 10


@pytest.mark.parametrize("name", ["blocks", "blocks of NUL", "items of one block"])
def test_stored_blocks_are_cut_out_without_making_any_value(name: str) -> None:
    """Thousands of blocks, and hardly more memory than their bytes."""
    value = worst(TRACED_BYTES)[name]
    assert peak_of(value) < 2 * len(value)
