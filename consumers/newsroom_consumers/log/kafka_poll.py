"""Poll kafka-python without waiting while records lie in its buffer; and report progress no more than once a second.

``poll(t)`` checks its buffer and then sleeps; a fetch that completes in between doesn't wake it. So poll with short
time-outs and double them while nothing arrives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from newsroom_consumers.log.record import Partition

_REPORT_SECONDS = 1.0
"""Minimum seconds between two reports."""
_FIRST_MS = 4
"""Milliseconds of the first time-out."""


class Client(Protocol):
    """The part of kafka-python's consumer that ``poll_soon`` needs."""

    def poll(self, timeout_ms: int) -> Mapping[Any, Sequence[Any]]:
        """Return records by partition, after some milliseconds at most."""


def poll_soon(client: Client, milliseconds: int) -> Mapping[Any, Sequence[Any]]:
    """Return records by partition as soon as there are any, or none after some milliseconds."""
    found, wait = client.poll(0), _FIRST_MS
    while not found and milliseconds > 0:
        found = client.poll(min(wait, milliseconds))
        milliseconds -= wait
        wait *= 2
    return found


class ProgressThrottle:
    """Offsets that are reached and not reported yet."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` is a clock that never goes back, in seconds."""
        self._now = now
        self._reported_at = -_REPORT_SECONDS
        self._pending: dict[Partition, int] = {}

    def due(self, reached: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Add what has been reached, and return what is to be reported now: all that is new, or nothing yet."""
        self._pending |= reached
        if not self._pending or self._now() < self._reported_at + _REPORT_SECONDS:
            return {}
        due, self._pending, self._reported_at = self._pending, {}, self._now()
        return due
