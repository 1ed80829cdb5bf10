"""Where a fold of the log ends: by an instant, or by offsets as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, TAGS_TOPIC, TOPIC, records
from support.strategies import unhurried

from newsroom_consumers.log.cut import CutLog, cut_at, end_of, records_until
from newsroom_consumers.log.record import Partition, Record
from newsroom_infra.cli.shared.cuts import TwiceError, UnknownPartitionError, parse_cut
from newsroom_infra.cli.shared.instants import InstantError


@pytest.fixture
def log() -> MemoryLog:
    """Return a log of three records in each partition."""
    return MemoryLog(
        PARTITIONS,
        [
            Record(topic, number, offset, offset * 1_000_000, b"key", b"", ())
            for topic, count in PARTITIONS.items()
            for number in range(count)
            for offset in range(3)
        ],
    )


@unhurried
@given(records(), st.integers(0, 2**62), st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_a_cut_at_an_instant_ends_before_the_first_later_record(log: list[Record], at: int, sizes: list[int]) -> None:
    instant = log[at % len(log)].timestamp if log else at
    opened = MemoryLog(PARTITIONS, log, sizes=sizes)
    cut = cut_at(opened, instant)
    for partition, end in end_of(opened).items():
        own = [each for each in log if each[:2] == partition]
        later = [each.offset for each in own if each.timestamp > instant]
        assert cut[partition] == min(later, default=end)
    read = list(records_until(opened, cut))
    expected = [each for each in log if each.offset < cut[Partition(*each[:2])]]
    assert sorted(each[:3] for each in read) == sorted(each[:3] for each in expected)
    for partition in cut:
        offsets = [each.offset for each in read if each[:2] == partition]
        assert offsets == sorted(offsets)


class Waiting(MemoryLog):
    """A log that notes for how long its readers wait."""

    waited = 0.0

    def heartbeat(self, seconds: float) -> None:
        """Note it."""
        self.waited += seconds


def test_a_reader_up_to_a_cut_pauses_and_waits_as_any_reader_of_the_log() -> None:
    at = Partition(TOPIC, 0)
    log = Waiting(PARTITIONS, [Record(*at, offset, 0, b"key", b"", ()) for offset in range(3)])
    reader = CutLog(log, {at: 2})
    reader.seek(at, 0)
    reader.pause(at)
    assert reader.poll(0).records == []
    reader.seek(at, 0)
    assert [each.offset for each in reader.poll(0).records] == [0, 1]
    reader.heartbeat(0.5)
    assert log.waited == 0.5


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1:2", {(TOPIC, 1): 2}),
        ("articles/1:2,0:1", {(TOPIC, 1): 2, (TOPIC, 0): 1}),
        (f"{TOPIC}/1:0, tags/0:0", {(TOPIC, 1): 0, (TAGS_TOPIC, 0): 0}),
        ("0:7", {(TOPIC, 0): 7}),
    ],
)
def test_offsets_name_partitions_and_leave_the_others_whole(
    log: MemoryLog, written: str, expected: dict[tuple[str, int], int]
) -> None:
    named = {Partition(*at): offset for at, offset in expected.items()}
    assert parse_cut(written, log) == end_of(log) | named


def test_an_instant_is_read_as_one(log: MemoryLog) -> None:
    assert set(parse_cut("1970-01-01T00:00:01Z", log).values()) == {2}
    assert parse_cut(None, log) == end_of(log)


@pytest.mark.parametrize("written", ["99:1", "nowhere/0:1", "tags/1:0"])
def test_a_partition_that_the_log_does_not_have_is_refused(log: MemoryLog, written: str) -> None:
    with pytest.raises(UnknownPartitionError, match="it has"):
        parse_cut(written, log)


def test_a_partition_that_is_named_twice_is_refused(log: MemoryLog) -> None:
    with pytest.raises(TwiceError):
        parse_cut("1:1,articles/1:2", log)


@pytest.mark.parametrize("written", ["2025-02-07", "yesterday", "3:", "", "1:2,"])
def test_what_is_neither_an_instant_nor_offsets_is_refused(log: MemoryLog, written: str) -> None:
    with pytest.raises(InstantError):
        parse_cut(written, log)
