"""What becomes of a send: a receipt of the log, or a refusal; and the way of events to the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from newsroom_schemas.errors import NewsroomError
from newsroom_schemas.events import AnyEvent


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The log's word that it holds an event, and where."""

    event_id: str
    topic: str
    partition: int
    offset: int


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An event that got no receipt, and why."""

    error: NewsroomError
    event_id: str | None = None
    """``None`` when it never became an event."""


Settled = Receipt | Refused
"""What became of one send."""

Sendable = AnyEvent | tuple[AnyEvent, ...] | Refused | None
"""What a stream of sends is made of.

A tuple is sent whole or, when one of its events breaks the contract, not at all. What is refused already keeps its
place among the answers. ``None`` is a pause: all that was sent is settled before more is asked for.
"""


class Transport(Protocol):
    """The way of events to the log."""

    def send(self, event: AnyEvent) -> Receipt:
        """Send one event and wait for its receipt; raise a NewsroomError when there is none."""

    def send_all(self, events: Iterable[Sendable]) -> Iterator[Settled]:
        """Send many events without waiting for each; give what became of each event, in the order given."""
