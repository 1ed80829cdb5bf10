"""A record as the log holds it, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


Address = tuple[str, int, int]
"""Where a record lies: topic, partition, offset. The first three fields of every ``Record``."""


class Record(NamedTuple):
    """One record of the log."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Instant of the append, microseconds since the epoch, UTC."""
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def all_partitions(counts: Mapping[str, int]) -> list[Partition]:
    """Return every partition of topics, given the number of partitions of each topic."""
    return [Partition(topic, number) for topic, count in counts.items() for number in range(count)]
