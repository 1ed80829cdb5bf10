"""A worker follows the log: into one generation, or into whichever is live."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from newsroom_consumers.control.build import moving, owner, this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.log import Log
from newsroom_consumers.store.steps import StepObserver, ignore
from newsroom_consumers.worker.backoff import Stop
from newsroom_consumers.worker.loop import Loop
from newsroom_consumers.worker.refold import ThrottledRequests

_CONTROL_SECONDS = 0.25
"""Minimum seconds between two checks of which generation is live. Batches stored into the old one in the meantime are
harmless."""


class StopWhenReplaced:
    """Stops a worker when it is told to stop, or soon after another generation has become the live one."""

    def __init__(self, stopping: threading.Event, control: Control, name: str) -> None:
        """Stop at once when ``stopping`` is set; ``name`` is the generation that is live now."""
        self._stopping = stopping
        self._control = control
        self._name = name
        self._next = 0.0
        self.replaced = False
        """True once another generation is live."""

    def is_set(self) -> bool:
        """Return whether to stop. While the control database is away, no generation is replaced."""
        if not self._stopping.is_set() and time.monotonic() >= self._next:
            self._next = time.monotonic() + _CONTROL_SECONDS
            with suppress(DatabaseAwayError):
                self.replaced = self._control.live_or(self._name) != self._name
        return self.replaced or self._stopping.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait some seconds, or until told to stop."""
        return self._stopping.wait(timeout)


def follow(
    control: Control,
    name: str,
    log: Log,
    reader: RecordReader,
    stopping: Stop,
    *,
    cached: int,
    observer: StepObserver = ignore,
) -> None:
    """Move a generation along the log until told to stop.

    ``cached`` is the number of articles kept in memory between batches; ``observer`` is called after every step.
    Raises ``OtherBuildError`` when another build has made the generation, and what ``Loop.run`` raises.
    """
    control.register(name, this_build(log.partitions), now=time.time_ns() // 1000)
    with moving(control, name, observer=observer) as generation, control.retries(name) as requests:
        waiting = ThrottledRequests(requests)
        loop = Loop(
            log, generation, reader, BatchFold(), owner=owner(), cached=cached, requests=waiting, observer=observer
        )
        loop.run(stopping)
