"""Kafka as the log of the read side.

A reader has the topics to itself (``KafkaLog``), or shares them with the members of its group (``SharedKafkaLog``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from functools import lru_cache, partial
from typing import Any

from kafka import ConsumerRebalanceListener, TopicPartition
from kafka.errors import CorruptRecordError
from kafka.partitioner.default import murmur2
from kafka.structs import OffsetAndMetadata

from newsroom_consumers.log import kafka_group
from newsroom_consumers.log.kafka_client import connect, record_of, translated
from newsroom_consumers.log.kafka_group import Membership, pause
from newsroom_consumers.log.kafka_poll import ProgressThrottle, poll_soon
from newsroom_consumers.log.kafka_records import KafkaRecords, bounds_of
from newsroom_consumers.log.log import Bounds, LogAwayError, MissingTopicError, Polled, UnreadableRecordError
from newsroom_consumers.log.record import Partition, all_partitions

_PROBE_MS = 500
"""Milliseconds to wait for a record that may be the one that cannot be read."""
_KEYS = 65_536
"""Keys whose partition is cached, because murmur2 in Python takes some microseconds."""


class KafkaLog(KafkaRecords):
    """The partitions of some topics, all assigned to this reader."""

    def __init__(self, bootstrap: str, topics: Iterable[str], *, batch: int, group: str | None = None) -> None:
        """Connect. ``group`` is where progress is reported; ``batch`` is the most records that a poll returns.

        Raises ``LogAwayError`` and ``MissingTopicError``.
        """
        super().__init__(bootstrap)
        self._group = group
        self._connect = partial(connect, bootstrap, group_id=group, max_poll_records=batch)
        self._unreadable: dict[Partition, int] = {}
        self._sought: dict[Partition, int | None] = {}
        self._throttle = ProgressThrottle()
        with ExitStack() as failing, self._translated():
            self._consumer = self._connect()
            failing.callback(self.close)
            self.partitions = {topic: self._count(topic) for topic in topics}
            failing.pop_all()
        self._ids: dict[str, Any] = self._topic_ids()
        self._begin()

    def _begin(self) -> None:
        """Assign every partition to this reader, each paused until it is sought."""
        self._all = dict.fromkeys(all_partitions(self.partitions), 0)
        partitions = [TopicPartition(*partition) for partition in self._all]
        self._consumer.assign(partitions)
        pause(self._consumer, partitions)

    def assigned(self) -> Mapping[Partition, int]:
        """Return all readable partitions. Their term never changes, because no other reader takes them."""
        return {at: term for at, term in self._all.items() if at not in self._unreadable}

    def poll(self, seconds: float) -> Polled:
        """Return the records that are there, or those that arrive within some seconds.

        Positions also pass the offsets of transaction markers, which are not records.
        """
        try:
            with self._translated():
                found = poll_soon(self._consumer, int(seconds * 1000))
                records = [record_of(each) for batch in found.values() for each in batch]
                positions = self._positions()
        except UnreadableRecordError as error:
            self._leave_out(error.positions)
            raise UnreadableRecordError(error.problem, self._unreadable or error.positions) from error
        if self._topic_ids() != self._ids:
            raise LogAwayError(self._bootstrap, "its topics were deleted or created anew")
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
        """Return where partitions begin and end, and remember the topics' ids for ``poll`` to compare."""
        self._ids = self._topic_ids()
        with self._translated():
            return bounds_of(self._consumer, partitions)

    def offsets_after(self, instant: int, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Return the offset of the first record of each partition stamped later than an instant (microseconds).

        Kafka stamps in milliseconds. Partitions without such a record are left out.
        """
        later = max(0, instant // 1000 + 1)
        with self._translated():
            found = self._consumer.offsets_for_times({TopicPartition(*at): later for at in partitions})
        return {Partition(*at): first.offset for at, first in found.items() if first is not None}

    def report(self, offsets: Mapping[Partition, int]) -> None:
        """Report the next offsets to Kafka, once a second, without waiting for an answer. Only lag tools read them."""
        if not self._group or not (due := self._throttle.due(offsets)):
            return
        if told := {TopicPartition(*at): due[at] for at in due.keys() & self.assigned().keys()}:
            with self._translated():
                self._consumer.commit_async({at: OffsetAndMetadata(told[at], "", -1) for at in told})

    def heartbeat(self, seconds: float) -> None:
        """Poll for some seconds with everything paused, so that the group keeps this member.

        It is one long poll: the client joins again from the start if an answer arrives while it is not polling.
        """
        with self._translated():
            self._consumer.pause(*self._consumer.assignment())
            self._consumer.poll(int(seconds * 1000))

    def close(self) -> None:
        """Leave the group, if any, and close the connections."""
        self._consumer.close(autocommit=False, timeout_ms=2000)

    def _topic_ids(self) -> dict[str, Any]:
        """Return the cluster's ids of the topics. A topic that is deleted and created again has another id."""
        cluster = self._consumer._cluster  # noqa: SLF001 - there is no public way
        return {topic: cluster.topic_id(topic) for topic in self.partitions}

    def _leave_out(self, positions: Mapping[Partition, int]) -> None:
        """Find the partitions whose next record cannot be read, and go on without them.

        The client is replaced: after it has failed on a record, it spins in its next poll.
        """
        self.close()
        for at, offset in positions.items():
            with suppress(LogAwayError), closing(connect(self._bootstrap)) as consumer:
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

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self._bootstrap, self._positions)


class SharedKafkaLog(KafkaLog):
    """The partitions that a consumer group assigns to this reader, one of its members.

    Offsets committed for the group are never read: a newly assigned partition is paused until it is sought.
    """

    def _begin(self) -> None:
        """Join the group. Partitions are assigned during the first polls."""
        self._membership = _Listener(self._consumer)
        self._consumer.subscribe(list(self.partitions), listener=self._membership)

    def assigned(self) -> Mapping[Partition, int]:
        """Return the partitions that the group has assigned; none once it may have assigned them to others."""
        return {at: term for at, term in self._membership.given().items() if at not in self._unreadable}

    def poll(self, seconds: float) -> Polled:
        """Return the records that are there, or those that arrive within some seconds.

        Raises ``LogAwayError`` also when the group has been silent for longer than any rebalance takes: its client may
        have lost the membership without noticing, and only a new client will join again.
        """
        self._membership.finish_joining()
        polled = super().poll(seconds)
        if (silence := self._membership.silence()) > kafka_group.SILENT_SECONDS:
            raise LogAwayError(self._bootstrap, f"the consumer group has not answered for {silence:.0f} s")
        return polled

    def heartbeat(self, seconds: float) -> None:
        """Poll for some seconds with everything paused, so that the group keeps this member."""
        self._membership.finish_joining()
        super().heartbeat(seconds)


class _Listener(Membership, ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """A membership that kafka-python notifies."""


def placement(partitions: Mapping[str, int]) -> Callable[[str, bytes], int]:
    """Return ``place(topic, key)``, the partition of a key by murmur2, as in every Kafka client."""

    @lru_cache(maxsize=_KEYS)
    def place(topic: str, key: bytes) -> int:
        return int((murmur2(key) & 0x7FFFFFFF) % partitions[topic])

    return place
