"""The pipeline against a broker that freezes: what it has, and its topics, are not seen for a while."""

from __future__ import annotations

from unit.producers.kafka.test_pipeline import Answer, Broker, Link, Ticket, event, failure, results_of

from newsroom_producers.kafka.protocols import FailureKind, PendingRecord
from newsroom_producers.receipts import Refusal
from newsroom_schemas.errors import BrokerAwayError, UnknownTopicError


class AnswerLost(Broker):
    """A broker that appends a record whose answer is lost."""

    def append(self, record: PendingRecord) -> Answer:
        """Append, and let the answer be lost."""
        super().append(record)
        return failure(record, FailureKind.COLLATERAL)


class Blind(Link):
    """A link that is shown no topics by a broker that has taken something."""

    def post(self, record: PendingRecord) -> Ticket:
        """Hand over, while topics are seen."""
        if self.broker.log:
            raise UnknownTopicError("newsroom.articles", "127.0.0.1:9092")
        return super().post(record)


def test_a_record_that_may_be_in_the_log_is_never_refused_for_a_topic_that_is_not_seen() -> None:
    """Its tool must learn that the event may be there, or it would send the act again under another id."""
    (settled,) = results_of(Blind(AnswerLost()), [event(0)])
    assert isinstance(settled, Refusal)
    assert isinstance(settled.error, BrokerAwayError), settled.error
    assert settled.error.event_id == "000"
