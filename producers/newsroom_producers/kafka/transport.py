"""The transport over Kafka: events become records, and nothing counts as sent before the broker says so.

Example::

    topics = Topics(articles="newsroom.articles", tags="newsroom.tags")
    with KafkaTransport("127.0.0.1:19092", topics, Codec(Registry.load())) as transport:
        Desk(transport, source="cms", actor="olena").publish("storm", "uk", expected_version=1)

This is the one file of the write side that knows Kafka's client; its errors are translated here. What happens when the
broker refuses a record is told in ``pipeline.py``.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from types import TracebackType
from typing import Any, NamedTuple, Self

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from newsroom_producers.kafka.pipeline import Pipeline
from newsroom_producers.kafka.protocols import Failure, FailureKind, NotAppendedError, PendingRecord, RawRecord
from newsroom_producers.receipts import Receipt, Refused, Sendable, Settled
from newsroom_schemas.errors import (
    BrokerAwayError,
    ForbiddenTopicError,
    NewsroomError,
    RecordRefusedError,
    SlowChecksumsError,
    UnknownTopicError,
)
from newsroom_schemas.events import AnyEvent, RecordSkipped, TagEvent, key_of
from newsroom_schemas.wire.codec import Codec

_BATCH_BYTES = 1024 * 1024
"""Bytes of one partition's batch: 47 times the speed of single sends, six times that of the client's default."""

_LINGER_SECONDS = 0.1
"""Seconds for which a batch gathers records unless hurried: half the work per record of sending each at once."""

_REQUEST_SECONDS = 30.0
"""Seconds after which an unanswered request is given up and tried again on a new connection."""

_RAW_BYTES = 64 * 1024 * 1024
"""Bytes of a record to append as it is: the broker has the last word, it took the record before."""

_IN_FLIGHT = 8192
"""Records that are appended as they are and not acknowledged yet."""

_log = logging.getLogger(__name__)


class Topics(NamedTuple):
    """The two topics of a newsroom."""

    articles: str
    tags: str


class KafkaTransport:
    """Sends events over one idempotent producer, made at the first send and replaced when it dies. For one thread."""

    def __init__(self, bootstrap: str, topics: Topics, codec: Codec, *, delivery_timeout: float = 30.0) -> None:
        """Take ``delivery_timeout`` in seconds; raise SlowChecksumsError without the C checksums."""
        if find_spec("crc32c") is None:
            raise SlowChecksumsError
        self.timeout = delivery_timeout
        self._bootstrap = bootstrap
        self._topics = topics
        self._codec = codec
        self._link: _Link | None = None

    def send(self, event: AnyEvent) -> Receipt:
        """Send one event and wait for its receipt; raise a NewsroomError when there is none."""
        (settled,) = self.send_all([event])
        if isinstance(settled, Refused):
            raise settled.error
        return settled

    def send_all(self, events: Iterable[Sendable]) -> Iterator[Settled]:
        """Send many events, thousands in flight; give what became of each event, in the order given.

        Once the broker is away, everything left of this stream is refused.
        """
        return Pipeline(self).results(events)

    def close(self) -> None:
        """End the connection."""
        self.drop(self.timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; when the program is told to end, without waiting for what is still in flight."""
        is_ending = kind is not None and not issubclass(kind, Exception)
        self.drop(0 if is_ending else self.timeout)

    def prepare(self, event: AnyEvent) -> PendingRecord:
        """Make the record of an event; raise InvalidEventError or EventTooLargeError when it breaks the contract."""
        encoded = self._codec.encode(event)
        return PendingRecord(
            event.event_id, self._topic_of(event), key_of(event).encode(), encoded.value, encoded.headers
        )

    def _topic_of(self, event: AnyEvent) -> str:
        """Say where an event belongs; what skips a parked record belongs where that lies."""
        is_of_tags = isinstance(event, TagEvent) or (
            isinstance(event, RecordSkipped) and event.topic == self._topics.tags
        )
        return self._topics.tags if is_of_tags else self._topics.articles

    def link(self) -> _Link:
        """Give the present link, a new one after a drop; raise BrokerAwayError when there is no broker."""
        if self._link is None:
            try:
                self._link = _Link(_producer(self._bootstrap, self.timeout), self._bootstrap)
            except kafka_errors.KafkaError as error:
                _log.info("no connection to %s: %s", self._bootstrap, error)
                raise self.away(None) from error
        return self._link

    def flush(self) -> None:
        """Have the present link, if there is one, send what it has gathered."""
        if self._link is not None:
            self._link.flush(self.timeout)

    def drop(self, patience: float) -> list[tuple[PendingRecord, Failure]]:
        """Close the present link and give what failed on it, in the order in which it failed."""
        link, self._link = self._link, None
        if link is None:
            return []
        link.close(patience)
        return link.failures()

    def away(self, event_id: str | None) -> BrokerAwayError:
        """Make the error of an event that nobody acknowledged; ``None`` when it was not even sent."""
        return BrokerAwayError(self._bootstrap, self.timeout, event_id)


def append(bootstrap: str, records: Iterable[RawRecord], timeout: float) -> Iterator[int]:
    """Append records as they are, each partition's in order; give how many more the broker has acknowledged.

    What was taken and not counted may or may not be in the log. Raises NotAppendedError.
    """
    waiting: deque[Any] = deque()
    with _appending(bootstrap, timeout) as producer:
        for record in records:
            waiting.append(producer.send(**record._asdict()))
            if len(waiting) == _IN_FLIGHT:
                yield _settled(waiting, _IN_FLIGHT // 2, timeout)
        yield _settled(waiting, len(waiting), timeout)


def _settled(waiting: deque[Any], count: int, timeout: float) -> int:
    """Wait for the broker's word on the oldest records."""
    for _ in range(count):
        waiting.popleft().get(timeout)
    return count


@contextmanager
def _appending(bootstrap: str, timeout: float) -> Iterator[Any]:
    """Open a producer of records as they are."""
    try:
        producer = _producer(bootstrap, timeout, max_request_size=_RAW_BYTES)
        with closing(_Link(producer, bootstrap)):
            yield producer
    except kafka_errors.KafkaError as error:
        raise NotAppendedError(bootstrap, str(error) or type(error).__name__) from error


def _producer(bootstrap: str, timeout: float, **overrides: Any) -> Any:
    """Connect a producer: acks of all replicas, idempotent, murmur2 of the key."""
    linger = min(_LINGER_SECONDS, timeout / 2)
    return KafkaProducer(
        bootstrap_servers=bootstrap.split(","),
        acks="all",
        enable_idempotence=True,
        allow_auto_create_topics=False,
        batch_size=_BATCH_BYTES,
        linger_ms=int(linger * 1000),
        request_timeout_ms=int(min(timeout - linger, _REQUEST_SECONDS) * 1000),
        delivery_timeout_ms=int(timeout * 1000),
        max_block_ms=int(timeout * 1000),
        bootstrap_timeout_ms=int(timeout * 1000),
        metrics_enabled=False,
        **overrides,
    )


class _Link:
    """One producer, from its connection to its first failure."""

    def __init__(self, producer: Any, bootstrap: str) -> None:
        self._producer = producer
        self._bootstrap = bootstrap
        self._failed: list[tuple[PendingRecord, Exception]] = []

    def post(self, sending: PendingRecord) -> _Ticket:
        """Hand a record over without waiting; raise a NewsroomError when it can't go, and the link lives on."""
        try:
            future = self._producer.send(sending.topic, key=sending.key, value=sending.value, headers=sending.headers)
        except kafka_errors.KafkaTimeoutError as error:
            raise UnknownTopicError(sending.topic, self._bootstrap) from error
        except kafka_errors.KafkaError as error:
            raise self._failure(sending, error).error from error
        future.add_errback(partial(self._note, sending))
        return _Ticket(self, sending, future)

    def flush(self, timeout: float) -> None:
        """Send what is gathered for a batch now, and wait up to ``timeout`` seconds for answers to all of it."""
        with suppress(kafka_errors.KafkaError):
            self._producer.flush(timeout)

    def failures(self) -> list[tuple[PendingRecord, Failure]]:
        """Give what failed so far, in the order in which it failed."""
        return [(sending, self._failure(sending, error)) for sending, error in self._failed]

    def close(self, patience: float = 0) -> None:
        """End it, waiting up to ``patience`` seconds for requests under way; nothing of it is sent afterwards."""
        try:
            self._producer.close(timeout=patience)
        except kafka_errors.KafkaError:
            self._abort()

    def _abort(self) -> None:
        """Stop the producer's thread, which ``close`` leaves running (and sending) when it can't flush in time."""
        self._producer._sender.force_close()  # noqa: SLF001 - there is no public way
        try:
            self._producer.close(timeout=1)
        except kafka_errors.KafkaError:
            _log.warning("the producer's thread does not end")

    def _note(self, sending: PendingRecord, error: Exception) -> None:
        """Keep a failure in its order; called on the producer's thread."""
        self._failed.append((sending, error))

    def _failure(self, sending: PendingRecord, error: Exception) -> Failure:
        """Translate the client's error."""
        return Failure(_fault(error), self._error(sending, error))

    def _error(self, sending: PendingRecord, error: Exception) -> NewsroomError:
        """Make the error to show."""
        if isinstance(error, kafka_errors.AuthorizationError):
            return ForbiddenTopicError(sending.topic, self._bootstrap)
        return RecordRefusedError(sending.topic, sending.key.decode(), str(error))


class _Ticket:
    """The producer's promise for one record."""

    __slots__ = ("_future", "_link", "_sending")

    def __init__(self, link: _Link, sending: PendingRecord, future: Any) -> None:
        self._link = link
        self._sending = sending
        self._future = future

    def outcome(self, timeout: float) -> Receipt | Failure | None:
        """Wait up to ``timeout`` seconds for the broker's word; ``None`` when there is none yet."""
        if not self._future.is_done:
            if timeout <= 0:
                return None
            try:
                self._future.get(timeout)
            except kafka_errors.KafkaError:
                if not self._future.is_done:
                    return None
        if self._future.exception is not None:
            return self._link._failure(self._sending, self._future.exception)  # noqa: SLF001 - one thing in two classes
        meta = self._future.value
        return Receipt(event_id=self._sending.event_id, topic=meta.topic, partition=meta.partition, offset=meta.offset)


_BESIDE = (
    kafka_errors.IllegalStateError,
    kafka_errors.OutOfOrderSequenceNumberError,
    kafka_errors.UnknownProducerIdError,
    kafka_errors.InvalidProducerEpochError,
    kafka_errors.ProducerFencedError,
)
"""Errors of a producer, not of a record."""


def _fault(error: Exception) -> FailureKind:
    """Say why a send failed; a bare KafkaError is what the client gives the sound records of a refused batch."""
    if type(error) is kafka_errors.KafkaError or isinstance(error, _BESIDE):
        return FailureKind.COLLATERAL
    if isinstance(error, kafka_errors.RetriableError):
        return FailureKind.AWAY
    return FailureKind.FORBIDDEN if isinstance(error, kafka_errors.AuthorizationError) else FailureKind.REFUSED
