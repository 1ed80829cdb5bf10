"""The steps of a worker, and the observer that is called after each: failpoints, metrics, tests.

Example::

    Loop(log, generation, reader, BatchFold(), owner="desk-1:4711", observer=failpoint("committed:3"))
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar

from newsroom_schemas.errors import Kind, NewsroomError


class Step(StrEnum):
    """A step that a worker has just done. The order is that of a worker's first turn."""

    CURSORS_READ = "cursors_read"
    LOG_VERIFIED = "log_verified"
    PARTITION_TAKEN = "partition_taken"
    POLLED = "polled"
    READ = "read"
    LOADED = "loaded"
    FOLDED = "folded"
    TRANSACTION_BEGUN = "transaction_begun"
    CURSORS_MOVED = "cursors_moved"
    STATES_SAVED = "states_saved"
    EVENTS_SAVED = "events_saved"
    PAGES_SAVED = "pages_saved"
    TAGS_SAVED = "tags_saved"
    COMMITTED = "committed"
    REPORTED = "reported"


StepObserver = Callable[[Step], None]
"""Is called after every step of a worker, in its thread; what it raises ends the worker's turn."""


class UnknownFailpointError(NewsroomError):
    """A failpoint names no step, or a count below 1."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, wanted: str) -> None:
        """``wanted`` is the failpoint as it was written."""
        super().__init__(
            f"no failpoint {wanted!r}: write name or name:count, with one of {', '.join(Step)} and a count from 1"
        )
        self.wanted = wanted


def ignore(step: Step) -> None:
    """Do nothing: the observer of a worker that nobody observes."""


def failpoint(wanted: str | None) -> StepObserver:
    """Return an observer that ends the process, as ``kill -9`` does, after a step.

    ``wanted`` is ``name``, or ``name:n`` for the n-th time that the step is done; for ``None`` the worker lives on.
    Raises ``UnknownFailpointError``.
    """
    if wanted is None:
        return ignore
    name, _, count = wanted.partition(":")
    if name not in list(Step) or not (count or "1").isdecimal() or int(count or "1") < 1:
        raise UnknownFailpointError(wanted)
    left = iter(range(int(count or "1") - 1, -1, -1))

    def kill(step: Step) -> None:
        if step == name and next(left, None) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill
