"""Single records of Kafka's log, read with a consumer of their own, so that no other consumer moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from kafka import TopicPartition

from newsroom_consumers.log.kafka_client import connect, record_of, translated
from newsroom_consumers.log.log import Bounds, LogAwayError
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.waiting import attempts

_READ_SECONDS = 30.0
"""How long to wait for a record that the log says it has."""
_NEAR = 2000
"""Records to read past rather than to seek: a seek throws away what was fetched."""


class KafkaRecords:
    """Reads single records of the topics of one cluster."""

    def __init__(self, bootstrap: str) -> None:
        """Nothing is connected yet."""
        self._bootstrap = bootstrap

    def records_at(self, offsets: Mapping[Partition, int]) -> dict[Partition, Record]:
        """Return one record of each partition; those that the log does not have are left out."""
        if not offsets:
            return {}
        with self._opened(offsets, max_poll_records=len(offsets)) as consumer:
            bounds = bounds_of(consumer, offsets)
            wanted = {at: offset for at, offset in offsets.items() if bounds[at].first <= offset < bounds[at].end}
            consumer.assign([TopicPartition(*at) for at in wanted])
            for at, offset in wanted.items():
                consumer.seek(TopicPartition(*at), offset)
            found = self._first_of_each(consumer, len(wanted))
        return {at: record for at, record in found.items() if record.offset == wanted[at]}

    def records_of(self, partition: Partition, offsets: Sequence[int]) -> list[Record]:
        """Return some records of one partition, in log order; those that the log does not have are left out."""
        at = TopicPartition(*partition)
        found: list[Record] = []
        with self._opened({partition: min(offsets, default=0)}) as consumer:
            consumer.assign([at])
            first, end = bounds_of(consumer, [partition])[partition]
            wanted = deque(offset for offset in sorted(offsets) if first <= offset < end)
            position = -_NEAR
            while wanted:
                if wanted[0] - position >= _NEAR:
                    consumer.seek(at, wanted[0])
                for record in self._next(consumer, at):
                    position = record.offset + 1
                    while wanted and wanted[0] < record.offset:
                        wanted.popleft()
                    if wanted and wanted[0] == record.offset:
                        found.append(record_of(record))
                        wanted.popleft()
        return found

    @contextmanager
    def _opened(self, offsets: Mapping[Partition, int], **overrides: Any) -> Iterator[Any]:
        """Open a consumer for as long as records are read from some offsets on."""
        with translated(self._bootstrap, lambda: offsets), closing(connect(self._bootstrap, **overrides)) as consumer:
            yield consumer

    def _first_of_each(self, consumer: Any, count: int) -> dict[Partition, Record]:
        """Return the next record of each assigned partition, of which there are ``count``."""
        found: dict[Partition, Record] = {}
        for _ in attempts(_READ_SECONDS, 0):
            for at, records in consumer.poll(200).items():
                found.setdefault(Partition(*at), record_of(records[0]))
                consumer.pause(at)
            if len(found) == count:
                return found
        raise LogAwayError(self._bootstrap, f"no record within {_READ_SECONDS:g} s")

    def _next(self, consumer: Any, at: TopicPartition) -> Sequence[Any]:
        """Return the records that come next, at least one."""
        for _ in attempts(_READ_SECONDS, 0):
            if records := consumer.poll(200).get(at):
                return list(records)
        raise LogAwayError(self._bootstrap, f"no record within {_READ_SECONDS:g} s")


def bounds_of(consumer: Any, partitions: Iterable[Partition]) -> dict[Partition, Bounds]:
    """Return where partitions begin and end."""
    wanted = [TopicPartition(*partition) for partition in partitions]
    first, end = consumer.beginning_offsets(wanted), consumer.end_offsets(wanted)
    return {Partition(*at): Bounds(first[at], end[at]) for at in wanted}
