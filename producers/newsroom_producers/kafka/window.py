"""The window: the records of a stream that are in flight, in order, until the result of each is known and handed on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from newsroom_producers.kafka.protocols import Link, PendingRecord
from newsroom_producers.receipts import Receipt, Refusal, SendResult
from newsroom_schemas.errors import BrokerAwayError, ForbiddenTopicError, NewsroomError, UnknownTopicError

MAX_RECORDS = 5_000
"""Records in flight: enough to fill the next batch of every partition, and few enough to send again."""

MAX_BYTES = 16 * 1024 * 1024
"""Bytes in flight, which bounds the memory of an endless stream."""


class Window:
    """Records in flight over a link. Every record is posted and settled here, and here only."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.idle_rounds = 0
        """Recoveries begun since a record was last settled."""
        self._items: deque[PendingRecord | Refusal] = deque()
        self._bytes = 0
        self._closed_topics: dict[str, NewsroomError] = {}
        self._is_away = False

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: PendingRecord | Refusal) -> None:
        """Append an item; a record is posted at once."""
        self._items.append(item)
        if isinstance(item, PendingRecord):
            self._bytes += item.size
            self.post(item)

    def is_full(self) -> bool:
        """Return whether no more records may be in flight."""
        return len(self._items) >= MAX_RECORDS or self._bytes >= MAX_BYTES

    def is_first_known(self) -> bool:
        """Return whether `await_first`, or a recovery, need not wait."""
        first = self._items[0]
        if isinstance(first, Refusal) or first.result:
            return True
        return first.ticket is None or first.ticket.answer(0) is not None

    def await_first(self) -> SendResult | None:
        """Return the result of the first item, waiting until its deadline; ``None`` when it has to be recovered."""
        first = self._items[0]
        if isinstance(first, Refusal):
            return first
        self.await_receipt(first)
        return first.result

    def remove_first(self) -> None:
        """Remove the first item."""
        first = self._items.popleft()
        if isinstance(first, PendingRecord):
            self._bytes -= first.size

    def post(self, record: PendingRecord) -> None:
        """Hand a record to the link, or refuse it where nothing can be sent any more."""
        if record.result:
            return
        if self._is_away:
            self.refuse(record, self.link.away(None))
        elif error := self._closed_topics.get(record.topic):
            self._refuse_unsent(record, error)
        else:
            record.deadline = time.monotonic() + self.link.timeout
            try:
                record.ticket = self.link.post(record)
                record.is_sent = True
            except BrokerAwayError:
                self.give_up()
            except (ForbiddenTopicError, UnknownTopicError) as error:
                self._closed_topics[record.topic] = error
                self._refuse_unsent(record, error)
            except NewsroomError as error:
                self._refuse_unsent(record, error)

    def await_receipt(self, record: PendingRecord) -> bool:
        """Wait for a record's answer until its deadline, and return whether the record is settled then."""
        if record.result is None and record.ticket is not None:
            answer = record.ticket.answer(max(0.0, record.deadline - time.monotonic()))
            if isinstance(answer, Receipt):
                self._settle(record, answer)
        return record.result is not None

    def records(self) -> list[PendingRecord]:
        """Return the records of the window, in order."""
        return [item for item in self._items if isinstance(item, PendingRecord)]

    def unsettled(self) -> list[PendingRecord]:
        """Return the records without a result, in order."""
        return [record for record in self.records() if record.result is None]

    def is_overdue(self) -> bool:
        """Return whether any record has waited for its answer until its deadline, in vain."""
        now = time.monotonic()
        tickets = (record.ticket for record in self.unsettled() if record.deadline <= now)
        return any(ticket and ticket.answer(0) is None for ticket in tickets)

    def keep_receipts(self) -> None:
        """Settle every record that was acknowledged."""
        for record in self.unsettled():
            if record.ticket and isinstance(answer := record.ticket.answer(0), Receipt):
                self._settle(record, answer)

    def close_topics(self, errors: Mapping[str, NewsroomError]) -> None:
        """Refuse every record, now and later, of topics to which this client may not write."""
        self._closed_topics.update(errors)
        for record in self.unsettled():
            if error := self._closed_topics.get(record.topic):
                self.refuse(record, error)

    def give_up(self) -> None:
        """Settle everything because the broker is away: nothing more is sent in this stream."""
        self._is_away = True
        self.link.close(0)
        self.keep_receipts()
        for record in self.unsettled():
            self.refuse(record, self.link.away(record.event_id if record.is_sent else None))

    def refuse(self, record: PendingRecord, error: NewsroomError) -> None:
        """Settle a record with an error."""
        self._settle(record, Refusal(event_id=record.event_id, error=error))

    def _refuse_unsent(self, record: PendingRecord, error: NewsroomError) -> None:
        """Refuse a record that is not sent now; one that went over an earlier link may be in the log all the same."""
        self.refuse(record, self.link.away(record.event_id) if record.is_sent else error)

    def _settle(self, record: PendingRecord, result: SendResult) -> None:
        record.result = result
        self.idle_rounds = 0
