"""The transport over Kafka: events become records, and nothing counts as sent before the broker acknowledges it.

Example::

    codec = Codec(ReleasedSchemas.load())
    with KafkaTransport("127.0.0.1:19092", Topics.of("newsroom"), codec) as transport:
        Desk(transport, source="cms", actor="olena").publish("storm", "uk", expected_version=1)

A send goes down one floor at a time: the transport encodes, the pipeline keeps many records in flight in its window,
the link hands them to Kafka's client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from types import TracebackType
from typing import Self

from newsroom_producers.kafka.link import KafkaLink
from newsroom_producers.kafka.pipeline import Pipeline
from newsroom_producers.kafka.protocols import PendingRecord, SendUnit
from newsroom_producers.receipts import Receipt, Refusal, Sendable, SendResult
from newsroom_schemas.errors import MissingExtraError, NewsroomError
from newsroom_schemas.events import AnyEvent, RecordSkipped, TagEvent, key_of
from newsroom_schemas.topics import DELIVERY_TIMEOUT, Topics
from newsroom_schemas.wire.codec import Codec


class KafkaTransport:
    """Sends events to the topics of a newsroom. Connects at the first send. For one thread."""

    def __init__(
        self, bootstrap: str, topics: Topics, codec: Codec, *, delivery_timeout: float = DELIVERY_TIMEOUT
    ) -> None:
        """``delivery_timeout`` is in seconds. Raises MissingExtraError if crc32c is not installed."""
        if find_spec("crc32c") is None:  # the client would compute them in Python, 15 times slower
            raise MissingExtraError("kafka", "crc32c")
        self._link = KafkaLink(bootstrap, delivery_timeout)
        self._topics = topics
        self._codec = codec

    def send(self, event: AnyEvent) -> Receipt:
        """Send one event and return its receipt; raise a NewsroomError when there is none."""
        (result,) = self.send_all([event])
        if isinstance(result, Refusal):
            raise result.error
        return result

    def send_all(self, events: Iterable[Sendable]) -> Iterator[SendResult]:
        """Send many events, thousands in flight, and yield the result of each, in the order given.

        Once the broker is away, everything left of this stream is refused.
        """
        return Pipeline(self._link).results(map(partial(unit_of, encode=self._encode), events))

    def _encode(self, event: AnyEvent) -> PendingRecord:
        """Return the record of an event; raise InvalidEventError or EventTooLargeError when it breaks the contract."""
        encoded = self._codec.encode(event)
        key = key_of(event).encode()
        return PendingRecord(event.event_id, self._topic_of(event), key, encoded.value, encoded.headers)

    def _topic_of(self, event: AnyEvent) -> str:
        """Return the topic of an event; that of a RecordSkipped is the topic of the record it skips."""
        is_of_tags = isinstance(event, TagEvent) or (
            isinstance(event, RecordSkipped) and event.topic == self._topics.tags
        )
        return self._topics.tags if is_of_tags else self._topics.articles

    def close(self) -> None:
        """Close the connection, waiting for what is in flight."""
        self._link.close(self._link.timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; when the program is told to end, without waiting for what is still in flight."""
        is_ending = kind is not None and not issubclass(kind, Exception)
        self._link.close(0 if is_ending else self._link.timeout)


def unit_of(item: Sendable, *, encode: Callable[[AnyEvent], PendingRecord]) -> SendUnit | None:
    """Return the records of what is sent together, or refusals of all of it when one event breaks the contract."""
    if item is None:
        return None
    if isinstance(item, Refusal):
        return (item,)
    events = item if isinstance(item, tuple) else (item,)
    try:
        return [encode(event) for event in events]
    except NewsroomError as error:
        return [Refusal(event_id=event.event_id, error=error) for event in events]
