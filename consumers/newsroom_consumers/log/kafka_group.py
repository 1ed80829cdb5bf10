"""Membership of a consumer group: what the group has given to one reader, and since when.

A member that is silent for a session loses its partitions to others. Every sharing-out begins a new term, in which a
partition has to be sought anew, also by the member that had it before: it may have been somebody else's meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from newsroom_consumers.log.record import Partition

SESSION_SECONDS = 8.0
"""Silence after which a group gives a member's partitions to others: its process is dead, or frozen."""
HEARTBEAT_SECONDS = 2.0
"""How often a member shows that it lives, and hears whether the group shares out anew."""
TURN_SECONDS = 60.0
"""How long a group waits for a member that lives and does not poll: its turn of the loop takes so long at most."""


class Membership:
    """What a group has given to one member. The client's own thread calls it, while the member waits in a poll."""

    def __init__(self, consumer: Any) -> None:
        """Take the consumer that joins the group."""
        self._consumer = consumer
        self._given: dict[Partition, int] = {}
        self._term = 0
        self._joined = 0.0

    def given(self) -> Mapping[Partition, int]:
        """Give the partitions of the member with their term; none when the group has not been heard for a session."""
        heartbeat = self._consumer._coordinator.heartbeat  # noqa: SLF001 - there is no public way
        silent = time.monotonic() - max(heartbeat.last_receive, self._joined)
        return self._given if silent < SESSION_SECONDS else {}

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Give none: the group shares out anew."""
        del revoked
        self._given = {}

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Begin a term."""
        pause(self._consumer, assigned)
        self._term += 1
        self._joined = time.monotonic()
        self._given = {Partition(*at): self._term for at in assigned}


def pause(consumer: Any, partitions: Iterable[Any]) -> None:
    """Read nothing of partitions until they are sought; the position keeps the client from asking the group for one."""
    for at in partitions:
        consumer.pause(at)
        consumer.seek(at, 0)
