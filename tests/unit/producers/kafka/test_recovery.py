"""The recovery after a refused record, when something else fails on the way to the culprit."""

from __future__ import annotations

from unit.producers.kafka.test_pipeline import (
    Answer,
    Broker,
    Link,
    Ticket,
    event,
    failure,
    firsts,
    refused,
    results_of,
    run,
)

from newsroom_producers.kafka.protocols import Failure, FailureKind, PendingRecord
from newsroom_producers.receipts import Receipt, Refusal
from newsroom_schemas.errors import BrokerAwayError, RecordRefusedError


class LosesOnce(Broker):
    """A broker that loses a record, once, when it comes alone."""

    lost = ""

    def take(self, batch: list[PendingRecord]) -> list[Answer]:
        """Lose it, or do as any broker."""
        if [record.event_id for record in batch] != [self.lost]:
            return super().take(batch)
        self.lost = ""
        return [failure(record, FailureKind.COLLATERAL) for record in batch]


def test_a_record_that_is_lost_in_front_of_the_culprit_is_sent_again_before_any_later_one_of_its_article() -> None:
    broker = Broker(refuses={"003"}, loses={"002"})
    assert refused(run(broker, [event(number, article="one") for number in range(8)])) == {"003": RecordRefusedError}
    assert firsts(broker.log) == [f"{number:03}" for number in range(8) if number != 3]


def test_a_suspect_that_is_lost_when_it_is_sent_alone_is_not_convicted_and_overtaken_by_none() -> None:
    broker = LosesOnce(refuses={"003"})
    broker.lost = "003"
    assert refused(run(broker, [event(number, article="one") for number in range(8)])) == {"003": RecordRefusedError}
    assert firsts(broker.log) == [f"{number:03}" for number in range(8) if number != 3]


def test_a_suspect_of_a_refused_batch_that_is_lost_when_it_is_sent_alone_is_not_taken_for_the_culprit() -> None:
    broker = Broker(refuses={"003"}, refuses_batches=True, loses={"000"})
    assert refused(run(broker, [event(number, article="one") for number in range(8)])) == {"003": RecordRefusedError}
    assert "000" in broker.log


class Once(Link):
    """A link that finds no broker any more when it connects anew."""

    def post(self, record: PendingRecord) -> Ticket:
        """Hand over to the first producer only."""
        if self.present is None and self.broker.links:
            raise self.away(None)
        return super().post(record)


def test_when_there_is_no_broker_for_the_recovery_each_record_is_said_to_be_in_the_log_perhaps() -> None:
    """All of them were sent before: the one that finds nobody, and those behind it that are not even tried."""
    results = list(results_of(Once(Broker(refuses={"003"})), [event(number) for number in range(8)]))
    errors = [each.error for each in results if isinstance(each, Refusal)]
    assert [each.event_id for each in errors if isinstance(each, BrokerAwayError)] == [f"{n:03}" for n in range(8)]


class LatestFirst(Link):
    """A link whose latest records fail first, as those do of a partition that the broker answers before the others."""

    def close(self, patience: float) -> list[tuple[PendingRecord, Failure]]:
        """Return what has failed in that order."""
        return super().close(patience)[::-1]


def test_refused_records_in_front_of_every_suspect_are_not_mistaken_for_an_absent_broker() -> None:
    broker = Broker(refuses={f"{number:03}" for number in range(20)})
    results = list(results_of(LatestFirst(broker), [event(number) for number in range(30)]))
    assert refused(results) == {f"{number:03}": RecordRefusedError for number in range(20)}
    assert firsts(broker.log) == [f"{number:03}" for number in range(20, 30)]


class Picky(Link):
    """A link whose client does not even take one of the records."""

    def post(self, record: PendingRecord) -> Ticket:
        """Refuse it, and hand over the others."""
        if record.event_id == "001":
            raise RecordRefusedError(record.topic, record.key.decode(), "too large")
        return super().post(record)


def test_a_record_that_the_client_does_not_take_is_the_only_one_with_an_error() -> None:
    broker = Broker()
    results = list(results_of(Picky(broker), [event(number) for number in range(4)]))
    assert refused(results) == {"001": RecordRefusedError}
    assert [each.event_id for each in results if isinstance(each, Receipt)] == broker.log == ["000", "002", "003"]
    assert broker.links == 1
