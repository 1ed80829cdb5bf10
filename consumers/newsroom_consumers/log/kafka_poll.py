"""Polling kafka-python without sleeping through records that it has in hand.

Its poll looks at what has been fetched, then begins to wait for the next fetch. What arrives between the two wakes
nobody: the records lie there until the wait is over. They come with the next look, so that looks begin short, and grow
while nothing comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from newsroom_consumers.log.record import Partition

_REPORT_SECONDS = 1.0
"""Time between two reports at least."""
_FIRST_MS = 4
"""How long the first look waits, milliseconds."""


class Client(Protocol):
    """The part of kafka-python's consumer that is needed here."""

    def poll(self, timeout_ms: int) -> Mapping[Any, Sequence[Any]]:
        """Give records by partition, waiting for some milliseconds at most."""


def poll_soon(client: Client, milliseconds: int) -> Mapping[Any, Sequence[Any]]:
    """Poll until there are records, or for some milliseconds: the first look does not wait, each next one longer."""
    found, wait = client.poll(0), _FIRST_MS
    while not found and milliseconds > 0:
        found = client.poll(min(wait, milliseconds))
        milliseconds -= wait
        wait *= 2
    return found


class ProgressThrottle:
    """Offsets that are reached, and have not been told yet."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing to tell; ``now`` is a clock that never goes back, in seconds."""
        self._now = now
        self._told = -_REPORT_SECONDS
        self._untold: dict[Partition, int] = {}

    def due(self, reached: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Take what has been reached, and give what is to be told now: all that is new, or nothing yet."""
        self._untold |= reached
        if not self._untold or self._now() < self._told + _REPORT_SECONDS:
            return {}
        told, self._untold, self._told = self._untold, {}, self._now()
        return told
