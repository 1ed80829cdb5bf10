"""Membership of a consumer group: which partitions are assigned to one reader, and since which rebalance.

A member that is silent for a session loses its partitions to others. Every rebalance begins a new term. In a new term
even the member that had a partition before has to seek it again, because another may have had it in between.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from newsroom_consumers.log.record import Partition

SESSION_SECONDS = 8.0
"""Seconds of silence after which a group assigns a member's partitions to others: its process is dead, or frozen."""
HEARTBEAT_SECONDS = 2.0
"""Seconds between two heartbeats, by which a member also hears of a rebalance."""
TURN_SECONDS = 60.0
"""Seconds that a group waits for a live member that does not poll: the longest that one turn of the loop may take."""
SILENT_SECONDS = TURN_SECONDS + 2 * SESSION_SECONDS
"""Seconds without an answer of the group, longer than any rebalance, after which the client won't recover by itself."""


class Membership:
    """The partitions that a group has assigned to one member. The client's own thread calls it during a poll."""

    def __init__(self, consumer: Any) -> None:
        """``consumer`` is the one that joins the group."""
        self._consumer = consumer
        self._given: dict[Partition, int] = {}
        self._term = 0
        self._joined = time.monotonic()

    def given(self) -> Mapping[Partition, int]:
        """Return the member's partitions with their term; none when the group has not been heard for a session."""
        return self._given if self.silence() < SESSION_SECONDS else {}

    def silence(self) -> float:
        """Return the seconds since the group was last heard."""
        heartbeat = self._consumer._coordinator.heartbeat  # noqa: SLF001 - there is no public way
        return time.monotonic() - max(float(heartbeat.last_receive), self._joined)

    def finish_joining(self) -> None:
        """Have the next poll finish a rebalance that an earlier one began.

        kafka-python 3.0.12 forgets a rebalance that it began because topics have changed, if the poll ends before the
        group answers: it then believes to be a member, sends no heartbeats, and is assigned nothing ever after.
        """
        coordinator = self._consumer._coordinator  # noqa: SLF001 - there is no public way
        if coordinator.rejoining:
            coordinator.request_rejoin()

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Hold no partition while the group rebalances."""
        del revoked
        self._given = {}

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Begin a term with the partitions that are assigned now."""
        pause(self._consumer, assigned)
        self._term += 1
        self._joined = time.monotonic()
        self._given = {Partition(*at): self._term for at in assigned}


def pause(consumer: Any, partitions: Iterable[Any]) -> None:
    """Pause partitions until they are sought. With a position, the client doesn't ask the group for its own."""
    for at in partitions:
        consumer.pause(at)
        consumer.seek(at, 0)
