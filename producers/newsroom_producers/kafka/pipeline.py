"""The pipeline: many sends in flight, each answered in order, and none lost when the broker refuses one of them.

An idempotent Kafka producer dies of one refused record and fails everything in flight with it. The pipeline then says
which record was refused, and sends all others that were not acknowledged again, in order, over a new link:

1. The link is closed, so that nothing of it is still under way.
2. What was acknowledged keeps its receipt.
3. What stood before the suspect (the first that failed for a reason of its own) is sent and awaited.
4. The suspect is sent alone. Refused again, it is the culprit and the only error.
5. Acknowledged instead, the broker had refused a whole batch: the rest goes one by one until the culprit shows.
6. What is left goes as before, many in flight.

So a record may be in the log twice, never missing, never behind a later one of its article.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from newsroom_producers.kafka.protocols import Carrier, Failure, FailureKind, PendingRecord
from newsroom_producers.receipts import Receipt, Refused, Sendable, Settled
from newsroom_schemas.errors import (
    BrokerAwayError,
    ForbiddenTopicError,
    NewsroomError,
    OvertakenError,
    UnknownTopicError,
)
from newsroom_schemas.events import AnyEvent

MAX_RECORDS = 5_000
"""Sends in flight at most: enough to fill every partition's next batch, and no more than that to send again."""

MAX_BYTES = 16 * 1024 * 1024
"""Bytes in flight at most; the memory of an endless stream."""

MAX_IDLE_ROUNDS = 3
"""Recoveries without any progress after which the broker counts as away."""


class Pipeline:
    """One stream of sends over a carrier: events in, what became of them out, in the same order."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._window: deque[PendingRecord | Refused] = deque()
        self._bytes = 0
        self._shut: dict[str, NewsroomError] = {}
        self._away = False
        self._idle_rounds = 0

    def results(self, events: Iterable[Sendable]) -> Iterator[Settled]:
        """Send each event and give what became of it; an interrupt settles what is in flight before it goes on."""
        try:
            for item in events:
                if item is None:
                    yield from self._rest()
                    continue
                self._take(item)
                while self._window and (self._is_full() or self._head_is_known()):
                    yield self._next()
        except (Exception, KeyboardInterrupt):
            yield from self._rest()
            raise
        yield from self._rest()

    def _rest(self) -> Iterator[Settled]:
        """Settle all that is in flight."""
        if self._window:
            self._carrier.flush()
        while self._window:
            yield self._next()

    def _take(self, item: AnyEvent | tuple[AnyEvent, ...] | Refused) -> None:
        """Put an item at the end of the window and on its way."""
        if isinstance(item, Refused):
            self._window.append(item)
            return
        events = item if isinstance(item, tuple) else (item,)
        if self._away:
            self._window.extend(Refused(event_id=event.event_id, error=self._carrier.away(None)) for event in events)
            return
        try:
            sendings = [self._carrier.prepare(event) for event in events]
        except NewsroomError as error:
            self._window.extend(Refused(event_id=event.event_id, error=error) for event in events)
            return
        for sending in sendings:
            self._window.append(sending)
            self._bytes += sending.size
            self._post(sending)

    def _post(self, sending: PendingRecord) -> None:
        """Hand a record to the link, or refuse it where nothing can go any more."""
        if sending.settled:
            return
        if self._away:
            self._refuse(sending, self._carrier.away(None))
        elif error := self._shut.get(sending.topic):
            self._refuse_unsent(sending, error)
        else:
            sending.deadline = time.monotonic() + self._carrier.timeout
            try:
                sending.ticket = self._carrier.link().post(sending)
                sending.is_sent = True
            except BrokerAwayError:
                self._give_up()
            except (ForbiddenTopicError, UnknownTopicError) as error:
                self._shut[sending.topic] = error
                self._refuse_unsent(sending, error)
            except NewsroomError as error:
                self._refuse_unsent(sending, error)

    def _is_full(self) -> bool:
        """Say whether no more may be in flight."""
        return len(self._window) >= MAX_RECORDS or self._bytes >= MAX_BYTES

    def _head_is_known(self) -> bool:
        """Say whether the first answer is there without waiting."""
        head = self._window[0]
        if isinstance(head, Refused) or head.settled:
            return True
        return head.ticket is None or head.ticket.outcome(0) is not None

    def _next(self) -> Settled:
        """Wait for the first answer of the window and take it out."""
        head = self._window[0]
        if isinstance(head, Refused):
            self._window.popleft()
            return head
        while head.settled is None:
            if not self._is_acknowledged(head):
                self._recover()
        self._window.popleft()
        self._bytes -= head.size
        return head.settled

    def _recover(self) -> None:
        """Find out what was refused, and send all else that was not acknowledged again: steps 1 to 6 of the module."""
        self._idle_rounds += 1
        failures = self._carrier.drop(0 if self._is_overdue() else self._carrier.timeout)
        self._keep_receipts()
        self._refuse_overtaken()
        is_away = self._is_overdue() or any(failure.fault is FailureKind.AWAY for _, failure in failures)
        if is_away or self._idle_rounds > MAX_IDLE_ROUNDS:
            self._give_up()
            return
        self._shut_topics(failures)
        unsettled = self._unsettled()
        for sending in unsettled:
            sending.ticket = None
        suspects = (sending for sending, failure in failures if failure.fault is FailureKind.REFUSED)
        self._resend(unsettled, next((sending for sending in suspects if sending in unsettled), None))

    def _resend(self, sendings: list[PendingRecord], suspect: PendingRecord | None) -> None:
        """Send again, the suspect alone; returns early when the new link fails too, for another round."""
        position = 0 if suspect is None else sendings.index(suspect)
        if not self._deliver(sendings[:position]):
            return
        rest = deque(sendings[position:])
        while suspect is not None and rest:
            alone = rest.popleft()
            if not self._deliver([alone]):
                if not self._convict(alone):
                    return
                break
        for sending in rest:
            self._post(sending)

    def _deliver(self, sendings: list[PendingRecord]) -> bool:
        """Send and wait; say whether every one is settled."""
        for sending in sendings:
            self._post(sending)
        self._carrier.flush()
        return all(sending.settled or self._is_acknowledged(sending) for sending in sendings)

    def _convict(self, sending: PendingRecord) -> bool:
        """Refuse a record that the broker refused alone; say whether it did."""
        failure = sending.ticket.outcome(0) if sending.ticket else None
        if not isinstance(failure, Failure) or failure.fault is not FailureKind.REFUSED:
            return False
        self._refuse(sending, failure.error)
        self._carrier.drop(self._carrier.timeout)
        return True

    def _unsettled(self) -> list[PendingRecord]:
        """Give what has no answer yet, in order."""
        return [item for item in self._window if isinstance(item, PendingRecord) and item.settled is None]

    def _is_overdue(self) -> bool:
        """Say whether an acknowledgement is awaited in vain."""
        now = time.monotonic()
        tickets = (sending.ticket for sending in self._unsettled() if sending.deadline <= now)
        return any(ticket and ticket.outcome(0) is None for ticket in tickets)

    def _is_acknowledged(self, sending: PendingRecord) -> bool:
        """Wait for a record's answer until its deadline, settle it if that is a receipt, and say so."""
        if sending.ticket is None:
            return False
        outcome = sending.ticket.outcome(max(0.0, sending.deadline - time.monotonic()))
        if isinstance(outcome, Receipt):
            self._settle(sending, outcome)
        return sending.settled is not None

    def _keep_receipts(self) -> None:
        """Settle what was acknowledged."""
        for sending in self._unsettled():
            if sending.ticket and isinstance(outcome := sending.ticket.outcome(0), Receipt):
                self._settle(sending, outcome)

    def _refuse_overtaken(self) -> None:
        """Refuse what can't be sent again, because a later record of the same key was acknowledged."""
        acknowledged = set()
        for item in reversed(self._window):
            if isinstance(item, Refused):
                continue
            if isinstance(item.settled, Receipt):
                acknowledged.add((item.topic, item.key))
            elif item.settled is None and (item.topic, item.key) in acknowledged:
                self._refuse(item, OvertakenError(item.event_id, item.key.decode()))

    def _shut_topics(self, failures: list[tuple[PendingRecord, Failure]]) -> None:
        """Refuse everything for a topic in which this client may not write."""
        self._shut |= {
            sending.topic: failure.error for sending, failure in failures if failure.fault is FailureKind.FORBIDDEN
        }
        for sending in self._unsettled():
            if error := self._shut.get(sending.topic):
                self._refuse(sending, error)

    def _give_up(self) -> None:
        """Settle everything: nothing more is sent in this stream."""
        self._away = True
        self._carrier.drop(0)
        self._keep_receipts()
        for sending in self._unsettled():
            self._refuse(sending, self._carrier.away(sending.event_id if sending.is_sent else None))

    def _refuse(self, sending: PendingRecord, error: NewsroomError) -> None:
        """Settle a record with an error."""
        self._settle(sending, Refused(event_id=sending.event_id, error=error))

    def _refuse_unsent(self, sending: PendingRecord, error: NewsroomError) -> None:
        """Refuse a record that does not go now; one that went over an earlier link may be in the log all the same."""
        self._refuse(sending, self._carrier.away(sending.event_id) if sending.is_sent else error)

    def _settle(self, sending: PendingRecord, settled: Settled) -> None:
        """Settle a record: some progress."""
        sending.settled = settled
        self._idle_rounds = 0
