"""kafka-python as this package uses it: how a consumer is made, and what becomes of its records and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import CorruptRecordError, KafkaError

from newsroom_consumers.log.kafka_group import HEARTBEAT_SECONDS, SESSION_SECONDS, TURN_SECONDS
from newsroom_consumers.log.log import LogAwayError, UnreadableRecordError
from newsroom_consumers.log.record import Partition, Record

_PARTITION_FETCH = 8 * 1024 * 1024
"""Bytes per fetch of one partition. The client's default, 1 MiB, more than halves its speed (measured)."""
_FETCH = 16 * 1024 * 1024
"""Bytes per fetch of all partitions. The client's default, 50 MiB, takes 100 MB more memory and is no faster."""
_FETCH_WAIT_MS = 25
"""How long the broker may hold a fetch. The client sends one at a time, so articles wait for a fetch of the tags."""
_ANSWER_SECONDS = 5.0
"""How long to wait for the first answer of a cluster, which is the longest that a stop waits for it."""


def connect(bootstrap: str, **overrides: Any) -> Any:
    """Return a consumer that commits nothing, resets no offset and creates no topic by itself."""
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


def record_of(found: Any) -> Record:
    """Return the client's record as ours."""
    return Record(
        found.topic,
        found.partition,
        found.offset,
        found.timestamp * 1000,
        found.key,
        found.value,
        tuple(found.headers),
    )


@contextmanager
def translated(bootstrap: str, positions: Callable[[], Mapping[Partition, int]]) -> Iterator[None]:
    """Raise the client's errors as ours: ``LogAwayError``, or ``UnreadableRecordError`` with the reader's positions."""
    try:
        yield
    except CorruptRecordError as error:
        raise UnreadableRecordError(str(error), positions()) from error
    except KafkaError as error:
        raise LogAwayError(bootstrap, str(error) or type(error).__name__) from error
