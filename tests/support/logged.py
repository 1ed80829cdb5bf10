"""What a topic holds, read with a plain consumer."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

from kafka import KafkaConsumer, TopicPartition

from newsroom_schemas.events import AnyEvent
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas

CODEC = Codec(ReleasedSchemas.load())


class Logged(NamedTuple):
    """One record."""

    partition: int
    offset: int
    key: str
    value: bytes
    event: AnyEvent


def logged(broker: str, topic: str) -> list[Logged]:
    """Read a topic to its end, each partition in order."""
    found: list[Logged] = []
    with closing(KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)) as consumer:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(1000).values():
                for record in records:
                    event = CODEC.decode(record.value, record.headers).event
                    found.append(Logged(record.partition, record.offset, record.key.decode(), record.value, event))
    return found
