"""A record on its way to the log, and the protocol of the link that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from newsroom_producers.receipts import Receipt, Refusal, SendResult
from newsroom_schemas.errors import BrokerAwayError, NewsroomError


class FailureKind(Enum):
    """Why a send failed."""

    REFUSED = auto()
    """The broker does not take this record, or its batch."""
    FORBIDDEN = auto()
    """The broker takes nothing in this topic from this client."""
    AWAY = auto()
    """The broker did not answer in time."""
    COLLATERAL = auto()
    """The record itself is sound: something else failed beside it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed send: why it failed, and the error to show."""

    kind: FailureKind
    error: NewsroomError


@dataclass(slots=True, eq=False)
class PendingRecord:
    """A record on its way to the log."""

    event_id: str
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    ticket: Ticket | None = None
    """The link's promise; ``None`` until the record is handed to a link."""
    result: SendResult | None = None
    deadline: float = 0.0
    """Instant of the monotonic clock until which an acknowledgement is awaited."""
    is_sent: bool = False
    """True once any link has taken the record: it may be in the log from then on."""

    @property
    def size(self) -> int:
        """Bytes of the record's value, which is nearly all of the record."""
        return len(self.value)


SendUnit = Sequence[PendingRecord | Refusal]
"""Records that are sent together or not at all; refusals in their place if one event breaks the contract."""


class Ticket(Protocol):
    """A link's promise for one record."""

    def answer(self, timeout: float) -> Receipt | Failure | None:
        """Return the broker's answer, waiting up to ``timeout`` seconds; ``None`` when there is none yet."""


class Link(Protocol):
    """A way to the broker. It connects at the first record, and again at the first one after `close`."""

    timeout: float
    """Seconds until a send without an acknowledgement is an error."""

    def post(self, record: PendingRecord) -> Ticket:
        """Hand a record over without waiting for its acknowledgement.

        Raises BrokerAwayError when there is no broker, and another NewsroomError when this record cannot be sent; the
        link stays open then.
        """

    def flush(self) -> None:
        """Send what is gathered for a batch now, and wait up to `timeout` for answers to all of it."""

    def close(self, patience: float) -> list[tuple[PendingRecord, Failure]]:
        """Close the link and return what has failed on it, in the order in which it failed.

        Waits up to ``patience`` seconds for requests under way; nothing handed over before is sent afterwards.
        """

    def away(self, event_id: str | None) -> BrokerAwayError:
        """Return the error of an event that nobody acknowledged; ``event_id`` is ``None`` when it was not sent."""
