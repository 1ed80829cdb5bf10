"""The hash of a record and the chain of hashes: golden values, and nothing of a record that could change unseen."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.record import Record

BODY = b"\0\1\2\3\4body"
RECORD = Record(
    topic="newsroom.articles",
    partition=3,
    offset=7,
    timestamp=1_738_929_600_000_000,
    key=b"storm",
    value=BODY,
    headers=(("schema", b"0123456789abcdef"), ("ce_id", b"")),
)
CANONICAL = (
    b"\0\0\0\0\0\0\0\7"
    b"\0\6\x2d\x8c\x19\x18\xf0\0"
    b"\0\0\0\5storm"
    b"\0\0\0\2"
    b"\0\0\0\6schema"
    b"\0\0\0\x100123456789abcdef"
    b"\0\0\0\5ce_id"
    b"\0\0\0\0"
    b"\0\0\0\x20" + hashlib.sha256(BODY).digest()
)
"""The canonical bytes of ``RECORD``, by hand."""

numbers = st.integers(0, 2**63 - 1)
contents = st.binary(max_size=20)
names = st.text(st.characters(), max_size=8)
records = st.builds(
    Record,
    topic=st.just("newsroom.articles"),
    partition=st.integers(0, 5),
    offset=numbers,
    timestamp=numbers,
    key=st.none() | contents,
    value=st.none() | contents,
    headers=st.lists(st.tuples(names, contents), max_size=3).map(tuple),
)


def seal(record: Record) -> bytes:
    """Return the hash of a record."""
    return record_hash(record, value_sha(record))


def test_the_hash_of_a_record_is_that_of_its_canonical_bytes() -> None:
    assert seal(RECORD) == hashlib.sha256(CANONICAL).digest()


@pytest.mark.parametrize(
    ("changes", "golden"),
    [
        ({}, "6516c9f518ba84449a2cc7ec92fd951e49d97e2e0b1469897d0fe706570f4743"),
        ({"key": None}, "c0d426bbb16d6f098419a422aa9d2e2b10b7cdf66def9f6b5c7b2c390f838a04"),
        ({"value": None}, "0e28e796473e5964013a4a41e54fc33840a9328d8d96b0b8fd3469dcc1b9fd55"),
        ({"headers": ()}, "4c1dccfd585faa108bb00ed7ed54778e28484ae086d798874a2bc32906e8c9a4"),
        ({"headers": (("\ud800", b"\xff"),)}, "f82b7ef72cfd45f3c0c20b4e5bf2fcf90b6909b79140db07c7c5a82a18b10274"),
    ],
)
def test_hashes_stay_what_they_were_for_ever(changes: dict[str, Any], golden: str) -> None:
    assert seal(RECORD._replace(**changes)).hex() == golden


def test_a_chain_begins_with_zeros_and_takes_in_one_hash_after_the_other() -> None:
    first = link(CHAIN_START, seal(RECORD))
    assert first == hashlib.sha256(bytes(32) + seal(RECORD)).digest()
    assert link(first, seal(RECORD)).hex() == "9abe2a59f136db4f44f027ce9a8e89ef9889cdd5056e3699e5911d633d307919"


def test_a_record_without_a_value_is_not_one_with_an_empty_value() -> None:
    assert value_sha(RECORD._replace(value=None)) == value_sha(RECORD._replace(value=b""))
    assert seal(RECORD._replace(value=None)) != seal(RECORD._replace(value=b""))


@given(records, records)
def test_records_that_differ_in_anything_but_their_place_have_different_hashes(one: Record, other: Record) -> None:
    assume(one[2:] != other[2:])
    assert seal(one) != seal(other)


@given(records, st.sampled_from(["offset", "timestamp", "key", "value", "headers"]), records)
def test_any_one_field_that_changes_changes_the_hash(record: Record, field: str, other: Record) -> None:
    changed = record._replace(**{field: getattr(other, field)})
    assert (seal(changed) == seal(record)) == (changed == record)


@given(st.lists(st.tuples(names, contents), min_size=2, max_size=4, unique=True), st.data())
def test_headers_in_another_order_or_cut_elsewhere_change_the_hash(
    headers: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    shuffled = tuple(data.draw(st.permutations(headers)))
    assume(shuffled != tuple(headers))
    record = RECORD._replace(headers=tuple(headers))
    assert seal(record._replace(headers=shuffled)) != seal(record)
    assert seal(record._replace(headers=tuple(headers[1:]))) != seal(record)


def test_bytes_that_move_from_one_field_to_the_next_change_the_hash() -> None:
    one = RECORD._replace(headers=(("a", b"bc"),))
    assert seal(one) != seal(RECORD._replace(headers=(("ab", b"c"),)))


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=5), st.data())
def test_a_record_left_out_doubled_or_moved_breaks_the_chain(hashes: list[bytes], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.sampled_from(hashes), max_size=6))
    assume(other != hashes)
    assert chain_of(other) != chain_of(hashes)


def chain_of(hashes: list[bytes]) -> bytes:
    """Chain hashes from the start."""
    chain = CHAIN_START
    for each in hashes:
        chain = link(chain, each)
    return chain
