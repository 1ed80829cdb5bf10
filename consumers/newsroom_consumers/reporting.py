"""How far a reader is, to be told to others now and then.

Each report is a request to the broker, and a record in a log of its own. With every batch, at 2,000 events a second,
they made the slowest hundredth of publications twice as late (measured).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from newsroom_consumers.records import Partition

_SECONDS = 1.0
"""Time between two reports at least."""


class Reporting:
    """Offsets that are reached, and have not been told yet."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing to tell; ``now`` is a clock that never goes back, in seconds."""
        self._now = now
        self._told = -_SECONDS
        self._untold: dict[Partition, int] = {}

    def due(self, reached: Mapping[Partition, int]) -> Mapping[Partition, int]:
        """Take what has been reached, and give what is to be told now: all that is new, or nothing yet."""
        self._untold |= reached
        if not self._untold or self._now() < self._told + _SECONDS:
            return {}
        told, self._untold, self._told = self._untold, {}, self._now()
        return told
