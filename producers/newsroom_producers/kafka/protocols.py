"""What the pipeline moves: a record on its way, and the protocols of what carries it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, NamedTuple, Protocol

from newsroom_producers.receipts import Receipt, Settled
from newsroom_schemas.errors import BrokerAwayError, Kind, NewsroomError
from newsroom_schemas.events import AnyEvent


class FailureKind(Enum):
    """Why a send failed."""

    REFUSED = auto()
    """The broker does not take this record, or its batch."""
    FORBIDDEN = auto()
    """The broker takes nothing in this topic from this client."""
    AWAY = auto()
    """The broker did not answer in time."""
    COLLATERAL = auto()
    """Nothing was wrong with it: something else failed beside it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A send that failed: why, and the error to show."""

    fault: FailureKind
    error: NewsroomError


@dataclass(slots=True, eq=False)
class PendingRecord:
    """One record on its way to the log."""

    event_id: str
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    ticket: Ticket | None = None
    """``None`` while it is not handed to a link."""
    settled: Settled | None = None
    deadline: float = 0.0
    """Instant of the monotonic clock until which an acknowledgement is awaited."""
    is_sent: bool = False
    """Whether any link has had it: it may be in the log then."""

    @property
    def size(self) -> int:
        """Bytes that it holds, nearly."""
        return len(self.value)


class RawRecord(NamedTuple):
    """A record to append as it is, and where."""

    topic: str
    partition: int
    timestamp_ms: int
    """Its timestamp, in milliseconds, for topics that keep those that records bring."""
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class NotAppendedError(NewsroomError):
    """Records that were to be appended as they are did not all get an acknowledgement."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self, bootstrap: str, problem: str) -> None:
        """Take the bootstrap servers and what the client said."""
        super().__init__(
            f"the broker at {bootstrap} has not acknowledged all records ({problem}); the last ones sent may or may "
            "not be in the log. The same command goes on from what is"
        )
        self.bootstrap = bootstrap
        self.problem = problem


class Ticket(Protocol):
    """What a link gives for a sending."""

    def outcome(self, timeout: float) -> Receipt | Failure | None:
        """Wait up to ``timeout`` seconds for the broker's word; ``None`` when there is none yet."""


class Link(Protocol):
    """A connection to the broker that dies of its first failure."""

    def post(self, sending: PendingRecord) -> Ticket:
        """Hand a record over without waiting; raise a NewsroomError when it can't go, and the link lives on."""

    def flush(self, timeout: float) -> None:
        """Send what is gathered for a batch now, and wait up to ``timeout`` seconds for answers to all of it."""

    def failures(self) -> list[tuple[PendingRecord, Failure]]:
        """Give what failed so far, in the order in which it failed."""

    def close(self, patience: float) -> None:
        """End it, waiting up to ``patience`` seconds for requests under way; nothing of it is sent afterwards."""


class Carrier(Protocol):
    """What the pipeline needs of a transport."""

    timeout: float
    """Seconds until a send that nobody acknowledged is an error."""

    def prepare(self, event: AnyEvent) -> PendingRecord:
        """Make the record of an event; raise a NewsroomError when it breaks the contract."""

    def link(self) -> Link:
        """Give the present link, a new one after a drop; raise BrokerAwayError when there is no broker."""

    def flush(self) -> None:
        """Have the present link, if there is one, send what it has gathered."""

    def drop(self, patience: float) -> list[tuple[PendingRecord, Failure]]:
        """Close the present link and give what failed on it, in the order in which it failed."""

    def away(self, event_id: str | None) -> BrokerAwayError:
        """Make the error of an event that nobody acknowledged; ``None`` when it was not even sent."""
