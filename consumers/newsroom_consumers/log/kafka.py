"""Kafka as the log of the read side, by kafka-python. Its errors become ours here, and nowhere else.

A reader has the topics to itself (``KafkaLog``), or shares them with the members of its group (``SharedKafkaLog``).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache, partial
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import CorruptRecordError, KafkaError
from kafka.partitioner.default import murmur2
from kafka.structs import OffsetAndMetadata

from newsroom_consumers.log.kafka_group import HEARTBEAT_SECONDS, SESSION_SECONDS, TURN_SECONDS, Membership, pause
from newsroom_consumers.log.kafka_poll import ProgressThrottle, poll_soon
from newsroom_consumers.log.log import Bounds, LogAwayError, MissingTopicError, Polled, UnreadableRecordError
from newsroom_consumers.log.record import Partition, Record

_PARTITION_FETCH = 8 * 1024 * 1024
"""Bytes to fetch of a partition: the client's 1 MiB more than halves its speed (measured)."""
_FETCH = 16 * 1024 * 1024
"""Bytes to fetch at once of all partitions: the client's 50 MiB cost 100 MB of memory more and gain nothing."""
_FETCH_WAIT_MS = 25
"""How long the broker may hold a fetch. The client sends one at a time: all others wait while one waits for tags."""
_ANSWER_SECONDS = 5.0
"""How long to wait for the first answer of a cluster: the longest that a stop waits for it."""
_READ_SECONDS = 30.0
"""How long to wait for a single record that the log says it has."""
_NEAR = 2000
"""Records to read past rather than to seek: what a seek leaves behind was fetched in vain."""
_PROBE_MS = 500
"""How long to wait for a record that is perhaps the one that cannot be read."""
_KEYS = 65_536
"""Keys whose place is remembered; murmur2 in Python takes some microseconds."""


class KafkaLog:
    """The partitions of some topics, all assigned to this reader."""

    def __init__(self, bootstrap: str, topics: Iterable[str], *, group: str | None = None, batch: int = 2000) -> None:
        """Connect. ``group`` is where progress is reported; ``batch`` is how many records a poll gives at most.

        Raises ``LogAwayError`` and ``MissingTopicError``.
        """
        self._bootstrap = bootstrap
        self._group = group
        self._connect = partial(_consumer, bootstrap, group_id=group, max_poll_records=batch)
        self._unreadable: dict[Partition, int] = {}
        self._sought: dict[Partition, int | None] = {}
        self._reporting = ProgressThrottle()
        with self._translated():
            self._consumer = self._connect()
            self.partitions = {topic: self._count(topic) for topic in topics}
        self._ids: dict[str, Any] = self._topic_ids()
        self._begin()

    def _begin(self) -> None:
        """Assign every partition to this reader; nothing is read of one that was not sought."""
        self._all = dict.fromkeys(
            (Partition(topic, number) for topic, count in self.partitions.items() for number in range(count)), 0
        )
        partitions = [TopicPartition(*partition) for partition in self._all]
        self._consumer.assign(partitions)
        pause(self._consumer, partitions)

    def assigned(self) -> Mapping[Partition, int]:
        """Give all readable partitions, in the only term that there is: this reader has no rivals."""
        return {at: term for at, term in self._all.items() if at not in self._unreadable}

    def poll(self, seconds: float) -> Polled:
        """Give what is there at once, or what comes within some seconds. A plain ``poll(t)`` may sleep on data.

        Positions pass the markers of transactions, too, which are no records.
        """
        try:
            with self._translated():
                found = poll_soon(self._consumer, int(seconds * 1000))
                records = [_record(each) for batch in found.values() for each in batch]
                positions = self._positions()
        except UnreadableRecordError as error:
            self._leave_out(error.positions)
            raise UnreadableRecordError(error.problem, self._unreadable or error.positions) from error
        if self._topic_ids() != self._ids:
            raise LogAwayError(self._bootstrap, "its topics were deleted or made anew")
        return Polled(records, positions)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read a partition from an offset on."""
        at = TopicPartition(*partition)
        with self._translated():
            self._consumer.seek(at, offset)
            self._consumer.resume(at)
        self._sought[partition] = self.assigned().get(partition)

    def pause(self, partition: Partition) -> None:
        """Read nothing more of a partition until it is sought."""
        with self._translated():
            self._consumer.pause(TopicPartition(*partition))

    def bounds(self, partitions: Iterable[Partition]) -> dict[Partition, Bounds]:
        """Say where partitions begin and end."""
        wanted = [TopicPartition(*partition) for partition in partitions]
        self._ids = self._topic_ids()
        with self._translated():
            first = self._consumer.beginning_offsets(wanted)
            end = self._consumer.end_offsets(wanted)
        return {Partition(*at): Bounds(first[at], end[at]) for at in wanted}

    def offsets_after(self, instant: int, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Ask Kafka, which stamps in milliseconds, for the first record later than an instant (microseconds)."""
        later = max(0, instant // 1000 + 1)
        with self._translated():
            found = self._consumer.offsets_for_times({TopicPartition(*at): later for at in partitions})
        return {Partition(*at): first.offset for at, first in found.items() if first is not None}

    def records_at(self, offsets: Mapping[Partition, int]) -> dict[Partition, Record]:
        """Read single records with a consumer of their own; one that the log does not have is left out."""
        bounds = self.bounds(offsets)
        wanted = {at: offset for at, offset in offsets.items() if bounds[at].first <= offset < bounds[at].end}
        if not wanted:
            return {}
        with self._translated(), closing(_consumer(self._bootstrap, max_poll_records=len(wanted))) as consumer:
            consumer.assign([TopicPartition(*partition) for partition in wanted])
            for partition, offset in wanted.items():
                consumer.seek(TopicPartition(*partition), offset)
            found = self._first_of_each(consumer, len(wanted))
        return {at: record for at, record in found.items() if record.offset == wanted[at]}

    def records_of(self, partition: Partition, offsets: Sequence[int]) -> list[Record]:
        """Read some records of one partition, in order, with a consumer of their own; missing ones are left out."""
        at = TopicPartition(*partition)
        found: list[Record] = []
        with self._translated(), closing(_consumer(self._bootstrap)) as consumer:
            consumer.assign([at])
            first, end = consumer.beginning_offsets([at])[at], consumer.end_offsets([at])[at]
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
                        found.append(_record(record))
                        wanted.popleft()
        return found

    def report(self, offsets: Mapping[Partition, int]) -> None:
        """Tell Kafka, once a second, how far this reader is; nobody waits for the answer and nothing rests on it."""
        if not self._group or not (due := self._reporting.due(offsets)):
            return
        if told := {TopicPartition(*at): due[at] for at in due.keys() & self.assigned().keys()}:
            with self._translated():
                self._consumer.commit_async({at: OffsetAndMetadata(told[at], "", -1) for at in told})

    def heartbeat(self, seconds: float) -> None:
        """Poll for some seconds with everything paused: a group is shown that this reader lives.

        Shorter polls would not do: the client begins to join anew when it was not in a poll as an answer came.
        """
        with self._translated():
            self._consumer.pause(*self._consumer.assignment())
            self._consumer.poll(int(seconds * 1000))

    def close(self) -> None:
        """Leave."""
        self._consumer.close(autocommit=False, timeout_ms=2000)

    def _topic_ids(self) -> dict[str, Any]:
        """Give the cluster's ids of the topics as last heard: a topic made anew has the old name and another id."""
        cluster = self._consumer._cluster  # noqa: SLF001 - there is no public way
        return {topic: cluster.topic_id(topic) for topic in self.partitions}

    def _leave_out(self, positions: Mapping[Partition, int]) -> None:
        """Find the partitions whose next record cannot be read, and go on without them, with a client that is whole.

        A client that has failed on a record spins at its next poll.
        """
        self.close()
        for at, offset in positions.items():
            with suppress(LogAwayError), closing(_consumer(self._bootstrap)) as consumer:
                consumer.assign([TopicPartition(*at)])
                consumer.seek(TopicPartition(*at), offset)
                try:
                    consumer.poll(0) or consumer.poll(_PROBE_MS)
                except CorruptRecordError:
                    self._unreadable[at] = offset
        self._sought.clear()
        with self._translated():
            self._consumer = self._connect()
            self._begin()

    def _positions(self) -> dict[Partition, int]:
        sought = [at for at, term in self.assigned().items() if self._sought.get(at) == term]
        return {at: self._consumer.position(TopicPartition(*at)) for at in sought}

    def _count(self, topic: str) -> int:
        found = self._consumer.partitions_for_topic(topic)
        if not found:
            raise MissingTopicError(self._bootstrap, topic)
        return len(found)

    def _first_of_each(self, consumer: Any, count: int) -> dict[Partition, Record]:
        found: dict[Partition, Record] = {}
        until = time.monotonic() + _READ_SECONDS
        while len(found) < count:
            if time.monotonic() > until:
                raise LogAwayError(self._bootstrap, f"no record within {_READ_SECONDS:g} s")
            for at, records in consumer.poll(200).items():
                found.setdefault(Partition(*at), _record(records[0]))
                consumer.pause(at)
        return found

    def _next(self, consumer: Any, at: TopicPartition) -> Sequence[Any]:
        """Give the records that come next, at least one."""
        until = time.monotonic() + _READ_SECONDS
        while time.monotonic() < until:
            if records := consumer.poll(200).get(at):
                return list(records)
        raise LogAwayError(self._bootstrap, f"no record within {_READ_SECONDS:g} s")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except CorruptRecordError as error:
            raise UnreadableRecordError(str(error), self._positions()) from error
        except KafkaError as error:
            raise LogAwayError(self._bootstrap, str(error) or type(error).__name__) from error


class SharedKafkaLog(KafkaLog):
    """The partitions that a consumer group gives to this reader, one of its members.

    The positions that Kafka keeps for the group are never read from: a partition given is paused until it is sought.
    """

    def _begin(self) -> None:
        """Join the group; the first polls bring partitions."""
        self._membership = _Listener(self._consumer)
        self._consumer.subscribe(list(self.partitions), listener=self._membership)

    def assigned(self) -> Mapping[Partition, int]:
        """Give what the group has given; nothing after a silence in which it may have given that to others."""
        return {at: term for at, term in self._membership.given().items() if at not in self._unreadable}


class _Listener(Membership, ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Hears of a membership from kafka-python."""


def placement(partitions: Mapping[str, int]) -> Callable[[str, bytes], int]:
    """Say where keys belong in topics of so many partitions: murmur2, as every Kafka client does."""

    @lru_cache(maxsize=_KEYS)
    def place(topic: str, key: bytes) -> int:
        return int((murmur2(key) & 0x7FFFFFFF) % partitions[topic])

    return place


def _consumer(bootstrap: str, **overrides: Any) -> Any:
    """Make a consumer that decides nothing by itself: no commits, no resets, no topics made."""
    return KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        client_id="newsroom",
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        bootstrap_timeout_ms=int(_ANSWER_SECONDS * 1000),
        max_partition_fetch_bytes=_PARTITION_FETCH,
        fetch_max_bytes=_FETCH,
        fetch_max_wait_ms=_FETCH_WAIT_MS,
        session_timeout_ms=int(SESSION_SECONDS * 1000),
        heartbeat_interval_ms=int(HEARTBEAT_SECONDS * 1000),
        max_poll_interval_ms=int(TURN_SECONDS * 1000),
        **overrides,
    )


def _record(found: Any) -> Record:
    return Record(
        found.topic,
        found.partition,
        found.offset,
        found.timestamp * 1000,
        found.key,
        found.value,
        tuple(found.headers),
    )
