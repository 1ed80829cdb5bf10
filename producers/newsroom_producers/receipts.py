"""The results of a send, a receipt or a refusal, and the protocol of what sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from newsroom_schemas.errors import NewsroomError
from newsroom_schemas.events import AnyEvent


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The log holds an event, at this place."""

    event_id: str
    topic: str
    partition: int
    offset: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An event got no receipt, because of this error."""

    error: NewsroomError
    event_id: str | None = None
    """``None`` when the input did not become an event."""


SendResult = Receipt | Refusal
"""The result of one send."""

Sendable = AnyEvent | tuple[AnyEvent, ...] | Refusal | None
"""An item of a stream of sends.

* An event is sent.
* A tuple of events is sent whole or, when one of them breaks the contract, not at all.
* A refusal is its own result, in its place among the others.
* ``None`` is a pause: everything sent before gets its result before the next item is asked for.
"""


class Transport(Protocol):
    """What sends events to the log."""

    def send(self, event: AnyEvent) -> Receipt:
        """Send one event and return its receipt; raise a NewsroomError when there is none."""

    def send_all(self, events: Iterable[Sendable]) -> Iterator[SendResult]:
        """Send many events without waiting for each, and yield the result of each, in the order given."""
