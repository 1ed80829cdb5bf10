"""The verdicts that a record alone deserves, the order of their rules, and bytes that nobody planned."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import fold_model as make
from support.event_strategies import events
from support.kit import CODEC
from support.record_strategies import GARBAGE, PARTITIONS, PLACE, SPOILERS, TAGS_TOPIC, TOPIC, real, record_of

from newsroom_consumers.fold.outcome import Parked
from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.log.chain import record_hash, value_sha
from newsroom_consumers.log.record import Record
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import AnyEvent
from newsroom_schemas.rejections import InvalidContent, KeyMismatch, Misplaced, NoValue, Rejected

READER = RecordReader(CODEC, tags_topic=TAGS_TOPIC, place=PLACE)
SOUND = record_of(real(make.published(event_id="e1")))
TAG = record_of(real(make.defined("nato", uk="НАТО")))


def elsewhere(record: Record) -> int:
    """Return a partition in which the record does not belong."""
    return (record.partition + 1) % PARTITIONS[record.topic]


def keyed(record: Record, key: bytes) -> Record:
    """Change a record's key, and put it where that key belongs."""
    return record._replace(key=key, partition=PLACE(record.topic, key))


def verdict(record: Record) -> Rejected | Parked | None:
    """Read a record and return its verdict."""
    return READER.read(record).verdict


def test_a_sound_record_is_left_to_the_fold() -> None:
    read = READER.read(SOUND)
    assert (read.aggregate, read.event, read.verdict) == ("storm", real(make.published(event_id="e1")), None)
    assert read.record_sha == record_hash(SOUND, value_sha(SOUND))
    assert read.value_sha == value_sha(SOUND)


def test_a_record_of_a_tag_belongs_to_the_catalogue() -> None:
    read = READER.read(TAG)
    assert (read.aggregate, read.verdict) == (CATALOGUE, None)


def test_a_record_in_another_partition_than_its_key_belongs_to_is_misplaced() -> None:
    misplaced = SOUND._replace(partition=elsewhere(SOUND))
    assert verdict(misplaced) == Misplaced(partition=elsewhere(SOUND), expected=SOUND.partition)


def test_a_record_without_a_key_or_with_one_that_is_no_id_names_no_article() -> None:
    for key in (b"", b"a b", b"-a", b"\xff", b"a" * 65, "буря".encode(), b"storm\n"):
        read = READER.read(keyed(SOUND, key))
        assert read.verdict == KeyMismatch(key=key.decode("utf-8", "backslashreplace"), id=None)
        assert read.aggregate is None
    assert READER.read(SOUND._replace(key=None)).verdict == KeyMismatch(key=None, id=None)


def test_a_key_that_is_not_the_id_in_the_body_is_a_mismatch_of_the_article_that_the_key_names() -> None:
    read = READER.read(keyed(SOUND, b"flood"))
    assert (read.aggregate, read.verdict) == ("flood", KeyMismatch(key="flood", id="storm"))


def test_an_event_in_the_topic_of_the_other_kind_is_a_mismatch() -> None:
    tag_among_articles = keyed(TAG._replace(topic=TOPIC), b"nato")
    article_among_tags = keyed(SOUND._replace(topic=TAGS_TOPIC), b"storm")
    assert verdict(tag_among_articles) == KeyMismatch(key="nato", id=None)
    assert verdict(article_among_tags) == KeyMismatch(key="storm", id=None)


def test_a_record_without_a_value_is_rejected_and_not_parked() -> None:
    read = READER.read(SOUND._replace(value=None))
    assert (read.aggregate, read.event, read.verdict) == ("storm", None, NoValue())


@pytest.mark.parametrize("kind", ["empty", "truncated", "unknown schema"])
def test_what_does_not_decode_is_parked_with_its_article(kind: str) -> None:
    read = READER.read(SPOILERS[kind](SOUND))
    assert isinstance(read.verdict, Parked)
    assert (read.aggregate, read.event, read.verdict.stage) == ("storm", None, "decode")
    assert read.verdict.error


def test_what_decodes_but_breaks_the_contract_is_rejected_with_the_field_at_fault() -> None:
    read = READER.read(SPOILERS["invalid content"](SOUND))
    assert isinstance(read.verdict, InvalidContent)
    assert (read.aggregate, read.verdict.field) == ("storm", "actor")


RULES: list[tuple[str, type[Rejected | Parked], dict[str, Any]]] = [
    ("misplaced", Misplaced, {"partition": elsewhere(SOUND)}),
    ("no_value", NoValue, {"value": None}),
    ("undecodable", Parked, {"value": b"\0"}),
    ("invalid_content", InvalidContent, {"value": SPOILERS["invalid content"](SOUND).value}),
]
"""Rules in their order, and what breaks each."""


@pytest.mark.parametrize("first", range(len(RULES)))
def test_the_first_rule_that_hits_names_the_verdict(first: int) -> None:
    broken: dict[str, Any] = {}
    for _, _, change in reversed(RULES[first:]):
        broken |= change
    assert isinstance(verdict(SOUND._replace(**broken)), RULES[first][1])


def test_the_key_is_judged_before_the_value_and_the_place_before_the_key() -> None:
    assert isinstance(verdict(keyed(SOUND, b"a b")._replace(value=None)), KeyMismatch)
    assert isinstance(verdict(keyed(SOUND, b"flood")._replace(value=SPOILERS["truncated"](SOUND).value)), Parked)
    bad_key = keyed(SOUND, b"a b")
    assert isinstance(verdict(bad_key._replace(partition=elsewhere(bad_key))), Misplaced)
    invalid = SPOILERS["invalid content"](SOUND).value
    assert isinstance(verdict(keyed(SOUND, b"flood")._replace(value=invalid)), KeyMismatch)


@given(events)
def test_every_event_that_a_tool_can_write_is_read_as_it_was(event: AnyEvent) -> None:
    read = READER.read(record_of(event))
    assert read.verdict is None
    assert read.event is not None
    assert CODEC.encode(read.event).value == record_of(event).value


keys = st.none() | st.binary(max_size=70) | st.sampled_from([b"storm", b"flood", b"nato"])
headers = st.lists(
    st.tuples(st.text(st.characters(), max_size=8) | st.just("schema"), st.binary(max_size=20)), max_size=3
)
framed = st.binary(max_size=60).map(lambda body: (SOUND.value or b"")[:5] + body)


@given(
    key=keys,
    value=st.none() | st.binary(max_size=60) | framed,
    headers=headers | st.just(list(SOUND.headers)),
    topic=st.sampled_from([TOPIC, TAGS_TOPIC]),
    is_placed=st.booleans(),
)
def test_no_record_whatever_it_holds_makes_the_reader_raise(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]], topic: str, *, is_placed: bool
) -> None:
    partition = PLACE(topic, key) if is_placed and key is not None else 0
    assert_judged(READER.read(Record(topic, partition, 1, 1, key, value, tuple(headers))))


@given(st.sampled_from([SOUND, TAG]), st.lists(st.sampled_from(sorted(SPOILERS.keys() & set(GARBAGE)))), st.data())
def test_no_sound_record_that_was_damaged_makes_the_reader_raise(
    record: Record, kinds: list[str], data: st.DataObject
) -> None:
    value = bytearray(record.value or b"")
    for _ in range(data.draw(st.integers(0, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    damaged = record._replace(value=bytes(value))
    for kind in kinds:
        damaged = SPOILERS[kind](damaged) if damaged.value is not None else damaged
    assert_judged(READER.read(damaged))


def assert_judged(read: JudgedRecord) -> None:
    """Assert that a record has a verdict or an event, and an article wherever it is not rejected."""
    assert isinstance(read.verdict, Rejected | Parked | None)
    assert read.verdict is not None or read.event is not None
    assert isinstance(read.verdict, Rejected) or read.aggregate is not None
