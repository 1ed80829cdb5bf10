"""Appending records as they are, as the import of a log does: to given partitions, with their own timestamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import errors as kafka_errors

from newsroom_producers.kafka.link import close_producer, open_producer
from newsroom_schemas.errors import NotAppendedError

_MAX_BYTES = 64 * 1024 * 1024
"""Bytes of a record: the broker has the last word, as it has taken the record before."""

_IN_FLIGHT = 8192
"""Records that are appended and not acknowledged yet."""


class RawRecord(NamedTuple):
    """A record to append as it is, and where."""

    topic: str
    partition: int
    timestamp_ms: int
    """The record's timestamp in milliseconds, for topics that keep those that records bring."""
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def append(bootstrap: str, records: Iterable[RawRecord], timeout: float) -> Iterator[int]:
    """Append records, those of each partition in order, and yield how many more the broker has acknowledged.

    What was taken from ``records`` and not counted may or may not be in the log. Raises NotAppendedError.
    """
    waiting: deque[Any] = deque()
    with _producer(bootstrap, timeout) as producer:
        for record in records:
            waiting.append(producer.send(**record._asdict()))
            if len(waiting) == _IN_FLIGHT:
                yield _await_oldest(waiting, _IN_FLIGHT // 2, timeout)
        yield _await_oldest(waiting, len(waiting), timeout)


def _await_oldest(waiting: deque[Any], count: int, timeout: float) -> int:
    """Wait for the acknowledgements of the oldest records, and return their number."""
    for _ in range(count):
        waiting.popleft().get(timeout)
    return count


@contextmanager
def _producer(bootstrap: str, timeout: float) -> Iterator[Any]:
    """Open a producer, and translate its errors."""
    try:
        producer = open_producer(bootstrap, timeout, max_request_size=_MAX_BYTES)
        try:
            yield producer
        finally:
            close_producer(producer, patience=0)
    except kafka_errors.KafkaError as error:
        raise NotAppendedError(bootstrap, str(error) or type(error).__name__) from error
