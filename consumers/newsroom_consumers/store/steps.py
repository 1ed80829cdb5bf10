"""Failpoints: named places between the steps of a worker, where a test lets its process die.

Example::

    Loop(log, generation, reader, folding, owner="desk-1:4711", reach=killing("committed:3"))

A place is named by the step that has just been done. Outside tests nothing happens at any of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import ClassVar

from newsroom_schemas.errors import Kind, NewsroomError

FAILPOINTS = (
    "cursors_read",
    "log_verified",
    "partition_taken",
    "polled",
    "read",
    "loaded",
    "folded",
    "transaction_begun",
    "cursors_moved",
    "states_saved",
    "events_saved",
    "pages_saved",
    "tags_saved",
    "committed",
    "reported",
)
"""Every place, in the order in which a worker that has taken its partitions first comes by."""

Reach = Callable[[str], None]
"""Is told the name of every place that the worker comes to."""


class UnknownFailpointError(NewsroomError):
    """A test asks for the end at a place that there is not."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, wanted: str) -> None:
        """Take what was asked for."""
        super().__init__(
            f"no failpoint {wanted!r}: write name or name:count, with one of {', '.join(FAILPOINTS)} and a count from 1"
        )
        self.wanted = wanted


def nothing(name: str) -> None:
    """Let the worker go on."""


def killing(wanted: str | None) -> Reach:
    """Make the process end as by ``kill -9`` at a place, ``name``, or when it comes there the n-th time, ``name:n``.

    ``None`` lets it live. Raises ``UnknownFailpointError``.
    """
    if wanted is None:
        return nothing
    name, _, count = wanted.partition(":")
    if name not in FAILPOINTS or not (count or "1").isdecimal() or int(count or "1") < 1:
        raise UnknownFailpointError(wanted)
    left = iter(range(int(count or "1") - 1, -1, -1))

    def reach(reached: str) -> None:
        if reached == name and next(left, None) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach
