"""The recovery of a stream of sends after the broker has refused a record.

An idempotent Kafka producer dies of one refused record and fails everything in flight with it. The recovery then finds
which record was refused, and sends all others that were not acknowledged again, in order, over a new link:

1. The link is closed, so that nothing of it is still under way.
2. What was acknowledged keeps its receipt.
3. What stood before the suspect (the first that failed for a reason of its own) is sent and awaited.
4. The suspect is sent alone. If it is refused again, it is the culprit, and the only record that gets an error.
5. If it is acknowledged, the broker had refused a whole batch: the rest is sent one by one until the culprit shows.
6. What is left goes as before, many in flight.

If several records are refused, one of those in front of the suspect may fail step 3, and nothing is settled. After two
such rounds the first record that is not settled is the suspect, so that the third settles at least that one.

So a record may be in the log twice, never missing, never behind a later one of its article.
"""

from __future__ import annotations

from collections import deque

from newsroom_producers.kafka.protocols import Failure, FailureKind, PendingRecord
from newsroom_producers.kafka.window import Window
from newsroom_producers.receipts import Receipt
from newsroom_schemas.errors import OvertakenError

MAX_IDLE_ROUNDS = 3
"""Recoveries in a row that settle no record, after which the broker counts as away."""


def recover(window: Window) -> None:
    """Settle or send again every record of the window, as far as the next link carries: steps 1 to 6 of the module."""
    window.idle_rounds += 1
    failures = window.link.close(0 if window.is_overdue() else window.link.timeout)
    window.keep_receipts()
    _refuse_overtaken(window)
    is_away = window.is_overdue() or any(failure.kind is FailureKind.AWAY for _, failure in failures)
    if is_away or window.idle_rounds > MAX_IDLE_ROUNDS:
        window.give_up()
        return
    window.close_topics(
        {record.topic: failure.error for record, failure in failures if failure.kind is FailureKind.FORBIDDEN}
    )
    unsettled = window.unsettled()
    for record in unsettled:
        record.ticket = None
    refused = (record for record, failure in failures if failure.kind is FailureKind.REFUSED)
    suspect = next((record for record in refused if record in unsettled), None)
    if suspect and window.idle_rounds == MAX_IDLE_ROUNDS:
        suspect = unsettled[0]
    _resend(window, unsettled, suspect)


def _refuse_overtaken(window: Window) -> None:
    """Refuse what cannot be sent again, because a later record of the same key was acknowledged."""
    acknowledged = set()
    for record in reversed(window.records()):
        if isinstance(record.result, Receipt):
            acknowledged.add((record.topic, record.key))
        elif record.result is None and (record.topic, record.key) in acknowledged:
            window.refuse(record, OvertakenError(record.event_id, record.key.decode()))


def _resend(window: Window, records: list[PendingRecord], suspect: PendingRecord | None) -> None:
    """Send records again, the suspect alone; return early, for another round, when the new link fails too."""
    position = 0 if suspect is None else records.index(suspect)
    if not _deliver(window, records[:position]):
        return
    rest = deque(records[position:])
    while suspect is not None and rest:
        alone = rest.popleft()
        if not _deliver(window, [alone]):
            if not _convict(window, alone):
                return
            break
    for record in rest:
        window.post(record)


def _deliver(window: Window, records: list[PendingRecord]) -> bool:
    """Send records, wait for their answers, and return whether every one is settled."""
    for record in records:
        window.post(record)
    window.link.flush()
    return all(window.await_receipt(record) for record in records)


def _convict(window: Window, record: PendingRecord) -> bool:
    """Refuse a record that the broker has refused when it was sent alone; return whether it has."""
    failure = record.ticket.answer(0) if record.ticket else None
    if not isinstance(failure, Failure) or failure.kind is not FailureKind.REFUSED:
        return False
    window.refuse(record, failure.error)
    window.link.close(window.link.timeout)
    return True
