"""Records that no tool of ours would send: appended with a plain producer, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

from kafka import KafkaProducer
from support.kit import CODEC, Newsroom

from newsroom_consumers.log.kafka import placement
from newsroom_schemas.events import AnyEvent, TagEvent, key_of

Headers = Sequence[tuple[str, bytes]]

PARTITIONS = 6
"""Partitions of the articles' topic."""


class RawLog:
    """The log of a newsroom, open to whoever may append."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._topics = newsroom.topics
        self._producer = KafkaProducer(bootstrap_servers=newsroom.bootstrap)

    def append(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        *,
        partition: int | None = None,
        topic: str | None = None,
    ) -> int:
        """Append one record, to the partition where its key belongs unless another is named; give its offset."""
        sent = self._producer.send(
            topic or self._topics.articles, key=key, value=value, headers=list(headers), partition=partition
        )
        return int(sent.get(30).offset)

    def event(
        self,
        event: AnyEvent,
        *,
        key: str | None = None,
        swap: tuple[bytes, bytes] | None = None,
        cut: int = 0,
        schema: bytes | None = None,
        partition: int | None = None,
    ) -> int:
        """Append an event, spoiled: under another key, some bytes swapped or cut off, or naming another schema."""
        encoded = CODEC.encode(event)
        value = encoded.value.replace(*swap) if swap else encoded.value
        headers = [(name, schema or was) if name == "schema" else (name, was) for name, was in encoded.headers]
        topic = self._topics.tags if isinstance(event, TagEvent) else self._topics.articles
        key = key_of(event) if key is None else key
        return self.append(key.encode(), value[: len(value) - cut], headers, partition=partition, topic=topic)

    def close(self) -> None:
        """End the connection."""
        self._producer.close()


def place_of(key: str) -> int:
    """Return in which partition of the articles' topic a key belongs."""
    return placement({"articles": PARTITIONS})("articles", key.encode())
