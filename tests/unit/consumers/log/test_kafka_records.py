"""Single records of Kafka's log: past gaps in the offsets, by few seeks, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition

from newsroom_consumers.log import kafka_records
from newsroom_consumers.log.kafka_records import KafkaRecords
from newsroom_consumers.log.log import LogAwayError
from newsroom_consumers.log.record import Partition

AT = Partition("articles", 0)


class Consumer:
    """A consumer of one partition that has some offsets, and gives two records at every second poll."""

    def __init__(self, offsets: Sequence[int], *, is_silent: bool) -> None:
        self._offsets = offsets
        self._is_silent = is_silent
        self._position = 0
        self._polls = 0
        self.seeks: list[int] = []

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Take partitions, of which it has one."""

    def pause(self, partition: TopicPartition) -> None:
        """Read nothing more of a partition."""

    def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return where the partition begins."""
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return where the partition ends: behind its last offset, which a transaction's mark may have."""
        return dict.fromkeys(partitions, self._offsets[-1] + 1)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from an offset."""
        del partition
        self.seeks.append(offset)
        self._position = offset

    def poll(self, timeout_ms: int) -> Mapping[TopicPartition, Sequence[Any]]:
        """Return what comes next."""
        del timeout_ms
        self._polls += 1
        if self._is_silent or self._polls % 2:
            return {}
        found = [offset for offset in self._offsets if offset >= self._position][:2]
        self._position = found[-1] + 1
        fields = {"topic": AT.topic, "partition": 0, "timestamp": 0, "key": b"", "value": b"", "headers": ()}
        return {TopicPartition(*AT): [SimpleNamespace(offset=offset, **fields) for offset in found]}


class Records(KafkaRecords):
    """Records of a log with some offsets."""

    def __init__(self, *offsets: int, is_silent: bool = False) -> None:
        super().__init__("127.0.0.1:9092")
        self.consumer = Consumer(offsets, is_silent=is_silent)

    @contextmanager
    def _opened(self, offsets: Mapping[Partition, int], **overrides: Any) -> Iterator[Consumer]:
        del offsets, overrides
        yield self.consumer


def test_records_that_are_near_are_read_past_and_far_ones_are_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_records, "_NEAR", 10)
    log = Records(*range(100))
    assert [each.offset for each in log.records_of(AT, [50, 3, 9, 55, 200])] == [3, 9, 50, 55]
    assert log.consumer.seeks == [3, 50]


def test_offsets_without_a_record_are_left_out() -> None:
    log = Records(0, 1, 4, 5, 9)
    assert [each.offset for each in log.records_of(AT, [1, 2, 3, 4, 7, 9])] == [1, 4, 9]
    assert log.records_at({AT: 2}) == {}
    assert list(log.records_at({AT: 4})) == [AT]


def test_a_log_that_does_not_give_what_it_says_it_has_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_records, "_READ_SECONDS", 0.0)
    log = Records(0, 1, is_silent=True)
    with pytest.raises(LogAwayError, match="no record within 0 s"):
        log.records_at({AT: 1})
    with pytest.raises(LogAwayError, match="no record within 0 s"):
        log.records_of(AT, [1])
